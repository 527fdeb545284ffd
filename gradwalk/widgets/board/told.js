// What a board says in words.

/** @import { Scene, Seen, Share, Traits, Verdict } from "./types" */

import { MINUS, fine, sum, text } from "./numbers.js";

/**
 * Rounding alone makes a slope of this size: a short turn changes nothing.
 * @type {(scene: Scene, slope: number) => boolean}
 */
export const dead = (scene, slope) => Math.abs(slope) <= scene.still;

/** @type {Record<string, string>} */
const GEARS = {
  "\u21bb": "a positive gear: turn the dial up and the word's logit rises",
  "\u21ba": "a negative gear: turn the dial up and the word's logit falls",
  "": "a gear that turns one way at some positions and the other way at others",
};

/** @type {(scene: Scene, slope: number) => string} */
function helps(scene, slope) {
  if (dead(scene, slope)) return "a short turn changes nothing";
  return slope < 0 ? "up helps" : "down helps";
}

/**
 * A share of the slope as factors: in symbols and in numbers.
 * @type {(scene: Scene, share: Share) => [symbols: string, numbers: string]}
 */
function factors(scene, { p, hit, h }) {
  const [symbol, number] = scene.columns.length ? [` \u00b7 ${scene.factor}`, ` \u00d7 ${fine(h, 2)}`] : ["", ""];
  return hit ? [`(p ${MINUS} 1)${symbol}`, `(${fine(p, 3)} ${MINUS} 1)${number}`]
    : [`p${symbol}`, `${fine(p, 3)}${number}`];
}

/**
 * The slope on the output layer, as what it is made of: one position's factors, or a mean, and a row for each share.
 * @type {(scene: Scene, slope: number, shares: Share[]) => {line: string, rows: string[][]}}
 */
export function slopeOfShares(scene, slope, shares) {
  if (shares.length === 1) {
    const [symbols, numbers] = factors(scene, shares[0]);
    const result = symbols === "p" ? "" : ` = ${fine(slope, 3)}`; // p alone is the result already
    return { line: `slope = ${symbols} = ${numbers}${result}: ${helps(scene, slope)}`, rows: [] };
  }
  const rows = shares.slice(0, 6).map((share, t) =>
    [scene.positions[t].where, `${factors(scene, share)[1]} =`, fine(share.value, 3, true)]);
  const more = shares.slice(6);
  if (more.length) rows.push([`and ${more.length} more`, "their sum", fine(sum(more.map((s) => s.value)), 3, true)]);
  return { line: `slope = mean of ${shares.length} shares = ${fine(slope, 3)}: ${helps(scene, slope)}`, rows };
}

/**
 * The slope of any other weight; what rounding leaves of a slope that is 0 is no number to show.
 * @type {(scene: Scene, slope: number) => string}
 */
export function slopeAlone(scene, slope) {
  const still = dead(scene, slope);
  return `slope ${still ? "\u2248" : "="} ${fine(still ? 0 : slope, 3)}: ${helps(scene, slope)}`;
}

/**
 * Each scored position's share of a dial's slope, (p_i \u2212 [i = y]) h_j; the mean is the slope.
 * @type {(scene: Scene, d: number, seen: Seen[]) => Share[]}
 */
export function sharesOf({ columns, positions }, d, seen) {
  const wide = Math.max(columns.length, 1), i = Math.floor(d / wide), j = d % wide;
  return seen.map(({ p, h }, t) => {
    const hit = positions[t].y === i;
    return { p: p[i], hit, h: h[j], value: (p[i] - (hit ? 1 : 0)) * h[j] };
  });
}

/**
 * What stands below a column of W: the meaning component that its dials are geared by, at all scored positions.
 * @type {(scene: Scene, h: number[]) => {below: string, hint: string}}
 */
export function gearTold({ factor }, h) {
  const low = Math.min(...h), high = Math.max(...h), way = low > 0 ? "\u21bb" : high < 0 ? "\u21ba" : "";
  const told = h.length === 1 ? `${factor} = ${text(h[0], 2, true)} ${way}`
    : `${factor} ${text(low, 1, true)}\u2026${text(high, 1, true)} ${way}`.trim();
  return { below: told, hint: GEARS[way] };
}

/** @type {(mine: Verdict | undefined) => string} */
export function verdictTold(mine) {
  if (!mine) return "";
  if (mine.said === "turned") return "You found out by turning.";
  return `You said it would ${mine.said}: ${mine.right ? "\u2713 called right" : `\u2717 it would ${mine.truth}`}`;
}

/** @type {(predictions: Traits["predictions"]) => string} */
export function scoreTold(predictions) {
  const all = Object.values(predictions), called = all.flatMap((mine) => (mine.said === "turned" ? [] : [mine]));
  const found = all.length - called.length;
  return [
    ...(called.length ? [`${called.filter((mine) => mine.right).length} of ${called.length} called right`] : []),
    ...(found ? [`${found} found by turning`] : []),
  ].join(" \u00b7 ");
}
