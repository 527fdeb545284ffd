// A board's answers by the page's tape: any dials, of any weights, turned in any combination. No Python is asked.

/** @import { Curve } from "./types" */
/** @import { Known, Line } from "../engine/engine.js" */
/** @import { Tensor } from "../engine/tensor.js" */

import { back, road, slopeIn, walk } from "../engine/engine.js";
import { same } from "./numbers.js";

/** @typedef {{name: string, index: number[]}} Dial one number of one weight */

/** @type {(tensor: Tensor) => Tensor} */
const copied = ({ shape, data }) => ({ shape, data: data.slice() });

export class Tape {
  /** @type {string[]} */
  #names; // the weights that have a dial
  /** @type {Known} */
  #known; // everything, at the setting that was asked for last
  /** @type {number[]} */
  #at;

  /**
   * @param {{lines: Line[], weights: Record<string, Tensor>, settings: Known}} given the model and what it reads
   * @param {Dial[]} dials no number twice
   */
  constructor({ lines, weights, settings }, dials) {
    this.lines = lines;
    this.weights = weights;
    this.dials = dials.map(({ name, index }) => ({
      name, place: index.reduce((place, i, axis) => place * weights[name].shape[axis] + i, 0),
    }));
    this.#names = [...new Set(dials.map(({ name }) => name))];
    this.#known = walk(lines, { ...weights, ...settings });
    this.#at = dials.map(() => 0);
  }

  // Everything with each dial turned so far from its start. Only what hears of the dials is walked again.
  /** @param {number[]} turned */
  #look(turned) {
    if (same(turned, this.#at)) return this.#known;
    /** @type {Known} */
    const known = { ...this.#known };
    for (const name of this.#names) known[name] = copied(this.weights[name]);
    this.dials.forEach(({ name, place }, d) => { known[name].data[place] += turned[d]; });
    this.#known = walk(road(this.lines, this.#names), known);
    this.#at = [...turned];
    return known;
  }

  /** @type {(turned: number[]) => number} no number any more where the walk outgrows float64 */
  loss(turned) { return this.#look(turned).L.data[0]; }

  /** @type {(turned: number[]) => number[]} a dial's slope each */
  slopes(turned) {
    const slopes = back(road(this.lines, this.#names, "L"), this.#look(turned));
    return this.dials.map(({ name, place }) => slopes[slopeIn(name)].data[place]);
  }

  /** @type {(name: string, turned: number[]) => Tensor} any value of the block: to be read, not written */
  value(name, turned) { return this.#look(turned)[name]; }

  /**
   * The loss with dial d at each of these nudges from its start and the others as turned, one at a time: whoever draws
   * a long curve takes as many as a frame has room for.
   * @param {number[]} turned
   * @param {number} d
   * @param {Iterable<number>} nudges
   */
  *losses(turned, d, nudges) {
    const known = { ...this.#look(turned) }, { name, place } = this.dials[d], start = this.weights[name].data[place];
    const after = road(this.lines, [name], "L");
    known[name] = copied(known[name]);
    for (const nudge of nudges) {
      known[name].data[place] = start + nudge;
      yield /** @type {number} */ (walk(after, known).L.data[0]);
    }
  }

  /** @type {(turned: number[], d: number, nudges: number[]) => Curve} */
  curve(turned, d, nudges) { return { nudges, losses: [...this.losses(turned, d, nudges)] }; }
}
