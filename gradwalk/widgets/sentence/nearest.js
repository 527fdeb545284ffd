// The words that are spelled most like another, as Python's difflib has it, and a text as Python's repr has it.

/** @type {(text: string) => string[]} */
const letters = (text) => Array.from(text); // by code points, as Python counts them

// How alike a word is to another, from 0 to 1: twice the letters of the blocks that both have in one order, over all.
// The longest block comes first, then those before and after it, as in difflib.SequenceMatcher.
/** @type {(word: string[]) => (other: string[]) => number} */
function likeness(word) {
  /** @type {Map<string, number[]>} */
  const places = new Map();
  word.forEach((letter, j) => (places.get(letter) ?? places.set(letter, []).get(letter))?.push(j));
  if (word.length >= 200) { // difflib looks for no block at a letter that is more than a hundredth of a long word
    for (const [letter, js] of places) if (js.length > Math.floor(word.length / 100) + 1) places.delete(letter);
  }
  return (other) => {
    /** @type {(low: number, high: number, from: number, to: number) => number} */
    const matches = (low, high, from, to) => {
      let i = low, j = from, size = 0;
      let ends = new Map(); // how long a block ends at this letter of the word
      for (let at = low; at < high; at++) {
        const next = new Map();
        for (const k of places.get(other[at]) ?? []) {
          if (k < from || k >= to) continue;
          const long = (ends.get(k - 1) ?? 0) + 1;
          next.set(k, long);
          if (long > size) [i, j, size] = [at - long + 1, k - long + 1, long];
        }
        ends = next;
      }
      while (i > low && j > from && other[i - 1] === word[j - 1]) { i--; j--; size++; }
      while (i + size < high && j + size < to && other[i + size] === word[j + size]) size++;
      return size && size + matches(low, i, from, j) + matches(i + size, high, j + size, to);
    };
    const all = word.length + other.length;
    return all ? (2 * matches(0, other.length, 0, word.length)) / all : 1;
  };
}

/** @type {(one: string[], other: string[]) => number} by code points */
function order(one, other) {
  const k = one.findIndex((letter, at) => letter !== other[at]);
  if (k < 0) return one.length - other.length;
  return k < other.length ? (one[k].codePointAt(0) ?? 0) - (other[k].codePointAt(0) ?? 0) : 1;
}

/**
 * The n known words that are spelled most like this one, the closest first, at least so much alike, from 0 to 1; of words
 * as alike, the one in other capitals comes first, then the one of like length, then the one that begins alike.
 * @type {(word: string, known: string[], n?: number, alike?: number) => string[]}
 */
export function nearest(word, known, n = 3, alike = 0) {
  const own = letters(word), like = likeness(own);
  const told = known.map((name) => {
    const other = letters(name);
    const capitals = Number(name.toLowerCase() !== word.toLowerCase());
    return { name, other, keys: [-like(other), capitals, Math.abs(other.length - own.length), Number(other[0] !== own[0])] };
  });
  told.sort((a, b) => a.keys.map((key, k) => key - b.keys[k]).find(Boolean) ?? order(a.other, b.other));
  return told.slice(0, n).filter(({ keys }) => -keys[0] >= alike).map(({ name }) => name);
}

/** @type {(sign: string) => string} */
function escaped(sign) {
  const short = /** @type {Record<string, string>} */ ({ "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" })[sign];
  if (short || sign === " " || !/[\p{C}\p{Z}]/u.test(sign)) return short ?? sign;
  const code = (sign.codePointAt(0) ?? 0).toString(16);
  const [mark, wide] = code.length <= 2 ? ["x", 2] : code.length <= 4 ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.padStart(Number(wide), "0")}`;
}

/** @type {(signs: string[]) => string} */
function repr(signs) {
  const quote = signs.includes("'") && !signs.includes('"') ? '"' : "'";
  return quote + signs.map((sign) => (sign === quote ? `\\${quote}` : escaped(sign))).join("") + quote;
}

/** @type {(text: string) => string} a text as arguments.shown has it: Python's repr, cut in the middle if it is long */
export function shown(text) {
  const signs = letters(text), first = letters(repr(signs.slice(0, 30)));
  if (first.length <= 30) return first.join("");
  const short = letters(repr([...signs.slice(0, 13), ...signs.slice(-14)]));
  return [...short.slice(0, 13), "...", ...short.slice(-14)].join("");
}
