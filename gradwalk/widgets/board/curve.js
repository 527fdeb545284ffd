// The curve of one dial, worked out in slices: a long one has as much of a frame as the hand can spare.

/** @import { Answers, Curve, Setting } from "./types" */

const SLICE = 8; // milliseconds of a frame

/** @type {(reach: number) => number[]} 121 nudges to either side; the middle one is exactly 0 */
export const nudgesTo = (reach) => Array.from({ length: 121 }, (_, k) => reach * ((k - 60) / 60));

// From coarse to fine: the start, the ends, then what lies between, so that the first slice has the whole shape.
const ORDER = [...new Set([60, ...[60, 30, 15, 5, 1].flatMap((step) =>
  Array.from({ length: 120 / step + 1 }, (_, k) => k * step))])];

/** A curve that is there as soon as it is asked for, as far as it has come. */
export class Growing {
  /** @type {Iterator<number>} */
  #losses;
  #done = 0;

  /** @param {Answers} answers @param {Setting} at @param {number} d @param {number} reach */
  constructor(answers, at, d, reach) {
    const nudges = nudgesTo(reach);
    this.#losses = answers.losses(at, d, ORDER.map((k) => nudges[k]))[Symbol.iterator]();
    /** @type {Curve} */
    this.curve = { nudges, losses: nudges.map(() => NaN), whole: false };
  }

  // Work on until the time is up. What has come is another object each time.
  /** @param {number} until by performance.now() */
  grow(until) {
    if (this.curve.whole) return;
    const losses = [...this.curve.losses];
    do {
      const { value, done } = this.#losses.next();
      if (done) { this.#done = ORDER.length; break; } // nobody knows more
      losses[ORDER[this.#done++]] = value;
    } while (this.#done < ORDER.length && performance.now() < until);
    this.curve = { ...this.curve, losses, whole: this.#done === ORDER.length };
  }
}

/** @type {() => number} when the slice that begins now is over */
export const sliceEnd = () => performance.now() + SLICE;
