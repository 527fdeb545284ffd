// The page's tape: the lines of block.py, as Python sends them (widgets/tape.py), walked out and back. Back is a loop
// over pullbacks and no derivation; the tests hold it to the walk back that is derived by hand, in walk.py.

/** @import { Tensor } from "./tensor.js" */

import { FUNCTIONS } from "./functions.js";
import { add } from "./tensor.js";

/** @typedef {[value: string, function_: string, takes: string[]]} Line what it makes, by which function, of what */
/** @typedef {Record<string, any>} Known weights and values (each a Tensor) and settings, by name */
/** @typedef {{shape: number[], dtype: "float64" | "float32", base64: string}} Packed an array as Python sends it */

/** @type {(packed: Packed) => Tensor} */
export function unpacked({ shape, dtype, base64 }) {
  const { buffer } = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return { shape, data: dtype === "float32" ? Float64Array.from(new Float32Array(buffer)) : new Float64Array(buffer) };
}

/** @type {(tensor: Tensor) => Packed} the same back: every bit, as Python reads it */
export function packed({ shape, data }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength), letters = [];
  for (let k = 0; k < bytes.length; k += 2 ** 14) letters.push(String.fromCharCode(...bytes.subarray(k, k + 2 ** 14)));
  return { shape, dtype: "float64", base64: btoa(letters.join("")) };
}

// Can the page walk these lines, out and back? If not, whoever asks has to ask Python.
/** @type {(lines: Line[]) => boolean} */
export const knows = (lines) => lines.every(([, name]) => Object.hasOwn(FUNCTIONS, name));

/**
 * The lines that hear of it when one of `from` changes, weights or values; with `to`, those alone of which that value
 * is made. So a walk can begin where something was turned, and end where somebody looks.
 * @type {(lines: Line[], from: string[], to?: string) => Line[]}
 */
export function road(lines, from, to) {
  const heard = new Set(from), wanted = new Set([to]);
  const after = lines.filter(([value, , takes]) => takes.some((name) => heard.has(name)) && heard.add(value));
  for (const [value, , takes] of [...lines].reverse()) if (wanted.has(value)) takes.forEach((name) => wanted.add(name));
  return to ? after.filter(([value]) => wanted.has(value)) : after;
}

/**
 * The same loss by its scored positions alone, from where no position looks at another any more: of the others it is not
 * made. From there on the lines take and make `scored_x1`, some rows of x1.
 * @type {(lines: Line[]) => Line[]}
 */
export function scoredAlone(lines) {
  const start = 1 + lines.findLastIndex(([, name]) => name === "blend"), after = lines.slice(start);
  const some = (/** @type {string} */ name) => name.replace(/[^.]+$/, "scored_$&");
  const all = lines.slice(0, start).map(([value]) => value), own = ["y", ...all, ...after.map(([value]) => value)];
  return [
    ...lines.slice(0, start),
    ...all.filter((value) => after.some(([, , takes]) => takes.includes(value)))
      .map((value) => /** @type {Line} */ ([some(value), "rows", [value, "scored"]])),
    ...after.map(([value, name, takes]) => /** @type {Line} */ (
      [value === "L" ? value : some(value), name, takes.map((taken) => (own.includes(taken) ? some(taken) : taken))])),
  ];
}

/**
 * Walk these lines: each takes what is known by name, and what it makes is known from then on. Returns `known`.
 * @type {(lines: Line[], known: Known) => Known}
 */
export function walk(lines, known) {
  for (const [value, name, takes] of lines) known[value] = FUNCTIONS[name].out(...takes.map((taken) => known[taken]));
  return known;
}

// What the slope in a weight or value is called: blocks.1.dL_dx1.
/** @type {(name: string) => string} */
export function slopeIn(name) {
  const own = name.lastIndexOf(".") + 1;
  return `${name.slice(0, own)}dL_d${name.slice(own)}`;
}

/**
 * Walk these lines back from one number: its slope in every weight and value that it is made of, `dL_dW1`. What is used
 * by several lines has a share by each of them too, `dL_dx1_via_h`, and the bare name is their sum. With `from`, the
 * lines are the road from there to L, and a slope in what does not hear of it is not worked out.
 * @type {(lines: Line[], known: Known, from?: string[]) => Record<string, Tensor>}
 */
export function back(lines, known, from) {
  const hear = from && new Set([...from, ...lines.map(([value]) => value)]);
  /** @type {Map<string, [value: string, share: Tensor][]>} */
  const arrived = new Map([["L", [["L", { shape: [], data: Float64Array.of(1) }]]]]);
  /** @type {Record<string, Tensor>} */
  const slopes = {};

  /** @type {(name: string) => Tensor | undefined} */
  const sum = (name) => {
    const roads = arrived.get(name), slope = slopeIn(name);
    if (!roads) return undefined;
    if (roads.length > 1) for (const [value, share] of roads) slopes[`${slope}_via_${value.split(".").at(-1)}`] = share;
    return slopes[slope] = roads.map(([, share]) => share).reduce(add);
  };

  for (let k = lines.length - 1; k >= 0; k--) {
    const [value, name, takes] = lines[k], slope = sum(value);
    if (!slope) continue; // p: the loss is not made of it
    arrived.delete(value);
    const wanted = takes.map((taken) => !hear || hear.has(taken));
    FUNCTIONS[name].back(slope, takes.map((taken) => known[taken]), known[value], wanted).forEach((share, place) => {
      if (share && wanted[place]) arrived.set(takes[place], [...(arrived.get(takes[place]) ?? []), [value, share]]);
    });
  }
  for (const name of arrived.keys()) sum(name);
  return slopes;
}
