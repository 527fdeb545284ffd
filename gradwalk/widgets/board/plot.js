// The curve of the loss against one dial, with its tangent.

/** @import { Curve } from "./types" */

import { ground, put, say, shape, show } from "./elements.js";
import { round, text, ticks } from "./numbers.js";

const WIDTH = 430, HEIGHT = 248, LEFT = 56, RIGHT = 12, TOP = 14, BOTTOM = 26;
const KEY = 180; // its width where its words are largest

/**
 * @typedef {{x0: number, x1: number, low: number, high: number, X(nudge: number): number,
 *   Y(loss: number): number}} Scale
 */

/**
 * Where a nudge and a loss lie in the picture, which has room for another curve's losses; a flat curve is drawn flat.
 * @type {(curve: Curve, floor: number, other?: number[]) => Scale}
 */
export function scaleOf({ nudges, losses }, floor, other = []) {
  const seen = [...losses, ...other].filter(Number.isFinite);
  let low = Math.min(...seen), high = Math.max(...seen);
  const spare = Math.max(0, floor - (high - low)) / 2 + 0.06 * Math.max(high - low, floor);
  low -= spare; high += spare;
  const x0 = nudges[0], x1 = nudges[nudges.length - 1];
  return {
    x0, x1, low, high,
    X: (v) => LEFT + ((v - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT),
    Y: (v) => TOP + ((high - v) / (high - low)) * (HEIGHT - TOP - BOTTOM),
  };
}

/** @type {(scale: Scale, start: number) => SVGElement[]} */
function axesOf({ x0, x1, low, high, X, Y }, start) {
  const across = ticks(start + x0, start + x1, 8), up = ticks(low, high, 5);
  /** @type {(x1: number, x2: number, y1: number, y2: number) => SVGElement} */
  const rule = (x1, x2, y1, y2) => shape("line", { x1: round(x1), x2: round(x2), y1: round(y1), y2: round(y2) });
  /** @type {(x: number, y: number, anchor: string, words: string) => SVGElement} */
  const word = (x, y, anchor, words) => shape("text", { x: round(x), y: round(y), "text-anchor": anchor }, words);
  return [
    word(LEFT - 8, TOP + 4, "end", "loss"),
    ...up.marks.filter((v) => Y(v) > TOP + 22).flatMap((v) => [
      rule(LEFT, WIDTH - RIGHT, Y(v), Y(v)),
      word(LEFT - 8, Y(v) + 4, "end", text(v, up.digits))]),
    ...across.marks.flatMap((v) => [
      rule(X(v - start), X(v - start), HEIGHT - BOTTOM, HEIGHT - BOTTOM + 5),
      word(X(v - start), HEIGHT - BOTTOM + 19, "middle", text(v, across.digits))]),
  ];
}

export function plot() {
  const axes = shape("g", { class: "gw-axes" });
  const curve = shape("path", { class: "gw-curve" });
  const tangent = shape("line", { class: "gw-tangent" });
  const kept = shape("path", { class: "gw-kept" });
  const keptDot = shape("circle", { class: "gw-kept", r: 5 });
  const first = shape("circle", { class: "gw-first", r: 4 });
  const dot = shape("g", { class: "gw-dot" }, shape("polyline"), shape("polyline")); // a rim, and on it the point
  const key = shape("g", { class: "gw-key" },
    shape("line", { class: "gw-tangent", x1: WIDTH - RIGHT - KEY, x2: WIDTH - RIGHT - KEY + 30, y1: TOP + 9, y2: TOP + 9 }),
    shape("text", { x: WIDTH - RIGHT - KEY + 38, y: TOP + 13 }, "slope, the gradient"));
  const keptKey = shape("g", { class: "gw-key" },
    shape("path", { class: "gw-kept", d: `M${WIDTH - RIGHT - KEY} ${TOP + 27}h30` }),
    shape("text", { x: WIDTH - RIGHT - KEY + 38, y: TOP + 31 }));
  const node = shape("svg", { class: "gw-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "" },
    ground(WIDTH, HEIGHT), axes, kept, curve, tangent, keptDot, first, dot, key, keptKey);
  /** @type {{losses?: number[], other?: number[], x0?: number, start?: number}} */
  let drawn = {}; // the axes are only redrawn when the numbers on them change

  /** @type {(curve: Curve, scale: Scale) => string} as far as the curve has come */
  const pathOf = ({ nudges, losses }, { X, Y }) => "M" + nudges.flatMap((v, k) =>
    (Number.isFinite(losses[k]) ? [`${round(X(v))} ${round(Y(losses[k]))}`] : [])).join("L");

  /** @type {(response: Curve, other: Curve | undefined, scale: Scale, start: number) => void} */
  function drawCurve(response, other, scale, start) {
    const { losses, whole } = response;
    if (drawn.losses === losses && drawn.other === other?.losses && drawn.x0 === scale.x0 && drawn.start === start) return;
    drawn = { losses, other: other?.losses, x0: scale.x0, start };
    axes.replaceChildren(...axesOf(scale, start));
    put(curve, "d", pathOf(response, scale));
    curve.classList.toggle("gw-growing", !whole);
    put(kept, "d", other ? pathOf(other, scale) : "");
    const middle = losses[(losses.length - 1) / 2];
    show(first, Number.isFinite(middle)); // a curve that grows has it among its first points
    if (!Number.isFinite(middle)) return;
    put(first, "cx", round(scale.X(0)));
    put(first, "cy", round(scale.Y(middle)));
  }

  /** @type {(scale: Scale, nudge: number, loss: number | null, slope: number | null) => void} */
  function drawPoint({ x0, x1, low, high, X, Y }, nudge, loss, slope) {
    show(dot, loss !== null && Number.isFinite(loss));
    if (loss === null || slope === null) show(tangent, false);
    if (loss === null) return;
    const here = `${round(X(nudge))} ${round(Y(loss))}`;
    for (const disc of dot.children) put(disc, "points", `${here} ${here}`); // its ends alone, which are round
    if (slope === null) return;
    // No further than the picture. A clip path around what moves has the browser sort the layers of the page anew.
    const span = 0.34 * (x1 - x0), [down, up] = [loss - low, high - loss].map((room) => room / Math.abs(slope));
    const left = Math.min(span, nudge - x0, slope > 0 ? down : up);
    const right = Math.min(span, x1 - nudge, slope > 0 ? up : down);
    show(tangent, left + right > 0); // or it does not come by here
    put(tangent, "x1", round(X(nudge - left)));
    put(tangent, "y1", round(Y(loss - slope * left)));
    put(tangent, "x2", round(X(nudge + right)));
    put(tangent, "y2", round(Y(loss + slope * right)));
  }

  return {
    node,
    /**
     * `response`: null hides it; `floor`: the least height, in loss; `kept`: another setting to compare with.
     * @param {{label: string, response: Curve | null, start: number, nudge: number, loss: number | null,
     *   slope: number | null, floor: number,
     *   kept: {curve: Curve, loss: number | null, nudge: number, words: string} | null}} at
     */
    draw({ label, response, start, nudge, loss, slope, floor, kept: other }) {
      put(node, "aria-label", label);
      node.classList.toggle("gw-hidden", !response);
      const there = response?.losses.some(Number.isFinite) ?? false;
      for (const part of [curve, tangent, first, dot, key]) show(part, there);
      for (const part of [kept, keptDot, keptKey]) show(part, there && other !== null);
      if (!response || !there) { axes.replaceChildren(); drawn = {}; return; }
      const scale = scaleOf(response, floor, other?.curve.losses), { losses } = response;
      // on the side where the curve is low
      const aside = losses[losses.length - 1] > losses[0] ? `translate(${LEFT + 12 + KEY - WIDTH + RIGHT} 0)` : "";
      for (const part of [key, keptKey]) put(part, "transform", aside);
      drawCurve(response, other?.curve, scale, start);
      if (other && other.loss !== null && Number.isFinite(other.loss)) {
        put(keptDot, "cx", round(scale.X(other.nudge)));
        put(keptDot, "cy", round(scale.Y(other.loss)));
        say(keptKey.children[1], other.words);
      }
      drawPoint(scale, nudge, loss, slope);
    },
  };
}
