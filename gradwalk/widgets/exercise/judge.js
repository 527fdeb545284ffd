// An answer's numbers against what is right, and against every known mistake, as exercises/judging.py has it.

/** @import { Mistake, Verdict } from "./types" */
/** @import { Tensor } from "../engine/tensor.js" */

import { each, zeros } from "../engine/tensor.js";
import { sameShape, shortest } from "./words.js";

/**
 * @typedef {{entry: (Mistake & object) | null, turn: string, sums: number[][], whole?: Tensor[]}} Candidate a mistake, or
 *   with no entry what is right, as it is or transposed; case by case the sums that tell it from others, or all of it
 * @typedef {{results: Tensor[], rights: Tensor[], mistakes: Candidate[], factors: [name: string, of: number[]][], plain: number}} Asked
 */

const CLOSE = 1e-6, CLOSE_SINGLE = 1e-4;
const ROUNDED = 6e-8; // of a sum: what the eight digits, in which it was sent, may have lost
const MOST = CLOSE / Number.EPSILON; // what is larger has no digits left to be near by
const ROOTS = [2, 3].map(Math.sqrt);

/** @type {(scale: Tensor) => (k: number) => number} cases.row_sizes: by what the row of an entry is measured */
function rowSizes({ shape, data }) {
  const wide = shape.at(-1) ?? 1;
  const rows = Array.from({ length: data.length / wide }, (_, row) => largest(data.subarray(row * wide, (row + 1) * wide)));
  const all = Math.max(...rows);
  return (k) => Math.max(rows[Math.floor(k / wide)], 1e-3 * all) || 1;
}

/** @type {(one: Tensor, other: Tensor, scale?: Tensor) => Tensor} cases.gaps: relative to a row's largest */
export function gaps(one, other, scale = other) {
  const size = rowSizes(scale);
  return each(one, (k) => {
    const x = one.data[k], y = other.data[k];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
    const apart = Math.abs(x - y) / size(k);
    return Number.isNaN(apart) ? Infinity : apart;
  });
}

/** @type {(array: Tensor, right: Tensor) => number[]} page_check.sums, all four */
function sums({ data }, right) {
  const size = rowSizes(right), made = [0, 0, 0, 0];
  data.forEach((x, k) => {
    const [one, other] = ROOTS.map((root) => (root * (k + 1)) % 1).map((turn) => (turn < 0.5 ? turn + 0.5 : -turn));
    if (Number.isFinite(x)) {
      made[0] += one * x / size(k);
      made[1] += other * x / size(k);
    } else if (Number.isNaN(x)) made[3] += one;
    else made[2] += Math.sign(x) * one;
  });
  return made;
}

/** @type {(numbers: Float64Array) => number} of those that are finite */
const largest = (numbers) => numbers.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);

/** @type {(tensor: Tensor) => Tensor} the last two axes exchanged */
export function transposed({ shape, data }) {
  const [rows, columns] = shape.slice(-2), made = zeros(...shape.slice(0, -2), columns, rows);
  for (let k = 0; k < data.length; k++) {
    const row = Math.floor(k / columns) % rows, start = k - (k % (rows * columns));
    made.data[start + (k % columns) * rows + row] = data[k];
  }
  return made;
}

/** @type {(asked: Asked) => Verdict} */
export function judge(asked) {
  const all = asked.results.map((_, k) => k), verdict = judged(asked, all, CLOSE);
  if (verdict.passed || named(verdict)) return verdict;
  const plain = judged(asked, all.slice(-asked.plain), CLOSE_SINGLE); // so that an eps does not count there
  return { ...plain, passed: false, plain: plain.passed || named(plain) !== null };
}

/** @type {(verdict: Verdict) => string | null} the mistake's name */
export const named = ({ entry, change }) => [entry?.name, change].filter(Boolean).join(", ") || null;

/** @type {(asked: Asked, cases: number[], close: number) => Verdict} */
function judged({ results, rights, mistakes, factors }, cases, close) {
  const given = cases.map((k) => sums(results[k], rights[k])), right = turned(rights);
  /** @type {(one: Candidate, by?: number[]) => boolean} */
  const equal = ({ sums, whole }, by = cases.map(() => 1)) => cases.every((k, at) => {
    if (whole) return gaps(results[k], each(whole[k], (n) => by[at] * whole[k].data[n]), rights[k]).data.every((gap) => gap <= close);
    const [one, other, infinite = 0, none = 0] = sums[k], sign = Math.sign(by[at]) || 1;
    return [by[at] * one, by[at] * other, sign * infinite, none].every((sum, n) => Math.abs(sum) < MOST &&
      Math.abs(given[at][n] - sum) <= close * Math.sqrt(results[k].data.length) + 2 * ROUNDED * Math.abs(sum));
  });
  if (equal(right[0])) return { passed: true, entry: null, change: "", plain: false };
  const known = mistakes.find((one) => !one.turn && equal(one));
  if (known) return { passed: false, entry: known.entry, change: "", plain: false };
  const found = [...mistakes, ...right].flatMap((one) => {
    const { entry, turn } = one, by = cases.map((k, at) => factor(given[at], one.sums[k]));
    if (!equal(one, by)) return [];
    const words = factorInWords(by, cases, factors);
    return entry && words === "times a factor" ? [] : [{ entry, change: [turn, words].filter(Boolean) }];
  });
  if (!found.length) return { passed: false, entry: null, change: "", plain: false };
  /** @type {(one: typeof found[number]) => number} */
  const count = ({ entry, change }) => change.length + Number(entry !== null);
  const { entry, change } = found.reduce((best, one) => (count(one) < count(best) ? one : best)); // the fewest at once
  return { passed: false, entry, change: change.join(", "), plain: false };
}

/** @type {(rights: Tensor[]) => Candidate[]} as they are and, where it has the same shape, transposed */
function turned(rights) {
  /** @type {[turn: string, way: Tensor[]][]} */
  const ways = [["", rights], ...(rights[0].shape.length > 1 ? [/** @type {[string, Tensor[]]} */ (["transposed", rights.map(transposed)])] : [])];
  return ways.filter(([, way]) => way.every((array, k) => sameShape(array, rights[k])))
    .map(([turn, way]) => ({ entry: null, turn, sums: way.map((array, k) => sums(array, rights[k])), whole: way }));
}

/** @type {(result: number[], made: number[]) => number} the one that fits their sums best; 0 where there is none */
const factor = (result, made) => (result[0] * made[0] + result[1] * made[1]) / (made[0] ** 2 + made[1] ** 2) || 0;

/** @type {(factors: number[], on: number[], known: [name: string, of: number[]][]) => string} one that has a name; empty for 1 */
function factorInWords(factors, on, known) {
  const sign = factors.every((x) => x < 0) ? "with the other sign" : "", sizes = factors.map(Math.abs);
  /** @type {(sought: number[]) => boolean} */
  const close = (sought) => sizes.every((size, k) => Math.abs(size - sought[k]) <= 1e-8 + 1e-4 * Math.abs(sought[k]));
  const words = new Map([["", sizes.map(() => 1)]]);
  for (const [name, of] of known) {
    words.set(`times ${name}`, on.map((k) => of[k]));
    words.set(`times 1/${name.includes("/") ? `(${name})` : name}`, on.map((k) => 1 / of[k]));
  }
  if (close(sizes.map(() => sizes[0]))) words.set(`times ${shortest(sizes[0])}`, sizes);
  words.set("times a factor", sizes);
  const [size] = [...words].find(([, sought]) => close(sought)) ?? [""];
  return [sign, size].filter(Boolean).join(", ");
}
