// Index letters as a learner chooses them, as exercises/letters.py has it: the axis where one stands tells which it is.

/** @import { Given } from "./types" */

export const LETTER = /[a-z]'*/g;
const INDEXED = /(?<name>[\p{L}\p{Nl}_][\p{L}\p{N}_]*)\[(?<inside>(?:[^\[\]]|y\[[^\[\]]*\])*)\]/gu;
const TOTAL = /(?:sum|mean)(?:_((?:[a-z]'*)+)|_?\s+([a-z]'*(?:[\s,]+[a-z]'*)*)\s*:)/g;
const ALONE = /\[\s*([a-z]'*)\s*(?=[=!<>])|=\s*([a-z]'*)\s*\]/g;
/** @type {(letter: string) => string} */
export const bare = (letter) => letter.replace(/'+$/, "");
/** @type {(text: string) => string[]} */
const lettersOf = (text) => text.match(LETTER) ?? [];

/** @type {(text: string, own: Map<string, number>, sizes: Record<string, number>, names: Given) => Map<string, string>} */
export function meant(text, own, sizes, names) {
  /** @type {Map<string, number>} */
  const along = new Map();
  const summed = new Set([...text.matchAll(TOTAL)].flatMap(([, below, beside]) => lettersOf(below ?? beside)));
  for (const { groups } of text.matchAll(INDEXED)) {
    const { name, inside } = /** @type {Record<string, string>} */ (groups), written = inside.split(",").map((one) => one.trim());
    axes(name, written.length, names).forEach((size, axis) => {
      if (axis < written.length && !along.has(written[axis])) along.set(written[axis], size);
    });
  }
  const alone = [...text.matchAll(ALONE)].flatMap(([, one, other]) => [one ?? "", other ?? ""]);
  const here = new Set(lettersOf([...along.keys(), ...summed, ...alone].join(" ")));
  const others = [...here].filter((letter) => !own.has(letter) && !Object.hasOwn(names, letter));
  /** @type {(letter: string) => number | undefined} */
  const sizeOf = (letter) => along.get(letter) ?? sizes[bare(letter)];
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const letter of others) {
    const size = sizeOf(letter);
    if (summed.has(letter)) {
      if (size === undefined || size === sizes[bare(letter)]) continue;
      const alike = Object.keys(sizes).filter((one) => sizes[one] === size), taken = [...own.keys(), ...here, ...found.values()];
      for (let primes = ""; !found.has(letter) && alike.length; primes += "'") {
        const one = alike.map((one) => one + primes).find((one) => !taken.includes(one));
        if (one) found.set(letter, one);
      }
      continue;
    }
    const left = [...own.keys()].filter((one) => !here.has(one) && (size === undefined || size === own.get(one)));
    const rivals = others.filter((one) => !summed.has(one) && sizeOf(one) === size);
    if (left.length === 1 && rivals.length === 1) found.set(letter, left[0]);
  }
  return found;
}

/** @type {(name: string, count: number, names: Given) => number[]} how long each axis is; heads may stand apart, or side by side */
export function axes(name, count, names) {
  const value = Object.hasOwn(names, name) ? names[name] : 0, H = Number(names.H);
  const shape = typeof value === "number" ? [] : value.shape;
  if (shape.length === 2 && count === 3) return [H, shape[0], Math.floor(shape[1] / H)];
  if (shape.length === 3 && count === 2) return [shape[1], shape[0] * shape[2]];
  return shape;
}
