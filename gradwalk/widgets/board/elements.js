// Small helpers for what is on the page. What has not changed is not written: a turn lays out nothing else. What moves in
// a picture is a line or a polyline: their points are no style, as a path's d or a circle's cx is: nothing is styled anew.

import { round, within } from "./numbers.js";

const MOST_LAPS = 20;

/** @typedef {Record<string, string | number>} Attributes */

/**
 * An HTML element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} Kind
 * @param {Kind} node
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** @type {(node: Element, name: string, value: string | number) => void} */
export function put(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** @type {(node: HTMLElement | SVGElement, name: "display" | "width", value: string) => void} */
export function style(node, name, value) {
  if (node.style[name] !== value) node.style[name] = value;
}

/** @type {(node: HTMLElement | SVGElement, seen: boolean) => void} */
export function show(node, seen) {
  style(node, "display", seen ? "" : "none");
}

/** @type {(node: Node, words: string) => void} in the text that is there: another text node would be styled anew */
export function say(node, words) {
  if (node.textContent === words) return;
  if (node.childNodes.length === 1 && node.firstChild instanceof Text) node.firstChild.data = words;
  else node.textContent = words;
}

/** @type {(width: number, height: number, y?: number) => SVGElement} what a picture stands on: as large however it changes */
export const ground = (width, height, y = 0) => shape("rect", { class: "gw-ground", width, height, y });

/** @type {(x: number, y: number, radius: number, degrees: number) => string} */
export function polar(x, y, radius, degrees) {
  const a = (degrees * Math.PI) / 180;
  return `${round(x + radius * Math.sin(a))} ${round(y - radius * Math.cos(a))}`;
}

/**
 * A polyline's points, from one angle to another along the rim; past a full turn it spirals outward, so that the laps can
 * be counted, as far as anybody would.
 * @type {(x: number, y: number, radius: number, from: number, end: number, growth?: number) => string}
 */
export function arc(x, y, radius, from, end, growth = 0) {
  const to = from + within(end - from, MOST_LAPS * 360);
  const steps = Math.max(1, Math.ceil(Math.abs(to - from) / 6));
  const point = (/** @type {number} */ part) =>
    polar(x, y, radius + (growth * Math.abs(to - from) * part) / 360, from + (to - from) * part);
  return Array.from({ length: steps + 1 }, (_, s) => point(s / steps)).join(" ");
}
