// Numbers and lists in the words of a report, as Python writes them.

/** @import { Tensor } from "../engine/tensor.js" */

import { MINUS } from "../board/numbers.js";

/** @type {(one: Tensor, other: Tensor) => boolean} */
export const sameShape = (one, other) => one.shape.join() === other.shape.join();

/** @type {(x: number) => string} tables.number: 4 digits; of two as near the even one, as Python rounds */
export function number(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x < 0 ? `${MINUS}∞` : "∞";
  const size = Math.abs(x), half = size < 2 ** 40 && (size * 32) % 2 === 1;
  const text = size >= 1e21 ? `${BigInt(size)}.0000` : (half ? (2 * Math.round((size * 1e4) / 2)) / 1e4 : size).toFixed(4);
  return x < 0 && Number(text) ? MINUS + text : text;
}

/** @type {(x: number) => string} three digits that count, as Python's format ".3g" */
export function shortest(x) {
  const [digits, power] = x.toExponential(2).split("e"), ten = Number(power);
  if (ten < -4 || ten >= 3) return `${Number(digits)}e${ten < 0 ? "-" : "+"}${String(Math.abs(ten)).padStart(2, "0")}`;
  return String(Number(x.toPrecision(3)));
}

/** @type {(spots: number[]) => string} */
export const listed = (spots) => spots.slice(0, 6).join(", ") + (spots.length > 6 ? " …" : "");

/** @type {(tensor: Tensor, k: number) => number[]} which entry is the kth */
export function placeOf({ shape }, k) {
  return shape.reduceRight((/** @type {number[]} */ place, size) => {
    place.unshift(k % size);
    k = Math.floor(k / size);
    return place;
  }, []);
}
