// The curve of the loss against one dial, with its tangent.

/** @import { Curve } from "./types" */

import { ground, put, say, shape, show } from "./elements.js";
import { round, text, ticks } from "./numbers.js";

const WIDTH = 430, HEIGHT = 248, LEFT = 56, RIGHT = 12, TOP = 14, BOTTOM = 26;
const KEY = 180, LINE = 18; // the key's width where its words are largest, and a line's height

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

/** @type {(curve: Curve, scale: Scale) => number[][]} as far as the curve has come */
const pointsOf = ({ nudges, losses }, { X, Y }) => nudges.flatMap((v, k) =>
  (Number.isFinite(losses[k]) ? [[round(X(v)), round(Y(losses[k]))]] : []));

/**
 * Where the key hides least of the curves: at the upper rim if it can, and on the side where the curve is low.
 * @type {(points: number[][], rising: boolean, lines: number) => number[]} its left and its top
 */
function asideOf(points, rising, lines) {
  const tall = lines * LINE, [near, far] = [LEFT + 12, WIDTH - RIGHT - KEY], middle = (near + far) / 2;
  const hidden = (/** @type {number[]} */ [left, top]) => points.filter(([x, y]) =>
    Math.abs(x - left - KEY / 2) < KEY / 2 + 3 && Math.abs(y - top - tall / 2) < tall / 2 + 3).length;
  const low = HEIGHT - BOTTOM - tall - 4;
  const places = [0, 1, 0.5, 0.25, 0.75].flatMap((down) =>
    (rising ? [near, far, middle] : [far, near, middle]).map((left) => [left, TOP + down * (low - TOP)]));
  return places.reduce((best, place) => (hidden(place) < hidden(best) ? place : best));
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
  const [key, keptKey] = ["gw-tangent", "gw-kept"].map((kind) =>
    shape("g", { class: "gw-key" }, shape("line", { class: kind }), shape("text")));
  say(key.children[1], "slope, the gradient");
  const node = shape("svg", { class: "gw-plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "" },
    ground(WIDTH, HEIGHT), axes, kept, curve, tangent, key, keptKey, keptDot, first, dot);
  /** @type {{losses?: number[], other?: number[], x0?: number, start?: number}} */
  let drawn = {}; // the axes are only redrawn when the numbers on them change

  /** @type {(response: Curve, other: Curve | undefined, scale: Scale, start: number) => void} */
  function drawCurve(response, other, scale, start) {
    const { losses, whole } = response;
    if (drawn.losses === losses && drawn.other === other?.losses && drawn.x0 === scale.x0 && drawn.start === start) return;
    drawn = { losses, other: other?.losses, x0: scale.x0, start };
    const points = pointsOf(response, scale), others = other ? pointsOf(other, scale) : [];
    axes.replaceChildren(...axesOf(scale, start));
    put(curve, "d", `M${points.join("L")}`);
    curve.classList.toggle("gw-growing", !whole);
    put(kept, "d", other ? `M${others.join("L")}` : "");
    const [left, top] = asideOf([...points, ...others], losses[losses.length - 1] > losses[0], other ? 2 : 1);
    [key, keptKey].forEach(({ children: [line, words] }, k) => { // no transform: that is a layer of its own
      const y = top + k * LINE, at = { x1: left, x2: left + 30, y1: y + 9, y2: y + 9 };
      for (const [name, value] of Object.entries(at)) put(line, name, round(value));
      put(words, "x", round(left + 38));
      put(words, "y", round(y + 13));
    });
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
      const scale = scaleOf(response, floor, other?.curve.losses);
      drawCurve(response, other?.curve, scale, start);
      if (other) {
        say(keptKey.children[1], other.words);
        show(keptDot, other.loss !== null && Number.isFinite(other.loss));
        put(keptDot, "cx", round(scale.X(other.nudge)));
        put(keptDot, "cy", round(scale.Y(other.loss ?? 0)));
      }
      drawPoint(scale, nudge, loss, slope);
    },
  };
}
