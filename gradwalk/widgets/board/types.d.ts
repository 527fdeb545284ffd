import type { Line, Packed } from "../engine/engine.js";
import type { Tensor } from "../engine/tensor.js";

// What Python sends and what the modules hand to one another. Read by the type checker alone.

// widgets/scene.py: what the hand does not change
export interface Scene {
  name: string;
  kind: "output" | "deeper";
  predict: boolean;
  sentences: [word: string, scored: boolean][][];
  note: string;
  row_head: string;
  rows: { label: string; mark: string }[];
  columns: { label: string; below: string; hint: string }[];
  names: string[]; // a dial's, row by row; so are all lists of numbers below that have one for each dial
  spoken?: Record<string, string[]>; // the same in the other dialects
  start: number[];
  reach: number;
  indices: number[][]; // in the weight, row by row
  settings?: Record<string, any>; // what the lines take that is neither weight nor value, if the page walks
  factor: string;
  positions: Position[]; // none on a deeper board
  start_loss: number;
  loss_digits: number;
  steepest: number;
  still: number;
  floor: number;
  legend: string;
  watch?: Watch;
}

// one scored position, as far as the output layer's closed form needs it
export interface Position {
  h: number[];
  z: number[];
  rest: number | null;
  y: number;
  z_y: number;
  where: string;
  t: number; // its place among all positions
}

// widgets/watched.py: a value of the walk, and what the rows and columns of its picture are
export interface Watch {
  of: string; // the tape's name
  names: Record<string, string>; // its title in each dialect that has one
  form: "numbers" | "bars";
  signed: boolean; // or shares, from 0 to 1
  words: string[]; // of the positions; so are scored and firsts
  scored: boolean[];
  firsts: number[]; // position t looks at firsts[t] … t
  heads: number; // 0 where it has none
  rows: number[]; // the positions that are drawn
  kind: string; // what a column is
  columns: { at: number; label: string; mark: string }[]; // none where it is a position that is looked at
}

// widgets/dial_board.py: what the hand, Python and other views change
export interface Traits {
  scene: Scene;
  tape: string | null; // the name of a PageModel
  turned: number[];
  stage: string;
  stages: Record<string, Record<string, Packed | Tensor>>; // what descends at the moment stands there as tensors
  history: Stood[];
  kept: Kept[];
  compared: number;
  predictions: Record<string, Verdict>;
  shown: boolean;
  selected: number;
  eta: number;
  asked: { turned: number[]; dial: number };
  told: { turned: number[]; dial: number; loss: number; slopes: number[]; losses: number[] };
  live: boolean;
}

export type Stood = { turned: number[]; stage: string };
export type Kept = Stood & { name: string };

// widgets/shared.py, as it is sent and unpacked
export interface SentModel {
  lines: Line[];
  weights: Record<string, Packed>;
  words: string[]; // none where a tokenizer cuts sentences
  labels: Record<string, string>; // by number, where a reader sees another word
}
export type PageModel = Omit<SentModel, "weights"> & { weights: Record<string, Tensor> };

export type Call = "rise" | "fall" | "stay";
export type Verdict = { said: "turned" } | { said: Call; truth: Call; right: boolean };

// all that a page without Jupyter has to bring
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
  widget_manager: { get_model(name: string): Promise<any> };
}

export type Share = { p: number; hit: boolean; h: number; value: number };
export type Curve = { nudges: number[]; losses: number[]; whole: boolean }; // NaN where it has not come yet

// how far each dial is from its start, and where all other weights stand if they have been moved
export type Setting = { turned: number[]; weights: Record<string, Tensor> | null };
export type Seen = { p: number[]; h: number[] }; // at one scored position: of the rows, of the columns

// answers.js: three ways to answer; null is what is not known
export interface Answers {
  loss(at: Setting): number | null;
  slopes(at: Setting): number[] | null;
  losses(at: Setting, d: number, nudges: number[]): Iterable<number>;
  value(name: string, at: Setting): Tensor | null;
  look(at: Setting): Seen[] | null;
}
