// One knob: a hand, the arc that it has been turned by, an arrow the way that helps, and the setting in words.

import { arc, make, polar, put, say, shape, show, style } from "./elements.js";
import { round } from "./numbers.js";

const X = 32, Y = 32, R = 19;

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
    : shape("path", { class: "gw-track", d: arc(X, Y, R + 4, angleOf(start - range), angleOf(start + range)) });
  const turnedArc = shape("path", { class: "gw-arc" });
  const from = angleOf(start);
  const home = shape("path", { class: "gw-home", d: `M${polar(X, Y, R + 2, from)}L${polar(X, Y, R + 6, from)}` });
  const hand = shape("line",
    { class: "gw-hand", style: `transform-origin: ${X}px ${Y}px`, x1: X, y1: Y - 5, x2: X, y2: Y - R + 4 });
  const arrow = shape("path", { class: "gw-arrow" });
  const unknown = shape("text", { class: "gw-unknown", x: 68, y: 37 }, "?");
  const value = make("div", { class: "gw-value" });
  const node = make("div", { class: "gw-knob", role: "slider", tabindex: -1, "aria-label": name,
      "aria-orientation": "vertical", "data-lm-suppress-shortcuts": "true" },
    shape("svg", { viewBox: "0 2 80 60", "aria-hidden": "true" },
      shape("circle", { class: "gw-ring", cx: X, cy: Y, r: R + 9 }), track, home, turnedArc,
      shape("circle", { class: "gw-face", cx: X, cy: Y, r: R }), hand, arrow, unknown),
    value);

  return {
    node,
    /**
     * `end`: how far from the start the scale goes; `help`: −1 … 1, up is positive.
     * @param {{setting: number, end: number, valuetext: string, shown: string, selected: boolean, help: number,
     *   known: boolean, told: boolean}} at
     */
    draw({ setting, end, valuetext, shown, selected, help, known, told }) {
      const angle = angleOf(setting);
      style(hand, "transform", `rotate(${round(angle)}deg)`);
      put(turnedArc, "d", Math.abs(angle - from) < 0.05 ? "" : arc(X, Y, R + 4, from, angle, 3));
      say(value, shown);
      put(node, "aria-valuemin", start - end);
      put(node, "aria-valuemax", start + end);
      put(node, "aria-valuenow", setting);
      put(node, "aria-valuetext", valuetext);
      put(node, "tabindex", selected ? 0 : -1); // one stop for Tab, however many knobs
      node.classList.toggle("gw-selected", selected);
      show(unknown, !known);
      // The square root keeps the weak ones visible. Whole pixels: an arrow that has not grown is not redrawn.
      const size = Math.sqrt(Math.abs(help)), way = Math.sign(help);
      const half = Math.round(3 + 10 * size), head = Math.round(2.5 + 3 * size);
      put(arrow, "stroke-width", Math.round(4 + 8 * size) / 4);
      put(arrow, "d", !known || !told ? "" : size < 0.01 ? "M67 32h2"
        : `M68 ${32 + way * half}V${32 - way * half}` + // the shaft from tail to tip, then the head
          `m${-head} ${way * head}l${head} ${-way * head}l${head} ${way * head}`);
    },
  };
}
