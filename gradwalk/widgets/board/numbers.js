// Numbers as text, and the few things that are done with lists of them.

export const MINUS = "\u2212";

/** @type {(x: number, digits: number, sign?: boolean) => string} */
export function text(x, digits, sign = false) {
  const size = Math.abs(x).toFixed(digits);
  if (Number(size) === 0) return size; // never "−0.00"
  return (x < 0 ? MINUS : sign ? "+" : "") + size;
}

/**
 * At least the digits asked for, and two that count where the number is small.
 * @type {(x: number, digits: number, sign?: boolean) => string}
 */
export function fine(x, digits, sign = false) {
  const needed = x ? Math.ceil(-Math.log10(Math.abs(x))) + 1 : 0;
  return needed > 6 ? x.toExponential(0).replaceAll("-", MINUS) : text(x, Math.max(digits, needed), sign);
}

/**
 * A number that says when it is exactly 0, as a muted unit is.
 * @type {(x: number, digits: number, sign?: boolean) => string}
 */
export const exact = (x, digits, sign = false) => (x === 0 ? "0" : text(x, digits, sign));

/**
 * In at most five letters and a sign: fewer digits where it is large.
 * @type {(x: number, sign?: boolean) => string}
 */
export function brief(x, sign = false) {
  const size = Math.abs(x), digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  if (size < 9999.5) return exact(x, digits, sign);
  return Number.isFinite(x) ? (x < 0 ? MINUS : sign ? "+" : "") + size.toExponential(0).replace("+", "") : "?";
}

/**
 * At most so many round numbers from low to high, and the digits that tell them apart.
 * @type {(low: number, high: number, most: number) => {marks: number[], digits: number}}
 */
export function ticks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5].find((m) => m * power >= raw * (1 - 1e-9)) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const marks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) marks.push(k * step);
  return { marks, digits };
}

/** @type {(x: number, most: number) => number} */
export const within = (x, most) => Math.max(-most, Math.min(most, x));

/** @type {(x: number) => number} */
export const round = (x) => Math.round(x * 100) / 100;

/** @type {(numbers: number[]) => number} */
export const sum = (numbers) => numbers.reduce((all, x) => all + x, 0);

/** @type {(numbers: number[]) => number} */
export const mean = (numbers) => sum(numbers) / numbers.length;

/** @type {(a: number[], b: number[]) => boolean} */
export const same = (a, b) => a.length === b.length && a.every((x, d) => x === b[d]);
