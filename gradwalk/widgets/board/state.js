// What a board knows and how it changes. It draws nothing: whoever made it is told when there is something to draw.

/** @import { Call, Curve, Kept, Model, PageModel, Setting, Traits, Verdict } from "./types" */
/** @import { Tensor } from "../engine/tensor.js" */

import { knows, packed, unpacked } from "../engine/engine.js";
import { record } from "../practice/record.js";
import { ClosedForm, Kernel, Tape, alike } from "./answers.js";
import { Growing, nudgesTo, sliceEnd } from "./curve.js";
import { same, within } from "./numbers.js";

/** @type {(keyof Traits)[]} */
const EARS = ["turned", "stage", "told", "predictions", "shown", "selected", "history", "kept", "compared", "eta", "live"];

/** @type {Verdict} */
const TURNED = { said: "turned" };

/**
 * Every value of an object made another.
 * @template From, To
 * @param {Record<string, From>} given
 * @param {(value: From) => To} become
 */
const each = (given, become) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name, become(value)]));

const NEW = "new"; // a stage that has no name yet
const MOST_STAGES = 2 ** 19; // bytes: a saved notebook carries them

export class State {
  /** @type {{at: Setting, d: number, wide: number, growing: Growing, loss: number | null}[]} */
  #curves = []; // the present one, and the one that is compared
  #lastKey = { dial: -1, time: 0 };
  #timer = 0;
  #resting = 0;
  /** @type {WeakMap<object, Record<string, Tensor>>} */
  #unpacked = new WeakMap(); // of each stage as it travels
  /** @type {[event: string, listener: () => void][]} */
  #heard;
  refused = false; // the last turn would have led where there is no loss
  running = false; // a descent goes on by itself
  held = false; // the hand turns a dial

  /**
   * @param {Model} model
   * @param {PageModel | null} tape the model in the page, if it is there
   * @param {() => void} changed
   */
  constructor(model, tape, changed) {
    this.model = model;
    this.changed = changed;
    const scene = this.scene = model.get("scene");
    this.tape = tape && knows(tape.lines) ? new Tape(tape, scene) : null;
    this.kernel = this.tape || scene.kind === "output" ? null : new Kernel(model, nudgesTo(scene.reach));
    this.answers = this.tape ?? this.kernel ?? new ClosedForm(scene);
    this.columns = Math.max(scene.columns.length, 1);
    this.wide = scene.reach; // how far the curve is drawn to either side
    this.start = { turned: scene.start.map(() => 0), weights: null };
    this.#heard = EARS.map((name) => [`change:${name}`, () => this.changed()]);
    for (const [event, listener] of this.#heard) model.on(event, listener);
  }

  get turned() { return this.model.get("turned"); }
  get selected() { return this.model.get("selected"); }

  /** @type {Setting} */
  get now() { return this.#setting(this.model.get("turned"), this.model.get("stage")); }

  /** @type {(turned: number[], stage: string) => Setting} */
  #setting(turned, stage) {
    const arrays = this.model.get("stages")[stage];
    if (arrays && !this.#unpacked.has(arrays)) {
      this.#unpacked.set(arrays, each(arrays, (array) => ("base64" in array ? unpacked(array) : array)));
    }
    return { turned, weights: (arrays && this.#unpacked.get(arrays)) ?? null };
  }

  /** @param {number} d */
  verdict(d) { return this.model.get("predictions")[this.scene.names[d]]; }

  /** @param {number} d */
  known(d) { return this.model.get("shown") || Boolean(this.verdict(d)); }

  // Does the board wait for Python, and is Python there?
  get waits() { return Boolean(this.kernel && !this.kernel.answered(this.now, this.selected)); }

  // ---- changes go to the model; it tells other views, and Python: not too often, and not while the hand turns on, unless
  // Python is asked for what is shown. For each message the notebook draws its bars anew, twice.

  #sync(now = false) {
    if (now || (this.held && !this.kernel)) { clearTimeout(this.#timer); this.#timer = 0; }
    if (now) { this.#pack(); this.model.save_changes(); }
    else if (!this.running) this.#timer ||= setTimeout(() => this.#sync(true), this.kernel ? 60 : 250);
  }

  // What a descent has moved, as it can travel; and no more of it than a notebook should carry.
  #pack() {
    const { model } = this, stages = { ...model.get("stages") };
    let history = model.get("history");
    const used = () => new Set([model.get("stage"), ...[...history, ...model.get("kept")].map(({ stage }) => stage)]);
    for (const stage of Object.keys(stages)) if (!used().has(stage)) delete stages[stage];
    for (const [stage, arrays] of Object.entries(stages)) {
      const tensors = this.#unpacked.get(arrays);
      if (!tensors || Object.values(arrays).every((array) => "base64" in array)) continue;
      stages[stage] = each(tensors, packed);
      this.#unpacked.set(stages[stage], tensors);
    }
    const most = this.#mostStages();
    for (const stage of Object.keys(stages).slice(0, -most)) { // the oldest
      if ([this.#here(), ...model.get("kept")].some((needed) => needed.stage === stage)) continue;
      history = history.slice(history.map((earlier) => earlier.stage).lastIndexOf(stage) + 1);
      delete stages[stage];
    }
    if (history.length < model.get("history").length) model.set("history", history);
    if (Object.keys(stages).length || Object.keys(model.get("stages")).length) model.set("stages", stages);
  }

  #mostStages() {
    const numbers = this.tape ? Object.values(this.tape.weights).reduce((all, { data }) => all + data.length, 0) : 1;
    return Math.max(1, Math.floor(MOST_STAGES / (11 * numbers))); // 8 bytes a number, a third more on its way
  }

  // To another setting; not where there is no loss to be had. Returns whether it was taken.
  /** @type {(next: Setting & {stage?: string}, now?: boolean) => boolean} */
  #move({ turned, weights, stage = this.model.get("stage") }, now = false) {
    const { model } = this, moved = turned.map((x, d) => (x === this.turned[d] ? -1 : d)).filter((d) => d >= 0);
    if (!moved.length && stage === model.get("stage")) return true;
    const loss = this.answers.loss({ turned, weights });
    this.refused = loss !== null && !Number.isFinite(loss);
    if (this.refused) { this.changed(); return false; }
    const unsettled = moved.filter((d) => !this.known(d)); // turned before it was called: settled, but not called
    const found = Object.fromEntries(unsettled.map((d) => [this.scene.names[d], TURNED]));
    if (unsettled.length) model.set("predictions", { ...model.get("predictions"), ...found });
    const to = stage === NEW && weights ? this.#newStage(weights) : stage;
    if (to !== model.get("stage")) model.set("stage", to);
    model.set("turned", turned);
    this.#sync(now);
    this.changed();
    return true;
  }

  #here() { return { turned: this.turned, stage: this.model.get("stage") }; }

  // A way back to a setting, or to the present one.
  remember(setting = this.#here()) {
    this.model.set("history", [...this.model.get("history").slice(-49), setting]);
  }

  // The hand rests: Python is told, and where the page cannot answer, it is asked.
  rest() {
    const last = this.model.get("history").at(-1), { turned, stage } = this.#here();
    if (last && last.stage === stage && same(last.turned, turned)) { // a descent that made no step
      this.model.set("history", this.model.get("history").slice(0, -1));
    }
    this.wide = this.scene.reach;
    if (this.waits) this.model.set("asked", { turned: this.turned, dial: this.selected });
    this.#sync(true);
    this.changed();
  }

  // How far a hand may turn a dial to either side. A descent knows no limit: from where it led, the hand goes on.
  /** @param {number} d */
  limit(d) { return Math.max((this.kernel ? 1 : 16) * this.scene.reach, Math.abs(this.turned[d])); }

  // Where a dial stops: anywhere up to its limit, or at the nearest nudge that Python has the loss of.
  /** @type {(d: number, nudge: number) => number} */
  snap(d, nudge) {
    const inside = within(nudge, this.limit(d)), { reach } = this.scene;
    return this.kernel ? this.kernel.nudges[Math.round(((inside + reach) / (2 * reach)) * 120)] : inside;
  }

  /** @type {(d: number, nudge: number) => boolean} */
  turnTo(d, nudge) {
    return this.#move({ ...this.now, turned: this.turned.map((x, e) => (e === d ? this.snap(d, nudge) : x)) });
  }

  // The first move of a turn: with a way back. Returns whether there was one.
  /** @type {(d: number, nudge: number) => boolean} */
  begin(d, nudge) {
    const before = this.#here();
    if (this.snap(d, nudge) === this.turned[d] || !this.turnTo(d, nudge)) return false;
    this.remember(before);
    return true;
  }

  /** @param {number} d */
  select(d) {
    if (this.selected === d) return;
    this.wide = this.scene.reach;
    this.refused = false;
    this.model.set("selected", d);
    if (this.waits) this.model.set("asked", { turned: this.turned, dial: d });
    this.#sync();
    this.changed();
  }

  // Keys and wheel: presses that follow one another on one dial are one turn, for undo and for Python.
  /** @type {(d: number, nudge: number) => void} */
  nudgeTo(d, nudge) {
    const time = performance.now(), follows = this.#lastKey.dial === d && time - this.#lastKey.time <= 800;
    this.#lastKey = { dial: d, time };
    if (!(follows ? this.turnTo(d, nudge) : this.begin(d, nudge))) return;
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.rest(), 150);
  }

  /** @type {(d: number, by: number) => void} */
  nudgeBy(d, by) { this.nudgeTo(d, this.turned[d] + by); }

  // A descent that goes on by itself goes on no more.
  halt() {
    if (!this.running) return;
    this.running = false;
    this.rest();
  }

  // To another setting at once, with a way back.
  /** @type {(turned: number[], stage?: string) => void} */
  jump(turned, stage = this.model.get("stage")) {
    this.halt();
    const before = this.#here();
    if (same(turned, before.turned) && stage === before.stage) return;
    this.#lastKey = { dial: -1, time: 0 };
    if (!this.#move({ ...this.#setting(turned, stage), stage })) return;
    this.remember(before);
    this.rest();
  }

  /** @param {number} d */
  goHome(d) { this.jump(this.turned.map((x, e) => (e === d ? 0 : x))); }
  reset() { this.jump(this.turned.map(() => 0), ""); }

  undo() {
    this.halt();
    const history = this.model.get("history"), last = history.at(-1);
    if (!last) return;
    this.#lastKey = { dial: -1, time: 0 };
    this.model.set("history", history.slice(0, -1));
    this.#move({ ...this.#setting(last.turned, last.stage), stage: last.stage });
    this.rest();
  }

  // One step of descent: on the dials of the board, or on every weight of the model. Returns whether there was one.
  step(everything = false) {
    const { now, model, tape } = this, eta = model.get("eta");
    if (everything && tape) {
      const { turned, weights } = tape.descend(now, eta);
      return this.#move({ turned, weights, stage: NEW });
    }
    const slopes = this.answers.slopes(now);
    return Boolean(slopes) && this.#move({ ...now, turned: now.turned.map((x, d) => x - eta * (slopes?.[d] ?? 0)) });
  }

  // A run has one stage, which moves on with every step; what was kept or remembered before it stays.
  /** @param {Record<string, Tensor>} weights */
  #newStage(weights) {
    const { model } = this, present = model.get("stage");
    const held = [...model.get("history"), ...model.get("kept")].some(({ stage }) => stage === present);
    const stage = present && !held ? present : String(1 + Math.max(0, ...Object.keys(model.get("stages")).map(Number)));
    model.set("stages", { ...model.get("stages"), [stage]: weights });
    this.#unpacked.set(weights, weights);
    return stage;
  }

  // Say of the selected dial which way the loss will go. Returns whether that was taken.
  /** @param {Call} said */
  call(said) {
    const d = this.selected, slope = this.answers.slopes(this.now)?.[d];
    if (slope === undefined || this.verdict(d)) return false;
    /** @type {Call} */
    const truth = Math.abs(slope) <= this.scene.still ? "stay" : slope > 0 ? "rise" : "fall";
    const mine = { said, truth, right: said === truth }, question = `${this.scene.names[d]} turned up: the loss?`;
    record().note({ kind: "call", question, said, answer: truth, right: mine.right });
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

  // ---- what is watched

  /** @type {{name: string, value: Tensor | null} | null} */
  #started = null;

  // A value now, and as it was at the start, which is walked once.
  /** @param {string} name */
  watched(name) {
    if (this.#started?.name !== name) this.#started = { name, value: this.answers.value(name, this.start) };
    return { now: this.answers.value(name, this.now), before: this.#started.value };
  }

  // ---- comparing

  // Can a notebook carry the present setting twice?
  get keepable() {
    const stages = new Set(this.model.get("kept").map(({ stage }) => stage)).add("").size;
    return !this.model.get("stage") || stages < this.#mostStages();
  }

  // Keep the present setting under a name, and compare with it.
  /** @param {string} name */
  keep(name) {
    const kept = [...this.model.get("kept"), { name, ...this.#here() }];
    this.model.set("kept", kept);
    this.compare(kept.length - 1);
  }

  /** @param {number} k which one; none: -1 */
  compare(k) {
    this.model.set("compared", k);
    this.#sync(true);
    this.changed();
  }

  forget() {
    const k = this.model.get("compared");
    this.model.set("kept", this.model.get("kept").filter((_, other) => other !== k));
    this.compare(-1);
  }

  /** @type {Kept & {at: Setting} | null} what the present setting is compared with */
  get compared() {
    const kept = this.model.get("kept")[this.model.get("compared")];
    return kept ? { ...kept, at: this.#setting(kept.turned, kept.stage) } : null;
  }

  // ---- curves

  // The selected dial's curve, and that of the setting which is compared; worked out again only when something about
  // them has changed, and in slices. Who draws is told when there is more.
  /** @type {() => {present: Curve, other: Curve | null, loss: number | null}} the loss is the other's */
  response() {
    const { now, selected: d, scene: { reach }, compared } = this, until = sliceEnd();
    const far = Math.max(Math.abs(now.turned[d]), Math.abs(compared?.turned[d] ?? 0));
    if (!this.kernel) this.wide = Math.max(this.wide, reach * 2 ** Math.ceil(Math.log2(Math.max(1, far / reach) - 1e-9)));
    const curves = [now, ...(compared ? [compared.at] : [])].map((at, k) => {
      const others = { ...at, turned: at.turned.map((x, e) => (e === d ? 0 : x)) }, last = this.#curves[k];
      const stands = last && last.d === d && last.wide === this.wide && alike(last.at, others) && !this.kernel;
      const growing = () => new Growing(this.answers, at, d, this.wide);
      return stands ? last : { at: others, d, wide: this.wide, growing: growing(), loss: k ? this.answers.loss(at) : null };
    });
    this.#curves = curves;
    for (const { growing } of curves) growing.grow(until);
    if (!curves.every(({ growing }) => growing.curve.whole)) this.changed();
    const [present, other] = curves.map(({ growing }) => growing.curve);
    return { present, other: other ?? null, loss: curves[1]?.loss ?? null };
  }

  close() {
    for (const [event, listener] of this.#heard) this.model.off(event, listener);
    clearTimeout(this.#resting);
    if (this.#timer || this.running) this.#sync(true); // the last turn is not lost
    this.running = false;
  }
}
