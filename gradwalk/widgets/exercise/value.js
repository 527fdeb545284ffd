// A formula's value at every entry of the answer, as telling/formula.py has it.

/** @import { Given, Grammar, Part } from "./types" */
/** @import { Tensor } from "../engine/tensor.js" */

import { zeros } from "../engine/tensor.js";
import { Reader } from "./reader.js";

/** @typedef {Record<string, number>} At where each index letter stands */
/** @typedef {(at: At) => number} Value */

/** @type {Record<string, (x: number, other: number) => number>} */
const OPERATIONS = {
  minus: (x) => -x,
  fraction: (x, other) => x / other,
  power: (x, other) => (x === 1 || (x === -1 && Math.abs(other) === Infinity) ? 1 : x ** other), // as C has it
  exp: Math.exp, log: Math.log, sqrt: Math.sqrt, tanh: Math.tanh,
  "=": (x, other) => Number(x === other), "!=": (x, other) => Number(x !== other),
  ">": (x, other) => Number(x > other), ">=": (x, other) => Number(x >= other),
  "<": (x, other) => Number(x < other), "<=": (x, other) => Number(x <= other),
};

/** @type {(text: string, own: string, names: Given, grammar: Grammar) => {value: Tensor, used: Map<string, string>}} NotRead, with the place */
export function valueOf(text, own, names, grammar) {
  const reader = new Reader(text, own, names, grammar), of = compiled(reader.whole(), names, reader.sizes);
  const value = zeros(...[...own].map((letter) => reader.sizes[letter]));
  /** @type {At} */
  const at = {};
  let k = 0;
  everywhere([...own], reader.sizes, at, () => { value.data[k++] = of(at); });
  return { value, used: reader.used };
}

/** @type {(letters: string[], sizes: At, at: At, visit: () => void) => void} the last index runs fastest */
function everywhere([letter, ...others], sizes, at, visit) {
  if (letter === undefined) { visit(); return; }
  for (let k = 0; k < sizes[letter[0]]; k++) {
    at[letter] = k;
    everywhere(others, sizes, at, visit);
  }
}

/** @type {(part: Part, names: Given, sizes: At) => Value} */
function compiled({ kind, parts, name, letters }, names, sizes) {
  const [first, second, ...rest] = parts.map((one) => compiled(one, names, sizes));
  switch (kind) {
    case "number": { const number = Number(name); return () => number; }
    case "index": return (at) => at[letters[0]];
    case "quantity": return entry(names[name], letters, names);
    case "sum": return (at) => rest.reduce((all, one) => all + one(at), first(at) + second(at));
    case "product": return (at) => rest.reduce((all, one) => all * one(at), first(at) * second(at));
    case "total": return (at) => {
      let sum = 0;
      everywhere(letters, sizes, at, () => { sum += first(at); });
      return sum;
    };
  }
  const operation = OPERATIONS[name || kind];
  return second ? (at) => operation(first(at), second(at)) : (at) => operation(first(at), 0);
}

/** @type {(of: number | Tensor, letters: string[], names: Given) => Value} */
function entry(of, letters, names) {
  if (typeof of === "number") return () => of;
  const { shape, data } = of, y = /** @type {Tensor} */ (names.y).data, along = letters.map((letter) => index(letter, y));
  const [one, two, three] = along;
  if (shape.length === 1) return (at) => data[spot(one(at), shape[0])];
  if (shape.length === 2 && letters.length === 3) { // taken apart by heads
    const wide = shape[1] / Number(names.H);
    return (at) => data[two(at) * shape[1] + one(at) * wide + three(at)];
  }
  if (shape.length === 3 && letters.length === 2) { // heads side by side
    return (at) => data[(Math.floor(two(at) / shape[2]) * shape[1] + one(at)) * shape[2] + (two(at) % shape[2])];
  }
  return (at) => data[along.reduce((k, of, axis) => k * shape[axis] + spot(of(at), shape[axis]), 0)];
}

/** @type {(k: number, size: number) => number} −1, where nothing is scored, is the last for numpy */
const spot = (k, size) => (k < 0 ? k + size : k);

/** @type {(letter: string, y: Float64Array) => Value} */
function index(letter, y) {
  if (letter.startsWith("y_")) return (at) => y[at[letter.slice(2)]];
  const digits = Number(letter);
  return Number.isNaN(digits) ? (at) => at[letter] : () => digits;
}
