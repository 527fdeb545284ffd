// Is this formula, or this number, the gradient? As exercises/check.py has it, by the numbers that Python has sent.

/** @import { Checked, Entry, Given, Paragraph, Told } from "./types" */
/** @import { Candidate } from "./judge.js" */
/** @import { Tensor } from "../engine/tensor.js" */

import { unpacked } from "../engine/engine.js";
import { normed } from "../engine/functions.js";
import { each } from "../engine/tensor.js";
import { shown } from "../sentence/nearest.js";
import { judge, named } from "./judge.js";
import { NotRead } from "./tokens.js";
import { passed, wrong } from "./report.js";
import { valueOf } from "./value.js";
import { number, placeOf } from "./words.js";

const BLANK = ["", "...", "…", "?", "None", "TODO", "pass"];
const MASKED = -1e3; // a score as good as minus infinity, where that is wanted
const FLOAT = /^[+-]?(?:(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf|infinity|nan)$/i;

/** @type {(...texts: string[]) => Paragraph[]} */
const said = (...texts) => texts.map((text) => ({ kind: "said", text }));
/** @type {(...texts: string[]) => Checked} */
const refused = (...texts) => ({ passed: false, mistake: null, paragraphs: said(...texts) });

/** @type {(told: Told | Entry, answer: string) => Checked} it never throws, whatever the answer */
export function check(told, answer) {
  if (BLANK.includes(answer.trim())) return refused("There is nothing here yet. Write what you have: a wrong one is answered too.");
  return "at" in told ? entry(told, answer.trim()) : formula(told, answer);
}

/** @type {WeakMap<Told, {givens: Given[], rights: Tensor[], mistakes: Candidate[]}>} */
const known = new WeakMap();

/** @param {Told} told */
function unpackedOnce(told) {
  const found = known.get(told);
  if (found) return found;
  const givens = told.cases.map(({ numbers, arrays }) => {
    const tensors = Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, unpacked(array)]));
    return withItsNorm(Object.fromEntries(told.names.map(([name, key]) => [name, numbers[key] ?? tensors[key]])));
  });
  const made = {
    givens,
    rights: told.rights?.map(unpacked) ?? givens.map((names) => valueOf(told.formula, told.letters, names, told.grammar).value),
    mistakes: told.mistakes.flatMap((entry) => entry.made.map(([turn, sums]) => ({ entry, turn, sums }))),
  };
  known.set(told, made);
  return made;
}

/** @type {(names: Given) => Given} with x_hat and sigma, where a formula may speak of them */
function withItsNorm(names) {
  if (!names.x1) return names;
  const { x_hat, sigma } = normed(/** @type {Tensor} */ (names.x1), Number(names.eps));
  return { ...names, x_hat, sigma: { shape: [sigma.length], data: sigma } };
}

/** @type {(told: Told, answer: string) => Checked} */
function formula(told, answer) {
  const { givens, ...sent } = unpackedOnce(told);
  /** @type {ReturnType<typeof valueOf>[]} */
  let read;
  try {
    read = givens.map((names) => valueOf(answer, told.letters, names, told.grammar));
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
    return refused(error.message);
  }
  const results = read.map(({ value }, k) => each(value, (n) =>
    (sent.rights[k].data[n] === -Infinity && value.data[n] <= MASKED ? -Infinity : value.data[n])));
  if (results.every(({ data }) => data.every((x) => x === 0))) {
    if (!told.zero) return refused("It is zero everywhere. Where nothing is filled in, nothing is right yet.");
    const why = "It is zero: all keys move alike, each row of scores moves as one, and softmax does not notice.";
    return { passed: true, mistake: null, paragraphs: [...said(`Right. ${why}`), passed(told, 0)[1]] };
  }
  const verdict = judge({ results, ...sent, factors: told.factors, plain: told.plain }), mistake = named(verdict);
  if (verdict.passed) return { passed: true, mistake: null, paragraphs: passed(told, told.mistakes.length) };
  if (!mistake && !verdict.plain) {
    for (const [k, result] of results.entries()) {
      const { data } = sent.rights[k], lost = result.data.findIndex((x, n) => !Number.isFinite(x) && Number.isFinite(data[n]));
      if (lost < 0) continue;
      const at = placeOf(result, lost).join(", ");
      return refused(`${told.name}[${at}] is ${number(result.data[lost])} on one case. A number belongs there.`);
    }
  }
  return { passed: false, mistake, paragraphs: wrong(told, sent.rights[0], results[0], verdict, indices(told.letters, read[0].used)) };
}

/** @type {(own: string, used: Map<string, string>) => string} what is right of the index letters: whose each is, which are missing */
function indices(own, used) {
  /** @type {(letters: string[]) => string[]} */
  const shown = (letters) => letters.map((one) => (used.get(one) === one ? one : `${one} (your ${used.get(one)})`));
  /** @type {(letters: string[], what: string) => string[]} */
  const told = (letters, what) => (letters.length ? [`${shown(letters).join(", ")} ${letters.length === 1 ? "is" : "are"} ${what}`] : []);
  const missing = [...own].filter((letter) => !used.has(letter));
  return `Of the indices ${[
    ...told([...own].filter((letter) => used.has(letter)), "the answer's own"),
    ...told([...used.keys()].filter((letter) => !own.includes(letter)).sort(), "summed"),
    ...(missing.length ? [`${missing.join(", ")} of the answer's own ${missing.length === 1 ? "is" : "are"} nowhere in the formula`] : []),
  ].join("; ")}.`;
}

/** @type {(told: Entry, answer: string) => Checked} one number, rounded as one does by hand */
function entry({ name, at, right, scale, mistakes, question }, answer) {
  const written = answer.replaceAll("−", "-").replaceAll(",", "."), place = `${name}[${at.join(", ")}]`;
  if (!FLOAT.test(written)) return refused(`Wanted one number, that of ${place}; got ${shown(answer)}.`);
  const given = Number(written.replaceAll("_", ""));
  if (!Number.isFinite(given)) {
    const spelled = /nan/i.test(written) ? "nan" : written.startsWith("-") ? "-inf" : "inf";
    return refused(`${spelled} is no number. The slope is one.`);
  }
  /** @type {(one: number) => boolean} */
  const same = (one) => Math.abs(given - one) <= 5e-3 * Math.abs(one) + 1e-4 * scale;
  if (same(right)) {
    const rest = "Not tested: the other entries. A number can be right for a reason that is not.";
    return { passed: true, mistake: null, paragraphs: said(`Right: ${place} is ${number(right)}.`, rest) };
  }
  if (given === 0) return refused(`${place} is not zero.`);
  const sign = Math.sign(given) === Math.sign(right) ? "Right: the sign. " : "The sign is the other. ";
  const found = mistakes.find(({ made }) => same(made)), turned = !found && same(-right);
  const words = found ? `${found.name}, it seems: ${found.happened} Look at ${found.look}.`
    : turned ? "The size is right." : "No mistake that is known here gives this number.";
  return {
    passed: false, mistake: found?.name ?? (turned ? "with the other sign" : null),
    paragraphs: [...said(sign + words), { kind: "hints", text: `1. ${question}` }, ...said("Not tested: the other entries.")],
  };
}
