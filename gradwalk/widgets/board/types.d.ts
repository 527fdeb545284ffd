// What Python sends and what the modules hand to one another. Read by the type checker alone.

import type { Known, Line, Packed } from "../engine/engine.js";
import type { Dial } from "./tape.js";

// widgets/scene.py: what the hand does not change
export interface Scene {
  name: string;
  kind: "output" | "curves";
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
  nudges: number[] | null; // the detents of a deeper board
  factor: string;
  positions: Position[]; // none on a deeper board
  start_loss: number;
  loss_digits: number;
  steepest: number;
  still: number;
  floor: number;
  legend: string;
  watch?: Watch;
  tape?: { lines: Line[]; weights: Record<string, Packed>; settings: Known; dials: Dial[] };
}

// one scored position, as far as the output layer's closed form needs it
export interface Position {
  h: number[];
  z: number[];
  rest: number | null;
  y: number;
  z_y: number;
  where: string;
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
  turned: number[];
  settled: number[];
  here: { at: number[]; loss: number; slopes: number[] };
  curves: { at: number[]; losses: number[][] };
  history: number[][];
  predictions: Record<string, Verdict>;
  shown: boolean;
  selected: number;
  eta: number;
  live: boolean;
}

export type Call = "rise" | "fall" | "stay";
export type Verdict = { said: "turned" } | { said: Call; truth: Call; right: boolean };

// all that a page without Jupyter has to bring
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

export type Look = { loss: number; p: number[] }; // at one scored position
export type Slope = { value: number; exact: boolean };
export type Share = { p: number; hit: boolean; h: number; value: number };
export type Curve = { nudges: number[]; losses: number[] };

// answers.js: two ways to answer
export interface OutputLayer {
  free: true;
  look(turned: number[]): Look[];
  loss(turned: number[]): number;
  shares(turned: number[], d: number, seen?: Look[]): Share[];
  slope(turned: number[], d: number, seen?: Look[] | null): Slope;
  curve(turned: number[], d: number, reach: number): Curve;
}
export interface DeeperLayer {
  free: false;
  holds(turned: number[], d: number): boolean;
  loss(turned: number[]): number | null;
  slope(turned: number[], d: number): Slope | null;
  curve(turned: number[], d: number): Curve | null;
}
