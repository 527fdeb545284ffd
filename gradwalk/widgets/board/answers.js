// Three ways to answer for a board, behind one small interface: the page's tape, the closed form of the output layer for
// vocabularies too large to send, and Python, which is asked for the one curve of the dial that is chosen.
//
// A setting is {turned, weights}: how far each dial is from its start, and where all other weights stand if they have
// been moved. What is no number any more comes back as Infinity or NaN; what is not known, as null.

/** @import { Answers, Model, Position, Scene, Seen, Setting } from "./types" */
/** @import { Known, Line } from "../engine/engine.js" */
/** @import { Tensor } from "../engine/tensor.js" */

import { back, road, scoredAlone, slopeIn, walk } from "../engine/engine.js";
import { each } from "../engine/tensor.js";
import { mean, same } from "./numbers.js";

/** @type {(one: Setting, other: Setting) => boolean} */
export const alike = (one, other) => one.weights === other.weights && same(one.turned, other.turned);

/**
 * The page's tape: the lines of the block walked out and back, from the dials' own line on. Any dials, turned in any
 * combination, exact. Of what the loss is not made of, as most of a position that is not scored, only what is asked for is
 * walked.
 * @implements {Answers}
 */
export class Tape {
  /** @type {Known} */
  #known; // everything, at the setting that was asked for last
  /** @type {Setting} */
  #at;

  /** @param {{lines: Line[], weights: Record<string, Tensor>}} given @param {Scene} scene */
  constructor({ lines, weights }, { name, indices, start, settings, positions, factor }) {
    this.weights = weights;
    this.name = name;
    this.start = start;
    this.positions = positions;
    this.factor = factor;
    this.indices = indices;
    const { shape } = weights[name];
    this.places = indices.map((index) => index.reduce((place, i, axis) => place * shape[axis] + i, 0));
    const scoredLines = scoredAlone(lines), there = scoredLines.map(([value]) => value);
    this.lines = [...scoredLines, ...lines.filter(([value]) => !there.includes(value))];
    this.after = road(this.lines, [name]); // the lines that hear of the dials
    this.short = road(scoredLines, Object.keys(weights), "L");
    this.toLoss = road(this.short, [name]);
    const { y } = /** @type {{y: number[]}} */ (settings), scored = [...y.keys()].filter((t) => y[t] >= 0);
    this.#known = walk(this.short, { ...weights, ...settings, scored, scored_y: scored.map((t) => y[t]) });
    this.#at = { turned: start.map(() => 0), weights: null };
  }

  /** @type {(at: Setting) => Tensor} */
  #turned({ turned, weights }) {
    const { shape, data } = (weights ?? this.weights)[this.name], moved = data.slice();
    this.places.forEach((place, d) => { moved[place] = this.start[d] + turned[d]; });
    return { shape, data: moved };
  }

  // Everything at a setting. Only what hears of a change is walked again.
  /** @param {Setting} at */
  #look(at) {
    if (alike(at, this.#at)) return this.#known;
    const elsewhere = at.weights !== this.#at.weights;
    const known = { ...this.#known, ...(elsewhere ? at.weights ?? this.weights : {}), [this.name]: this.#turned(at) };
    for (const [value] of elsewhere ? this.lines : this.after) known[value] = undefined; // that was another setting's
    this.#known = walk(elsewhere ? this.short : this.toLoss, known);
    this.#at = { turned: [...at.turned], weights: at.weights };
    return known;
  }

  /** @type {(at: Setting) => number} */
  loss(at) { return this.#look(at).L.data[0]; }

  /** @type {(at: Setting) => number[]} */
  slopes(at) {
    const { data } = back(this.toLoss, this.#look(at), [this.name])[slopeIn(this.name)];
    return this.places.map((place) => data[place]);
  }

  /** @type {(name: string, at: Setting) => Tensor} any value of the block: to be read, not written */
  value(name, at) {
    const known = this.#look(at), missing = this.lines.filter(([value]) => !known[value]);
    return walk(known[name] ? [] : road(missing, Object.keys(known), name), known)[name];
  }

  /**
   * The loss with dial d at each of these nudges from its start and all else as it is, one at a time: whoever draws a
   * long curve takes as many as a frame has room for.
   * @param {Setting} at
   * @param {number} d
   * @param {Iterable<number>} nudges
   */
  *losses(at, d, nudges) {
    const known = { ...this.#look(at), [this.name]: this.#turned(at) }, { data } = known[this.name];
    for (const nudge of nudges) {
      data[this.places[d]] = this.start[d] + nudge;
      yield /** @type {number} */ (walk(this.toLoss, known).L.data[0]);
    }
  }

  /** @type {(at: Setting) => Seen[]} */
  look(at) {
    const p = this.value("scored_p", at), h = this.value(`scored_${this.factor}`, at), [, N] = p.shape, [, D] = h.shape;
    const words = [...new Set(this.indices.map(([i]) => i))], columns = [...new Set(this.indices.map((index) => index[1]))];
    return this.positions.map((_, r) => ({
      p: words.map((i) => p.data[r * N + i]),
      h: columns.map((j) => (j === undefined ? 1 : h.data[r * D + j])),
    }));
  }

  /** @type {(at: Setting, eta: number) => {turned: number[], weights: Record<string, Tensor>}} one step of descent on every weight of the model */
  descend(at, eta) {
    const known = this.#look(at), slopes = back(this.short, known);
    const weights = Object.fromEntries(Object.keys(this.weights).map((name) => {
      const slope = slopes[slopeIn(name)], now = known[name];
      return [name, slope ? each(now, (k) => now.data[k] - eta * slope.data[k]) : now];
    }));
    return { turned: this.places.map((place, d) => weights[this.name].data[place] - this.start[d]), weights };
  }
}

/**
 * The output layer in closed form. Only the logits of the words on the board can move, so all other words enter the
 * softmax as one number: rest, the log of the sum of their exp(z).
 * @implements {Answers}
 */
export class ClosedForm {

  /** @param {Scene} scene */
  constructor({ columns, positions }) {
    this.columns = Math.max(columns.length, 1);
    this.positions = positions;
  }

  /** @type {(position: Position, turned: number[]) => {loss: number, p: number[]}} */
  #at({ h, z, rest, y, z_y }, turned) {
    const logits = z.map((z_i, i) => h.reduce((all, h_j, j) => all + turned[i * this.columns + j] * h_j, z_i));
    const top = Math.max(...logits, rest ?? -Infinity);
    const all = logits.reduce((s, z_i) => s + Math.exp(z_i - top), rest === null ? 0 : Math.exp(rest - top));
    const total = top + Math.log(all);
    return { loss: total - (y < 0 ? z_y : logits[y]), p: logits.map((z_i) => Math.exp(z_i - total)) };
  }

  /** @type {(at: Setting) => number} */
  loss({ turned }) { return mean(this.positions.map((position) => this.#at(position, turned).loss)); }

  /** @type {(at: Setting) => Seen[]} */
  look({ turned }) { return this.positions.map((at) => ({ p: this.#at(at, turned).p, h: at.h })); }

  /** @type {(at: Setting) => number[]} the mean over the scored positions of (p_i − [i = y]) h_j */
  slopes(at) {
    const seen = this.look(at);
    return at.turned.map((_, d) => {
      const i = Math.floor(d / this.columns), j = d % this.columns;
      return mean(seen.map(({ p, h }, t) => (p[i] - (this.positions[t].y === i ? 1 : 0)) * h[j]));
    });
  }

  /** @param {Setting} at @param {number} d @param {Iterable<number>} nudges */
  *losses({ turned }, d, nudges) {
    const moved = [...turned];
    for (const nudge of nudges) { moved[d] = nudge; yield this.loss({ turned: moved, weights: null }); }
  }

  value() { return null; }
}

/**
 * Python: it has told of one setting, and of one dial's losses there. Any other setting it has to be asked for.
 * @implements {Answers}
 */
export class Kernel {

  /** @param {Model} model @param {number[]} nudges that Python sends the losses of */
  constructor(model, nudges) {
    this.model = model;
    this.nudges = nudges;
  }

  get #told() { return this.model.get("told"); }

  // Where on the curve that Python sent: the others have not moved since, and the dial is on one of its nudges.
  /** @type {(turned: number[], d: number) => boolean} */
  #holds(turned, d) { return d === this.#told.dial && this.#told.turned.every((x, e) => e === d || x === turned[e]); }

  // Has Python said all that is shown of this dial at this setting?
  /** @type {(at: Setting, d: number) => boolean} */
  answered({ turned }, d) { return same(turned, this.#told.turned) && d === this.#told.dial; }

  /** @type {(at: Setting) => number | null} */
  loss({ turned }) {
    const told = this.#told;
    if (same(turned, told.turned)) return told.loss;
    return this.#holds(turned, told.dial) ? told.losses[this.nudges.indexOf(turned[told.dial])] ?? null : null;
  }

  /** @type {(at: Setting) => number[] | null} */
  slopes({ turned }) { return same(turned, this.#told.turned) ? this.#told.slopes : null; }

  /** @param {Setting} at @param {number} d @param {number[]} nudges */
  *losses({ turned }, d, nudges) {
    const { losses } = this.#told;
    if (this.#holds(turned, d)) for (const nudge of nudges) yield losses[this.nudges.indexOf(nudge)];
  }

  value() { return null; }

  look() { return null; }
}
