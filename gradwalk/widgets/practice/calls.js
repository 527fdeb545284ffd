// What is said of a call: right, or what would have made it so.

/**
 * A question as predict.py writes it. `answer`: the right choice's place; of a number the number itself, as `near` has it.
 * @typedef {{id: string, question: string, choices: [string, string][], answer: number, number: boolean, told: string, rule?: string}} Asked
 */

export const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A number as one writes it: 0.25, 0,25, −0.25, 1/4, 2e-3; NaN for anything else. @param {string} text */
export function read(text) {
  const [above, below, ...more] = text.trim().replace(/[\u2212\u2013]/g, "-").replace(",", ".").split("/");
  const value = (/** @type {string} */ part) => (part.trim() ? Number(part) : NaN);
  if (more.length) return NaN;
  const found = below === undefined ? value(above) : value(above) / value(below);
  return Number.isFinite(found) ? found : NaN;
}

/** Near enough: rounded as one does by hand. @type {(one: number, right: number) => boolean} */
export const near = (one, right) => Math.abs(one - right) <= Math.max(5e-3 * Math.abs(right), 5e-5);

/** @type {(asked: Asked, said: string | number) => boolean} */
export function isRight(asked, said) {
  return asked.number ? near(Number(said), asked.answer) : said === asked.choices[asked.answer][0];
}

/** A choice by its letter. @type {(asked: Asked, k: number) => string} */
export const lettered = ({ choices }, k) => `${LETTERS[k]}, ${choices[k][0]}`;

/** What the learner hears. `said`: a choice, or a number. @type {(asked: Asked, said: string | number) => string} */
export function answered(asked, said) {
  if (isRight(asked, said)) return `You said ${shown(asked, said)}. Right.`;
  return `You said ${shown(asked, said)}${asked.number ? `. ${apart(asked, Number(said))}` : `: ${reason(asked, said)}`} It is ${asked.told}.`;
}

/** @type {(asked: Asked, said: string | number) => string} */
export function shown(asked, said) {
  if (asked.number) return String(said).replace("-", "\u2212");
  const k = asked.choices.findIndex(([choice]) => choice === said);
  return k < 0 ? String(said) : lettered(asked, k);
}

/** @type {(asked: Asked, said: string | number) => string} */
function reason(asked, said) {
  const why = asked.choices.find(([choice]) => choice === said)?.[1] ?? "";
  return why && !/[.!?]$/.test(why) ? `${why}.` : why;
}

// How far a number is from the right one: what tempted, the sign, a factor, or the difference.
/** @type {(asked: Asked, said: number) => string} */
function apart(asked, said) {
  const right = asked.answer, tempted = asked.choices.find(([choice]) => near(said, read(choice)));
  if (tempted) return reason(asked, tempted[0]);
  if (right === 0) return "It vanishes.";
  if (near(said, -right)) return "The size is right, the sign is the other.";
  const sign = Math.sign(said) === Math.sign(right) ? "" : "The sign is the other. ", ratio = Math.abs(said / right);
  if (said === 0) return "It does not vanish.";
  const whole = Math.round(Math.max(ratio, 1 / ratio)), large = ratio > 1;
  const exact = near(Math.max(ratio, 1 / ratio), whole) ? "" : "about ";
  if (whole > 1) return `${sign}It is ${exact}${whole} times too ${large ? "large" : "small"}.`;
  return `${sign}It is too ${large ? "large" : "small"} by ${Number(Math.abs(Math.abs(said) - Math.abs(right)).toPrecision(2))}.`;
}
