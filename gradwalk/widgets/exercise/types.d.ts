import type { Packed } from "../engine/engine.js";
import type { Tensor } from "../engine/tensor.js";

// What exercises/page_check.py sends, and what the modules hand to one another. Read by the type checker alone.

export interface Words {
  name: string; // of the task
  letters: string; // the answer's own indices
  question: string; // the first step of a hint
  reason: string; // the last one
  planted: string;
  code: string;
  lines: string[];
  takes: string[];
  derivation: [reason: string, formula: string][];
  formula: string; // the right one
}

export interface Mistake {
  name: string;
  happened: string;
  look: string;
  question: string;
}

// how formulas are written, how far indices run, and what a size counts; in pairs, since a saved notebook sorts names
export interface Grammar {
  same: [other: string, usual: string][];
  extents: [letter: string, extent: string][];
  sizes: [size: string, word: string][];
  longest: number;
  deepest: number;
  most: number;
}

export interface Told extends Words {
  shape: string[];
  zero: boolean;
  grammar: Grammar;
  names: [name: string, key: string][]; // what a formula may say -> the number or array that it is
  cases: { numbers: Record<string, number>; arrays: Record<string, Packed> }[];
  rights: Packed[] | null; // none where the right formula makes them
  factors: [name: string, of: number[]][]; // by which an answer may be out, on each case
  plain: number; // so many cases are plain ones, the last
  mistakes: (Mistake & { made: [turn: string, sums: number[][]][] })[]; // case by case, see judge.js
}

// one entry
export interface Entry extends Words {
  at: number[];
  right: number;
  scale: number;
  mistakes: (Mistake & { made: number })[];
}

// a case's numbers by all their names
export type Given = Record<string, number | Tensor>;

// a part of a formula; telling/latex.py says what the kinds are
export interface Part {
  kind: string;
  parts: Part[];
  name: string;
  letters: string[];
}

// what an answer is: judging.Verdict; and what is said of it, paragraph by paragraph
export interface Verdict {
  passed: boolean;
  entry: Mistake | null;
  change: string;
  plain: boolean;
}
export type Paragraph = { kind: "said" | "hints" | "picture" | "code"; text: string };
export interface Checked {
  passed: boolean;
  mistake: string | null;
  paragraphs: Paragraph[];
}
