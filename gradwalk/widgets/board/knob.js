// One knob: a hand, the arc that it has been turned by, an arrow the way that helps, and the setting in words.

import { arc, ground, make, polar, put, say, shape, show } from "./elements.js";
import { round } from "./numbers.js";

const X = 32, Y = 32, R = 19;

/**
 * The outline of an arrow, as points: a thickness of its own would be style. From the tip to the right, and on around.
 * @type {(half: number, head: number, edge: number) => string} its half length and its head's, up is positive
 */
function arrowOf(half, head, edge) {
  const way = Math.sign(half), slant = edge * Math.SQRT1_2; // the head's arms go down by as much as they go aside
  const right = [
    [0, half + 2 * way * slant],
    [Math.abs(head) + slant, half - head + way * slant],
    [Math.abs(head) - slant, half - head - way * slant],
    [edge, half - way * (edge + 2 * slant)],
    [edge, -half],
  ];
  const left = right.slice(1).reverse().map(([aside, up]) => [-aside, up]);
  return [...right, ...left].map(([aside, up]) => `${round(68 + aside)} ${round(32 - up)}`).join(" ");
}

/**
 * @param {string} name
 * @param {number} range how far it may be turned to either side
 * @param {(setting: number) => number} angleOf in degrees from straight up
 * @param {number} start
 * @param {boolean} free whether it turns on past its range
 */
export function knob(name, range, angleOf, start, free) {
  const track = free
    ? shape("circle", { class: "gw-track", cx: X, cy: Y, r: R + 4 })
    : shape("polyline", { class: "gw-track", points: arc(X, Y, R + 4, angleOf(start - range), angleOf(start + range)) });
  const turnedArc = shape("polyline", { class: "gw-arc" });
  const from = angleOf(start);
  const home = shape("path", { class: "gw-home", d: `M${polar(X, Y, R + 2, from)}L${polar(X, Y, R + 6, from)}` });
  const hand = shape("polyline", { class: "gw-hand" });
  const arrow = shape("polygon", { class: "gw-arrow" });
  const unknown = shape("text", { class: "gw-unknown", x: 68, y: 37 }, "?");
  const value = make("div", { class: "gw-value" });
  const node = make("div", { class: "gw-knob", role: "slider", tabindex: -1, "aria-label": name,
      "aria-orientation": "vertical", "data-lm-suppress-shortcuts": "true" },
    shape("svg", { viewBox: "0 2 80 60", "aria-hidden": "true" }, ground(80, 60, 2),
      shape("circle", { class: "gw-ring", cx: X, cy: Y, r: R + 9 }), track, home, turnedArc,
      shape("circle", { class: "gw-face", cx: X, cy: Y, r: R }), hand, arrow, unknown),
    value);

  let drawn = "", pointed = "", spoken = ""; // most of a turn's frames change one knob, and some arrows

  return {
    node,
    /**
     * `end`: how far from the start the scale goes; `valuetext`: null leaves it as it was; `help`: −1 … 1, up is positive.
     * @param {{setting: number, end: number, valuetext: string | null, shown: string, selected: boolean, help: number,
     *   known: boolean, told: boolean}} at
     */
    draw({ setting, end, valuetext, shown, selected, help, known, told }) {
      spoken = valuetext ?? spoken;
      point(help, known, told);
      const now = [setting, end, spoken, shown, selected, known].join("\n");
      if (now === drawn) return;
      drawn = now;
      const angle = angleOf(setting);
      put(hand, "points", `${polar(X, Y, 5, angle)} ${polar(X, Y, R - 4, angle)}`);
      put(turnedArc, "points", Math.abs(angle - from) < 0.05 ? "" : arc(X, Y, R + 4, from, angle, 3));
      say(value, shown);
      put(node, "aria-valuemin", start - end);
      put(node, "aria-valuemax", start + end);
      put(node, "aria-valuenow", setting);
      put(node, "aria-valuetext", spoken);
      put(node, "tabindex", selected ? 0 : -1); // one stop for Tab, however many knobs
      node.classList.toggle("gw-selected", selected);
      show(unknown, !known);
    },
  };

  /** @type {(help: number, known: boolean, told: boolean) => void} */
  function point(help, known, told) {
    // The square root keeps the weak ones visible. Whole pixels: an arrow that has not grown is not redrawn.
    const size = Math.sqrt(Math.abs(help)), thick = Math.round(4 + 8 * size) / 4;
    const half = Math.round(3 + 10 * size), head = Math.round(2.5 + 3 * size);
    const shown = !known || !told ? "" : size < 0.01 ? "66.5 31.5 69.5 31.5 69.5 32.5 66.5 32.5"
      : arrowOf(Math.sign(help) * half, Math.sign(help) * head, thick / 2);
    if (pointed === shown) return;
    pointed = shown;
    put(arrow, "points", shown);
  }
}
