// What a board knows and how it changes. It draws nothing: whoever made it is told when there is something to draw.

/** @import { Call, Curve, Model, Traits, Verdict } from "./types" */

import { deeperLayer, kernel, outputLayer } from "./answers.js";
import { same, within } from "./numbers.js";

/** @type {(keyof Traits)[]} */
const EARS = ["turned", "here", "curves", "predictions", "shown", "selected", "history", "eta", "live"];

/** @type {Verdict} */
const TURNED = { said: "turned" };

export class State {
  /** @type {{d: number, wide: number, others: number[], response: Curve} | null} */
  #drawn = null; // the last free curve
  #lastKey = { dial: -1, time: 0 };
  #timer = 0;
  #resting = 0;
  #stepping = false; // a step of descent waits for Python's slopes
  /** @type {[event: string, listener: () => void][]} */
  #heard;

  /**
   * @param {Model} model
   * @param {() => void} changed
   */
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.scene = model.get("scene");
    this.answers = this.scene.kind === "output" ? outputLayer(this.scene) : deeperLayer(this.scene, model);
    this.python = kernel(model, changed);
    this.columns = Math.max(this.scene.columns.length, 1);
    this.limit = this.answers.free ? 16 * this.scene.reach : this.scene.reach;
    this.wide = this.scene.reach; // how far the curve is drawn to either side
    this.#heard = EARS.map((name) => [`change:${name}`, () => this.#hear(name)]);
    for (const [event, listener] of this.#heard) model.on(event, listener);
  }

  get turned() { return this.model.get("turned"); }

  get selected() { return this.model.get("selected"); }

  /** @param {number} d */
  verdict(d) { return this.model.get("predictions")[this.scene.names[d]]; }

  /** @param {number} d */
  known(d) { return this.model.get("shown") || Boolean(this.verdict(d)); }

  // Nobody is there to send fresh curves.
  get alone() { return !this.answers.free && this.python.gone(); }

  // ---- changes go to the model; it tells Python (not too often: each message makes the notebook work) and other views

  #sync(now = false) {
    if (now) { clearTimeout(this.#timer); this.#timer = 0; this.model.save_changes(); }
    else this.#timer ||= setTimeout(() => this.#sync(true), this.answers.free ? 250 : 60);
  }

  /** @param {number[]} next */
  #move(next, now = false) {
    const moved = next.map((x, d) => (x === this.turned[d] ? -1 : d)).filter((d) => d >= 0);
    if (!moved.length) return;
    const unsettled = moved.filter((d) => !this.known(d)); // turned before it was called: settled, but not called
    const found = Object.fromEntries(unsettled.map((d) => [this.scene.names[d], TURNED]));
    if (unsettled.length) this.model.set("predictions", { ...this.model.get("predictions"), ...found });
    this.model.set("turned", next);
    this.#sync(now);
    this.changed();
  }

  remember() {
    this.model.set("history", [...this.model.get("history").slice(-49), this.turned]);
  }

  // The hand rests: a deeper board now asks Python for the curves of the other dials.
  rest() {
    this.wide = this.scene.reach;
    if (!this.answers.free) this.python.ask();
    this.#sync(true);
    this.changed();
  }

  // With nobody to send fresh curves, the other dials go back to where the curves were computed.
  /** @param {number} d */
  #base(d) {
    if (this.answers.free || !this.alone || this.answers.holds(this.turned, d)) return this.turned;
    return this.turned.map((x, e) => (e === d ? x : this.model.get("curves").at[e]));
  }

  // Where a dial stops: anywhere up to its limit, or at the nearest detent.
  /** @param {number} nudge */
  snap(nudge) {
    const inside = within(nudge, this.limit), { nudges, reach } = this.scene;
    return nudges ? nudges[Math.round(((inside + reach) / (2 * reach)) * (nudges.length - 1))] : inside;
  }

  /** @type {(d: number, nudge: number) => void} */
  turnTo(d, nudge) {
    this.#move(this.#base(d).map((x, e) => (e === d ? this.snap(nudge) : x)));
  }

  /** @param {number} d */
  select(d) {
    if (this.selected === d) return;
    this.wide = this.scene.reach;
    this.model.set("selected", d);
    this.#sync();
    this.changed();
  }

  // Keys and wheel: presses that follow one another on one dial are one turn, for undo and for Python.
  /** @type {(d: number, nudge: number) => void} */
  nudgeTo(d, nudge) {
    if (this.snap(nudge) === this.turned[d]) return;
    const time = performance.now();
    if (this.#lastKey.dial !== d || time - this.#lastKey.time > 800) this.remember();
    this.#lastKey = { dial: d, time };
    this.turnTo(d, nudge);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.rest(), 150);
  }

  /** @type {(d: number, by: number) => void} */
  nudgeBy(d, by) { this.nudgeTo(d, this.turned[d] + by); }

  /** @param {number[]} next */
  #jump(next) {
    this.#lastKey = { dial: -1, time: 0 };
    this.#move(next, true);
    this.rest();
  }

  // To another setting at once, with a way back.
  /** @param {number[]} next */
  jump(next) {
    if (same(next, this.turned)) return;
    this.remember();
    this.#jump(next);
  }

  /** @param {number} d */
  goHome(d) { this.jump(this.#base(d).map((x, e) => (e === d ? 0 : x))); }

  reset() { this.jump(this.turned.map(() => 0)); }

  undo() {
    const history = this.model.get("history"), last = history.at(-1);
    if (!last) return;
    this.model.set("history", history.slice(0, -1));
    this.#jump(last);
  }

  // One step of descent.
  step() {
    const now = this.turned, slopes = now.map((_, d) => this.answers.slope(now, d));
    this.#stepping = slopes.some((s) => !s || !s.exact); // wait for Python's slopes
    if (!this.#stepping) this.jump(now.map((x, d) => x - this.model.get("eta") * (slopes[d]?.value ?? 0)));
  }

  // Say of the selected dial which way the loss will go. Returns whether that was taken.
  /** @param {Call} said */
  call(said) {
    const d = this.selected, slope = this.answers.slope(this.turned, d);
    if (!slope || this.verdict(d)) return false;
    /** @type {Call} */
    const truth = Math.abs(slope.value) <= this.scene.still ? "stay" : slope.value > 0 ? "rise" : "fall";
    const mine = { said, truth, right: said === truth };
    this.model.set("predictions", { ...this.model.get("predictions"), [this.scene.names[d]]: mine });
    this.#sync(true);
    this.changed();
    return true;
  }

  showAll() {
    this.model.set("shown", true);
    this.#sync(true);
    this.changed();
  }

  // The curve of the selected dial; a free one is computed here, and again only when something about it has changed.
  response() {
    const now = this.turned, d = this.selected, { reach } = this.scene;
    if (!this.answers.free) return this.answers.curve(now, d);
    this.wide = Math.max(this.wide, reach * 2 ** Math.ceil(Math.log2(Math.max(1, Math.abs(now[d]) / reach) - 1e-9)));
    const { wide } = this, others = now.map((x, e) => (e === d ? 0 : x)), last = this.#drawn;
    if (last && last.d === d && last.wide === wide && same(last.others, others)) return last.response;
    this.#drawn = { d, wide, others, response: this.answers.curve(now, d, wide) };
    return this.#drawn.response;
  }

  // ---- what Python or another view of this model changes

  /** @param {keyof Traits} name */
  #hear(name) {
    if (name === "here" && this.#stepping) this.step();
    if (name === "curves" || name === "here") this.python.answered();
    this.changed();
  }

  close() {
    for (const [event, listener] of this.#heard) this.model.off(event, listener);
    if (this.#timer) this.#sync(true); // the last turn is not lost
    this.python.close();
    clearTimeout(this.#resting);
  }
}
