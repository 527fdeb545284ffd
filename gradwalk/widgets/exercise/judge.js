// An answer's numbers against what is right, and against every known mistake, as exercises/judging.py has it.

/** @import { Mistake, Verdict } from "./types" */
/** @import { Tensor } from "../engine/tensor.js" */

import { each, zeros } from "../engine/tensor.js";
import { sameShape, shortest } from "./words.js";

/**
 * @typedef {{entry: (Mistake & object) | null, made: Tensor[], on: number[]}} Candidate what is right, or a mistake, and
 *   of which cases it is told
 * @typedef {{results: Tensor[], rights: Tensor[], mistakes: Candidate[], factors: [name: string, of: number[]][], plain: number}} Asked
 */

const CLOSE = 1e-6, CLOSE_SINGLE = 1e-4;
const SINGLE = 6e-8; // of a number: what float32, in which it was sent, may have lost

/** @type {(one: Tensor, right: Tensor, scale?: Tensor, lost?: number) => Tensor} cases.gaps: relative to a row's largest */
export function gaps(one, right, scale = right, lost = 0) {
  const wide = scale.shape.at(-1) ?? 1, rows = Array.from({ length: scale.data.length / wide }, (_, row) =>
    largest(scale.data.subarray(row * wide, (row + 1) * wide))), all = Math.max(...rows);
  return each(one, (k) => {
    const x = one.data[k], y = right.data[k];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
    const apart = Math.max(0, Math.abs(x - y) - lost * Math.abs(y)) / (Math.max(rows[Math.floor(k / wide)], 1e-3 * all) || 1);
    return Number.isNaN(apart) ? Infinity : apart;
  });
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
  /** @type {(made: Tensor[], on: number[], lost?: number) => boolean} */
  const equal = (made, on, lost = SINGLE) => on.every((k, at) => sameShape(made[at], results[k]) &&
    gaps(results[k], made[at], rights[k], lost).data.every((gap) => gap <= close));
  /** @type {(one: Candidate) => Candidate} what is told of these cases */
  const here = ({ entry, made, on }) => {
    const kept = on.flatMap((k, at) => (cases.includes(k) ? [at] : []));
    return { entry, made: kept.map((at) => made[at]), on: kept.map((at) => on[at]) };
  };
  const right = here({ entry: null, made: rights, on: rights.map((_, k) => k) }), known = mistakes.map(here);
  if (equal(right.made, right.on)) return { passed: true, entry: null, change: "", plain: false };
  const whole = known.find(({ made, on }) => equal(made, on));
  if (whole) return { passed: false, entry: whole.entry, change: "", plain: false };
  const found = [...known, right].flatMap(({ entry, made, on }) => turned(made).flatMap(([turn, arrays]) => {
    const by = arrays.map((array, at) => factor(results[on[at]], array));
    const fitted = arrays.map((array, at) => each(array, (k) => by[at] * array.data[k]));
    if (!equal(fitted, on, 2 * SINGLE)) return []; // the factor was found of what was sent
    const words = factorInWords(by, on, factors);
    return entry && words === "times a factor" ? [] : [{ entry, change: [turn, words].filter(Boolean) }];
  }));
  if (!found.length) return { passed: false, entry: null, change: "", plain: false };
  /** @type {(one: typeof found[number]) => number} */
  const count = ({ entry, change }) => change.length + Number(entry !== null);
  const { entry, change } = found.reduce((best, one) => (count(one) < count(best) ? one : best)); // the fewest at once
  return { passed: false, entry, change: change.join(", "), plain: false };
}

/**
 * As they are, and transposed. No index formula keeps an axis of length 1.
 * @type {(made: Tensor[]) => [turn: string, arrays: Tensor[]][]}
 */
const turned = (made) => (made[0].shape.length > 1 ? [["", made], ["transposed", made.map(transposed)]] : [["", made]]);

/** @type {(result: Tensor, array: Tensor) => number} the one that fits best; 0 where there is none */
function factor(result, array) {
  if (!sameShape(result, array)) return 0;
  let product = 0, square = 0;
  array.data.forEach((x, k) => {
    if (!Number.isFinite(x) || !Number.isFinite(result.data[k])) return;
    product += x * result.data[k];
    square += x * x;
  });
  return square ? product / square : 0;
}

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
