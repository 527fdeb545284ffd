// A descent that one can watch: the dials turn by themselves, step after step, and the loss leaves a trace.

/** @import { State } from "./state.js" */
/** @import { Setting } from "./types" */

import { alike } from "./answers.js";
import { put, say, shape } from "./elements.js";
import { round, text } from "./numbers.js";

export const RATES = [2, 10, 60]; // steps a second

const MOST = 20; // steps in one frame, where frames are late
const KEPT = 2000; // losses of the trace
const STILL = 20; // steps that are made at once for whoever wants nothing to move

export class Descent {
  everything = false; // every weight of the model, or the board's dials alone
  rate = RATES[1];
  /** @type {number[]} */
  trace = [];
  #last = 0; // when the last step was due
  /** @type {Setting | null} */
  #led = null; // where the trace ends
  /** @type {Setting | null} */
  #unheard = null; // where Python has not said the loss yet

  /** @param {State} state */
  constructor(state) { this.state = state; }

  get running() { return this.state.running; }

  // One step, with a way back.
  step() {
    const { state } = this;
    if (state.running) this.pause();
    state.remember();
    this.#step();
    state.rest();
  }

  /** @param {number} now by performance.now() */
  run(now) {
    const { state } = this;
    state.remember();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      for (let k = 0; k < STILL && this.#step(); k++);
      return state.rest();
    }
    state.running = true;
    this.#last = now;
    state.changed();
  }

  pause() { this.state.halt(); }

  // Does the board stand where the trace ends? Turned by hand it is elsewhere.
  get told() { return this.#led !== null && alike(this.#led, this.state.now); }

  // In every frame of a run: the steps that have become due.
  /** @param {number} now by performance.now() */
  tick(now) {
    const due = Math.min(MOST, Math.floor(((now - this.#last) * this.rate) / 1000));
    if (due) this.#last = now - this.#last > 1000 ? now : this.#last + (1000 * due) / this.rate;
    for (let k = 0; k < due; k++) if (!this.#step()) return this.pause();
    this.state.changed();
  }

  #step() {
    const { state } = this;
    if (!this.told) this.#begin(state.now);
    if (!state.step(this.everything)) return false;
    this.#note(state.now);
    return true;
  }

  /** @param {Setting} at */
  #begin(at) {
    this.trace = [];
    this.#note(at);
  }

  /** @param {Setting} at */
  #note(at) {
    this.#led = at;
    const loss = this.state.answers.loss(at);
    this.#unheard = loss === null ? at : null;
    if (loss !== null) this.trace = [...this.trace, loss].slice(-KEPT);
  }

  // Has Python said the loss of the last step in the meantime?
  hear() { if (this.#unheard) this.#note(this.#unheard); }
}

const WIDTH = 430, HEIGHT = 60, LEFT = 56;

/** The trace of the loss, one point a step. */
export function traced() {
  const line = shape("polyline", { class: "gw-steps" }), words = [14, HEIGHT - 4].map((y) => shape("text", { y, "text-anchor": "end" }));
  const node = shape("svg", { class: "gw-trace", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "" },
    shape("g", { class: "gw-axes" }, ...words), line);
  return {
    node,
    /** @type {(trace: number[], digits: number) => void} */
    draw(trace, digits) {
      const low = Math.min(...trace), high = Math.max(...trace), told = [high, low].map((loss) => text(loss, digits));
      const left = Math.max(LEFT, 10 + 7 * Math.max(...told.map((number) => number.length))); // or they are cut off
      const across = (WIDTH - left - 4) / Math.max(1, trace.length - 1);
      const Y = (/** @type {number} */ loss) => 6 + ((high - loss) / (high - low || 1)) * (HEIGHT - 12);
      put(line, "points", trace.map((loss, k) => `${round(left + k * across)},${round(Y(loss))}`).join(" "));
      words.forEach((word, k) => { put(word, "x", left - 8); say(word, told[k]); });
      put(node, "aria-label", `the loss in ${trace.length - 1} steps: from ${text(trace[0], digits)} to ` +
        text(trace[trace.length - 1], digits));
    },
  };
}
