// The letters of an index formula as tokens, and the word for what is not understood, with its place.

import { shown } from "../sentence/nearest.js";
import { SPACE } from "../sentence/read.js";

/** @typedef {{[kind in "number" | "name" | "sign" | "end"]?: string}} Groups */
/** @typedef {{start: number, word: string, groups: Groups}} Token from where its own letters begin */

const TOKEN = new RegExp(`${SPACE}*(?:(?<number>[0-9]+(?:[.,][0-9]+)?)|(?<name>[\\p{L}\\p{Nl}\\p{No}_][\\p{L}\\p{N}_]*'*)` +
  "|(?<sign>\\*\\*|==|!=|>=|<=|[-+*/^()\\[\\],:=<>])|(?<end>$))", "yu");
const BLANK = new RegExp(`${SPACE}*`, "yu"), AIR = new RegExp(`^${SPACE}+`, "u"), COUNTED = new RegExp(`${SPACE}*([0-9]+)`, "yu");
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** @type {(text: string) => string} on one line, as telling/verbatim.py has it */
const legible = (text) => text.replace(UNSEEN, (sign) => {
  const code = sign.charCodeAt(0).toString(16);
  return sign === "\n" ? "↵" : code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
});

/** @type {(text: string) => number} letters, as Python counts them */
export const length = (text) => Array.from(text).length;

/** A formula that is not understood: what is wrong, and the text with the place below it. */
export class NotRead extends Error {
  /** @param {string} wrong @param {string} text @param {number} place */
  constructor(wrong, text, place) {
    const before = legible(Array.from(text.slice(0, place)).slice(-60).join(""));
    const after = legible(Array.from(text.slice(place)).slice(0, 40).join(""));
    super(`${wrong}:\n    ${before}${after}\n    ${" ".repeat(length(before))}^`);
  }
}

/** @type {(text: string, place: number, inIndex: boolean) => {token: Token, end: number}} the one that stands there */
export function tokenAt(text, place, inIndex) {
  for (const sought of [TOKEN, BLANK, COUNTED]) sought.lastIndex = place;
  const found = TOKEN.exec(text), start = place + (BLANK.exec(text)?.[0].length ?? 0);
  if (!found) throw new NotRead(`${shown(String.fromCodePoint(text.codePointAt(start) ?? 0))} is not understood`, text, start);
  if (found.groups?.number?.includes(",") && inIndex) { // a comma parts two indices there
    const [, number] = /** @type {RegExpExecArray} */ (COUNTED.exec(text));
    return { token: { start, word: number, groups: { number } }, end: COUNTED.lastIndex };
  }
  return { token: { start, word: found[0].replace(AIR, ""), groups: found.groups ?? {} }, end: TOKEN.lastIndex };
}
