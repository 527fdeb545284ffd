// The reader of index formulas, as exercises/formula.py has it: the same grammar, and what is refused in the same words.

/** @import { Given, Grammar, Part } from "./types" */
/** @import { Token } from "./tokens.js" */

import { nearest } from "../sentence/nearest.js";
import { LETTER, axes, bare, meant } from "./letters.js";
import { NotRead, length, tokenAt } from "./tokens.js";

/** @type {Record<string, string>} */
const COMPARED = { "=": "=", "==": "=", "!=": "!=", ">": ">", "<": "<", ">=": ">=", "<=": "<=" };
const FUNCTIONS = ["exp", "log", "sqrt", "tanh"];
/** @type {(value: number | {shape: number[]}) => number[]} */
const shapeOf = (value) => (typeof value === "number" ? [] : value.shape);
/** @type {(kind: string, parts?: Part[], name?: string, letters?: string[]) => Part} */
const part = (kind, parts = [], name = "", letters = []) => ({ kind, parts, name, letters });
/** @type {(kind: string, parts: Part[]) => Part} of several; of one alone that one itself */
const joined = (kind, parts) => (parts.length === 1 ? parts[0] : part(kind, parts));

/** Sums of products of factors. `used`: the index letters that it met, and how they are written. */
export class Reader {
  /** @param {string} text @param {string} own @param {Given} names @param {Grammar} grammar */
  constructor(text, own, names, grammar) {
    const { D, H } = /** @type {Record<string, number>} */ (names);
    this.text = text;
    for (const [other, usual] of grammar.same) this.text = this.text.replaceAll(other, usual);
    this.names = names;
    this.grammar = grammar;
    /** @type {Map<string, string>} */
    this.used = new Map();
    if (length(this.text) > grammar.longest) {
      const cut = Array.from(this.text).slice(0, grammar.longest).join("").length;
      throw new NotRead(`a formula has at most ${grammar.longest} letters`, this.text, cut);
    }
    /** @type {Record<string, number>} */
    this.sizes = Object.fromEntries(grammar.extents.map(([letter, extent]) =>
      [letter, extent === "D/H" ? D / H : Number(names[extent])]));
    /** @type {Map<string, number>} */
    this.own = new Map([...own].map((letter) => [letter, this.sizes[letter]]));
    this.scope = new Map(this.own);
    this.place = this.depth = 0;
    this.inIndex = false;
    this.meant = meant(this.text, this.own, this.sizes, names);
    this.token = this.next();
  }

  /** @returns {Token} */
  next() {
    const { token, end } = tokenAt(this.text, this.place, this.inIndex);
    this.place = end;
    return token;
  }

  /** @param {string[]} wanted @returns {string} what stands here; what is after it stands here next */
  take(...wanted) {
    if (wanted.length && !wanted.includes(this.word)) throw this.refused(`wanted ${wanted.join(" or ")}`);
    const { word } = this.token;
    this.token = this.next();
    return word;
  }

  get word() { return this.token.word; }
  get named() { return this.token.groups.name; }

  /** @param {string} wrong @param {Token} token */
  refused(wrong, token = this.token) { return new NotRead(wrong, this.text, token.start); }

  /** @returns {Part} */
  whole() {
    const whole = this.sum();
    if (this.word) throw this.refused("the formula ends before this");
    return whole;
  }

  /** @returns {Part} */
  sum() {
    /** @type {Part[]} */
    const terms = [];
    while (!terms.length || ["+", "-"].includes(this.word)) {
      const minus = ["+", "-"].includes(this.word) && this.take() === "-", product = this.product();
      terms.push(minus ? part("minus", [product]) : product);
    }
    return joined("sum", terms);
  }

  /** @returns {Part} */
  product() {
    const factors = [this.factor()];
    while (["*", "/", "(", "["].includes(this.word) || this.named || this.token.groups.number) {
      const divides = ["*", "/"].includes(this.word) && this.take() === "/", factor = this.factor();
      if (divides) factors.push(part("fraction", [/** @type {Part} */ (factors.pop()), factor]));
      else factors.push(factor);
    }
    return joined("product", factors);
  }

  /** @returns {Part} */
  factor() {
    const base = this.atom();
    if (!["^", "**"].includes(this.word)) return base;
    this.take();
    return part("power", [base, this.atom()]);
  }

  /** @returns {Part} */
  atom() {
    if (++this.depth > this.grammar.deepest) throw this.refused("too many brackets in brackets");
    const one = this.one();
    this.depth--;
    return one;
  }

  /** @returns {Part} */
  one() {
    if (this.token.groups.number) return part("number", [], this.take().replace(",", "."));
    if (this.word === "(") return this.bracket();
    if (this.word === "[") return this.condition();
    if (this.named) return this.spoken();
    if (this.word === "-") {
      this.take();
      return part("minus", [this.factor()]);
    }
    throw this.refused(`wanted a number, a name or a bracket${this.word ? " here" : ", the formula ends"}`);
  }

  bracket() {
    this.take("(");
    const inner = this.sum();
    this.take(")");
    return inner;
  }

  condition() {
    this.take("[");
    const left = this.side(), sign = COMPARED[this.take(...Object.keys(COMPARED))], right = this.side();
    this.take("]");
    return part("condition", [left, right], sign);
  }

  /** @returns {Part} a side of a condition: an index letter, or what else has a value */
  side() {
    const index = Object.hasOwn(this.sizes, bare(this.word)) || this.meant.has(this.word);
    return index ? part("index", [], "", [this.letter()]) : this.sum();
  }

  /** @returns {Part} */
  spoken() {
    const { token } = this, name = this.take();
    if (["sum", "mean"].includes(name.replace(/_+$/, "").split("_")[0])) return this.total(token);
    if (FUNCTIONS.includes(name)) return part("function", [this.word === "(" ? this.bracket() : this.atom()], name);
    if (name === "pi") return part("number", [], String(Math.PI));
    if (!Object.hasOwn(this.names, name)) {
      const all = Object.keys(this.names), near = nearest(name, all, 3, 0.3);
      const letter = Object.hasOwn(this.sizes, bare(name));
      const why = letter ? "an index stands in square brackets" : `the nearest: ${(near.length ? near : all).join(", ")}`;
      throw this.refused(`there is no ${name} here; ${why}`, token);
    }
    const letters = this.word === "[" && shapeOf(this.names[name]).length ? this.indices() : [];
    this.check(token, name, letters);
    return part("quantity", [], name, letters);
  }

  /** What stands in square brackets behind a name: letters, digits, or y[t] as one of them. */
  indices() {
    this.inIndex = true;
    this.take("[");
    const letters = [this.index()];
    while (this.word === ",") {
      this.take();
      letters.push(this.index());
    }
    this.inIndex = false;
    this.take("]");
    return letters;
  }

  /** @returns {string} */
  index() {
    if (this.token.groups.number) return this.take();
    if (this.word !== "y") return this.letter();
    this.take();
    this.take("[");
    const letter = this.letter();
    this.take("]");
    return `y_${letter}`;
  }

  /** An index letter that is the answer's own, or summed here; as the ledger has it. */
  letter() {
    const written = this.named ?? "", letter = this.meant.get(written) ?? written;
    if (!/^[a-z]'*$/.test(written)) throw this.refused("wanted an index letter");
    if (!this.scope.has(letter)) {
      const wrong = `${written} is neither in the answer's own indices (${[...this.own.keys()].join(", ")}) nor summed`;
      throw this.refused(`${wrong}; a sum reaches to the next + or − outside brackets`);
    }
    this.take();
    this.used.set(letter, written);
    return letter;
  }

  /** @param {Token} token @returns {Part} `sum t, k:`, `sum_t` or `mean c:`, of the product that follows */
  total(token) {
    const [, kind, below] = /** @type {RegExpExecArray} */ (/^([^_]*)_?(.*)$/s.exec(token.word));
    /** @type {[at: Token, letter: string][]} */
    const letters = (below.match(LETTER) ?? []).map((letter) => [token, letter]);
    while (!below && this.named) {
      letters.push([this.token, this.take()]);
      if (this.word === ",") this.take();
    }
    if (!below || this.word === ":") this.take(":");
    const outer = this.scope, scope = new Map(outer);
    const summed = letters.map(([at, written]) => {
      const letter = this.meant.get(written) ?? written;
      if (!Object.hasOwn(this.sizes, bare(letter))) {
        throw this.refused(`${written} is no index of anything here; a sum runs over one that is`, at);
      }
      if (scope.has(letter)) {
        const whose = this.own.has(letter) ? "one of the answer's own indices" : "summed already";
        throw this.refused(`${written} is ${whose}; it cannot be summed`, at);
      }
      scope.set(letter, this.sizes[bare(letter)]);
      return letter;
    });
    const { most } = this.grammar;
    if (!summed.length || scope.size > most) {
      throw this.refused(`wanted one index to sum over, or a few, ${most} with the answer's own`, token);
    }
    this.scope = scope;
    const total = part("total", [this.product()], "", summed);
    this.scope = outer;
    return kind === "sum" ? total : part("fraction", [total, joined("product", summed.map((letter) => part("number", [], String(scope.get(letter)))))]);
  }

  /** @param {Token} token @param {string} name @param {string[]} letters as many as it has, each as long as its axis */
  check(token, name, letters) {
    const N = Number(this.names.N), shape = axes(name, letters.length, this.names);
    if (letters.length !== shape.length) {
      throw this.refused(`${name} has ${shape.length} indices, ${letters.length} are written`, token);
    }
    letters.forEach((letter, axis) => {
      const size = shape[axis], long = letter.startsWith("y_") ? N : this.scope.get(letter) ?? size;
      if (/^\d/.test(letter) ? Number(letter) < size : long === size) return;
      const counted = this.grammar.sizes.find(([kind]) => this.names[kind] === size);
      const own = letter.replace(/^y_/, ""), called = this.used.get(own) ?? own, written = own === letter ? called : `y[${called}]`;
      const along = counted ? `counts ${counted[1]}` : `has ${size} entries`;
      throw this.refused(`${written} does not run along this axis of ${name}, which ${along}`, token);
    });
  }
}
