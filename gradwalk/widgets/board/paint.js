// A board's parts, made to show its state. Called at most once a frame.

/** @import { Descent } from "./descent.js" */
/** @import { Parts } from "./layout.js" */
/** @import { State } from "./state.js" */
/** @import { Seen, Setting } from "./types" */

import { make, put, say, show, style } from "./elements.js";
import { fine, mean, round, text, within } from "./numbers.js";
import { dead, gearTold, scoreTold, sharesOf, slopeAlone, slopeOfShares, verdictTold } from "./told.js";

/**
 * The setting, the selected dial, and what is known there.
 * @typedef {{now: Setting, turned: number[], d: number, seen: Seen[] | null, loss: number | null,
 *   slopes: number[] | null, slope: number | null, open: boolean}} At
 */

// The dialect that the page's switch of names has chosen.
const dialect = () => document.body.dataset.gradwalkNames ?? "";

/** @type {(state: State, descent: Descent, parts: Parts) => void} */
export function paint(state, descent, parts) {
  const { answers, scene, now, now: { turned }, selected: d } = state, slopes = answers.slopes(now);
  const at = {
    now, turned, d, slopes,
    seen: scene.kind === "output" ? answers.look(now) : null,
    loss: answers.loss(now),
    slope: slopes && slopes[d],
    open: state.known(d),
  };
  paintKnobs(state, parts, at);
  paintOutput(state, parts, at);
  paintWatched(state, parts);
  paintReading(state, parts, at);
  paintCurve(state, parts, at);
  paintSlope(state, parts, at);
  paintCalls(state, parts, at);
  paintFoot(state, parts, at);
  paintDescent(state, descent, parts, at);
  paintKept(state, parts);
}

/**
 * A dial by its name in the page's dialect; the course's where that has none.
 * @type {(state: State, d: number) => string}
 */
const spoken = ({ scene }, d) => scene.spoken?.[dialect()]?.[d] ?? scene.names[d];

/**
 * So many digits that a small step shows.
 * @type {(state: State) => number}
 */
const digitsOf = ({ scene }) => Math.min(6, Math.max(2, Math.ceil(-Math.log10(scene.reach / 25))));

/** @type {(state: State, loss: number | null) => string} */
const lossTold = ({ scene }, loss) => (loss === null ? "\u2026" : text(loss, scene.loss_digits));

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintKnobs(state, { knobs }, at) {
  const { scene, kernel, wide } = state, { turned, d: selected, loss, slopes } = at, digits = digitsOf(state);
  knobs.forEach((part, d) => {
    const setting = scene.start[d] + turned[d];
    part.draw({
      setting,
      end: Math.max(!kernel && d === selected ? wide : scene.reach, Math.abs(turned[d])),
      shown: text(setting, digits, true),
      selected: d === selected,
      known: state.known(d),
      told: slopes !== null,
      // Of the others it is said when the hand lets go: until then nobody can ask.
      valuetext: state.held && d !== selected ? null : `${spoken(state, d)} ${text(setting, digits)}, loss ${lossTold(state, loss)}`,
      help: !slopes || dead(scene, slopes[d]) ? 0 : within(-slopes[d] / scene.steepest, 1),
    });
  });
}

// The words' shares, and the meaning components that W's dials are geared by.
/** @type {(state: State, parts: Parts, at: At) => void} */
function paintOutput({ scene }, { bars, columns }, { seen }) {
  if (!seen) return;
  bars.forEach((bar, i) => {
    const p = mean(seen.map((at) => at.p[i]));
    put(bar.fill, "x2", `${round(100 * p)}%`);
    say(bar.number, fine(p, 3));
  });
  columns.forEach(({ title, below }, j) => {
    const told = gearTold(scene, seen.map((at) => at.h[j]));
    say(below, told.below);
    put(title, "title", told.hint);
  });
}

/** @type {(state: State, parts: Parts) => void} */
function paintWatched(state, { watched }) {
  if (!watched || !state.scene.watch) return;
  const { now, before } = state.watched(state.scene.watch.of);
  if (now && before) watched.draw(now, dialect() || undefined, before);
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintReading(state, parts, { turned, d, loss }) {
  const { scene } = state, words = lossTold(state, loss);
  say(parts.loss, words);
  style(parts.loss, "width", `${words.length}ch`);
  put(parts.loss, "data-loss", loss ?? "");
  say(parts.was, `nats of loss \u00b7 was ${text(scene.start_loss, scene.loss_digits)} at the start`);
  say(parts.title, `${spoken(state, d)} = ${text(scene.start[d] + turned[d], digitsOf(state))}`);
  parts.back.disabled = turned[d] === 0;
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintCurve(state, { plot }, { turned, d, loss, slope, open }) {
  const told = !open ? "hidden until you have said which way it goes"
    : slope === null ? "at a setting that Python has not answered yet" : `with its tangent: slope ${text(slope, 3)}`;
  const { compared, scene } = state, { present, other, loss: then } = open ? state.response() : NOTHING;
  // Of another dial Python may not have told: no curve is there.
  const kept = compared && other?.losses.some(Number.isFinite) ? { curve: other, loss: then, nudge: compared.turned[d],
    words: `${compared.name}: ${lossTold(state, then)}` } : null;
  plot.draw({ response: present, loss, slope, nudge: turned[d], kept,
    start: scene.start[d], floor: scene.floor,
    label: `the loss against ${spoken(state, d)}, ${told}${kept ? `; compared with ${kept.words}` : ""}` });
}

const NOTHING = { present: null, other: null, loss: null };

/** @type {(state: State, at: At) => {line: string, rows: string[][]}} */
function slopeTold({ scene }, { d, seen, slope, open }) {
  if (!open || slope === null) return { line: "", rows: [] };
  return seen ? slopeOfShares(scene, slope, sharesOf(scene, d, seen)) : { line: slopeAlone(scene, slope), rows: [] };
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintSlope(state, parts, at) {
  const { line, rows } = slopeTold(state, at), cells = rows.flat();
  say(parts.slope, line);
  put(parts.slope, "data-slope", (at.open ? at.slope : null) ?? "");
  if (parts.shares.childElementCount !== cells.length)
    parts.shares.replaceChildren(...cells.map(() => make("span")));
  cells.forEach((words, k) => say(parts.shares.children[k], words));
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintCalls(state, parts, { d, slope, open }) {
  const { scene, model } = state, predictions = model.get("predictions");
  show(parts.ask, !open);
  if (!open) say(parts.asked, `Turn ${spoken(state, d)} up. The loss will`);
  for (const { button } of parts.calls) button.disabled = slope === null;
  say(parts.verdict, verdictTold(state.verdict(d)));
  say(parts.score, scene.predict ? scoreTold(predictions) : "");
  const left = Object.keys(predictions).length < scene.start.length;
  show(parts.showAll, scene.predict && !model.get("shown") && left);
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintFoot({ model, refused, waits }, parts, { turned }) {
  parts.undo.disabled = !model.get("history").length;
  parts.reset.disabled = turned.every((x) => x === 0) && !model.get("stage");
  say(parts.note, refused ? "No further: out there the numbers are too large, and no loss can be had."
    : !waits ? ""
    : model.get("live") ? "This model is too large for the page: Python is asked for the loss here."
    : "This model is too large for the page, and Python, which knows the loss here, is not there.");
}

/** @type {(state: State, descent: Descent, parts: Parts, at: At) => void} */
function paintDescent(state, { running, everything, trace, told }, parts, { slopes }) {
  const eta = state.model.get("eta"), stuck = slopes === null;
  parts.step.disabled = stuck;
  parts.run.disabled = stuck || state.kernel !== null;
  say(parts.run, running ? "pause" : "let it run");
  say(parts.goes, `${everything ? "every weight" : "each dial"} goes by \u2212${eta} \u00d7 its slope`);
  const shown = told && trace.length > 1;
  show(parts.trace.node, shown);
  if (shown) parts.trace.draw(trace, state.scene.loss_digits);
}

/** @type {(state: State, parts: Parts) => void} */
function paintKept({ model, keepable }, { keep, called, compare, goThere, forget }) {
  const kept = model.get("kept"), names = ["nothing", ...kept.map(({ name }) => name)].map((name) => `compare with ${name}`);
  if (compare.options.length !== names.length || names.some((name, k) => compare.options[k].text !== name)) {
    compare.replaceChildren(...names.map((name, k) => make("option", { value: k - 1 }, name)));
  }
  const chosen = String(model.get("compared"));
  if (compare.value !== chosen) compare.value = chosen; // written, the browser looks through all forms of the page
  keep.disabled = kept.length >= MOST_KEPT || !keepable;
  put(keep, "title", keepable ? "" : "what a descent has made of a model this large cannot be saved twice");
  put(called, "placeholder", LETTERS.find((letter) => kept.every(({ name }) => name !== letter)) ?? "");
  for (const part of [compare, goThere, forget]) show(part, kept.length > 0);
  for (const part of [goThere, forget]) part.disabled = model.get("compared") < 0;
}

const MOST_KEPT = 8, LETTERS = [..."ABCDEFGH"];
