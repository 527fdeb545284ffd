// What a learner hears of a formula, as exercises/report.py has it: what is right, the mistake, a hint, where it is wrong.

/** @import { Paragraph, Told, Verdict } from "./types" */
/** @import { Tensor } from "../engine/tensor.js" */

import { gaps, transposed } from "./judge.js";
import { listed, number, placeOf } from "./words.js";

const MOST = 12; // rows and columns of a picture

/** @type {(one: Tensor, right: Tensor) => boolean[]} entry by entry whether an answer is right there */
const near = (one, right) => [...gaps(one, right).data].map((gap) => gap <= 1e-4);
/** @type {(fits: boolean[], rows: number) => boolean[]} */
const wholeRows = (fits, rows) => Array.from({ length: rows }, (_, row) => {
  const wide = fits.length / rows;
  return fits.slice(row * wide, (row + 1) * wide).every(Boolean);
});
/** @type {(all: boolean[], sought: boolean) => number[]} */
const spots = (all, sought) => all.flatMap((one, k) => (one === sought ? [k] : []));
/** @type {(text: string) => Paragraph} */
const said = (text) => ({ kind: "said", text });

/** @type {(told: Told, tried: number) => Paragraph[]} */
export function passed(told, tried) {
  const sizes = told.cases.map(({ numbers }) => [..."TDFHNM"].map((size) => `${size} = ${numbers[size]}`).join(", ")).join("; ");
  return [
    said(`Right: ${told.name} on ${told.cases.length} cases, and it is none of the ${tried} mistakes that are known here.`),
    { kind: "code", text: `The package has it so:\n${told.code}` },
    said(`Not tested: other sizes than these (${sizes}), how fast it is, numbers near the ends of float64.`),
  ];
}

/** @type {(told: Told, right: Tensor, result: Tensor, verdict: Verdict, index: string) => Paragraph[]} */
export function wrong(told, right, result, { entry, change, plain }, index) {
  const but = plain ? "On plain numbers it is right" : "It would be right", made = [said(`${rightSoFar(told, right, result)} ${index}`)];
  if (entry) made.push(said(`${entry.name}: ${entry.happened}${change ? ` And ${phrase(change)}.` : ""} Look at ${entry.look}.`));
  else if (change) made.push(said(`${but}, but ${phrase(change)}. Look at ${place(change)}.`));
  else made.push(said(`${plain ? but : "It is none of the mistakes that are known here"}. ${first(told, right, result)}`));
  if (plain) made.push(said(`That is not all: other numbers have ${told.planted}, and there something more differs.`));
  const steps = [told.question, entry?.question, told.reason].filter(Boolean);
  made.push({ kind: "hints", text: steps.map((step, k) => `${k + 1}. ${step}`).join("\n") });
  if (near(result, right).some(Boolean)) made.push({ kind: "picture", text: picture(told, right, result) });
  return [...made, said("Not tested: anything but these numbers. Mend it, and ask again.")];
}

/** @type {(change: string) => string} a change as the end of a sentence */
const phrase = (change) => change.split(", ").map((one) => one === "transposed" ? "it is transposed"
  : one === "with the other sign" ? "it has the other sign"
  : one === "times a factor" ? "it is out by a factor, which is another for other sizes" : one.replaceAll("times", "it is out by the factor")).join(" and ");

/** @type {(change: string) => string} */
const place = (change) => change.includes("transposed") ? "which index comes first"
  : change === "with the other sign" ? "the sign of each term" : "the factor in front";

/** @type {(told: Told, right: Tensor, result: Tensor) => string} */
function rightSoFar({ shape, letters }, right, result) {
  const counted = [...right.data].flatMap((x, k) => (Number.isFinite(x) ? [Math.sign(result.data[k]) === Math.sign(x)] : []));
  const signs = spots(counted, true).length, fits = near(result, right), rows = spots(wholeRows(fits, right.shape[0]), true);
  const made = [`Right: the shape (${shape.join(", ")})`, `${signs === counted.length ? "all" : `${signs} of ${counted.length}`} signs`];
  if (rows.length) made.push(`of ${letters[0]} = ${listed(rows)} every number`);
  else if (fits.some(Boolean)) made.push(`${spots(fits, true).length} of ${fits.length} numbers`);
  return `${made.join(", ")}.`;
}

/** @type {(told: Told, right: Tensor, result: Tensor) => string} the first entry that differs, and what the others share */
function first({ name, letters }, right, result) {
  const fits = near(result, right), k = fits.indexOf(false), { shape } = right;
  if (k < 0) return "On the first case all numbers are right, to four digits. It differs on another, or in a later digit.";
  const at = placeOf(right, k).join(", "), rows = wholeRows(fits, shape[0]);
  const told = `The first entry that differs is ${name}[${at}]: ${number(result.data[k])}, wanted ${number(right.data[k])}.`;
  const sizes = [...right.data].every((x, n) => {
    const y = result.data[n];
    return !Number.isFinite(x) || !Number.isFinite(y) || Math.abs(Math.abs(y) - Math.abs(x)) <= 1e-8 + 1e-4 * Math.abs(x);
  });
  if (sizes) return `${told} All sizes are right: some signs are not.`;
  if (shape.length > 1 && rows.some(Boolean)) return `${told} Only of ${letters[0]} = ${listed(spots(rows, false))} something differs.`;
  const square = shape.length > 1 && shape.at(-1) === shape.at(-2);
  return square && near(result, transposed(right)).every(Boolean) ? `${told} It is the transpose.` : told;
}

/** @type {(told: Told, right: Tensor, result: Tensor) => string} where it is right; of one with heads the first wrong one */
function picture({ letters }, right, result) {
  const { shape } = right, [down, across] = shape.length > 1 ? shape.slice(-2) : [1, shape[0]];
  const all = near(result, right), heads = wholeRows(all, all.length / (down * across)), e = Math.max(0, heads.indexOf(false));
  const fits = all.slice(e * down * across, (e + 1) * down * across);
  const lines = Array.from({ length: Math.min(MOST, down) }, (_, row) =>
    `  ${fits.slice(row * across, row * across + Math.min(MOST, across)).map((fit) => (fit ? "·" : "×")).join(" ")}`);
  const axes = [...letters.slice(-2)].join(" down, ") + (shape.length > 1 ? " across" : " from left to right");
  return [`Right · and wrong ×${shape.length === 3 ? `, head ${e}` : ""}: ${axes}`, ...lines].join("\n");
}
