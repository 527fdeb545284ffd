// A board's parts, made to show its state. Called at most once a frame.

/** @import { Parts } from "./layout.js" */
/** @import { State } from "./state.js" */
/** @import { Look, Slope } from "./types" */

import { make, put, say, show, style } from "./elements.js";
import { fine, mean, round, same, text, within } from "./numbers.js";
import { dead, scoreTold, slopeAlone, slopeOfShares, verdictTold } from "./told.js";

/**
 * The setting, the selected dial, and what is known there.
 * @typedef {{now: number[], d: number, seen: Look[] | null, loss: number | null, slope: Slope | null,
 *   open: boolean}} At
 */

// The dialect that the page's switch of names has chosen.
const dialect = () => document.body.dataset.gradwalkNames ?? "";

/** @type {(state: State, parts: Parts) => void} */
export function paint(state, parts) {
  const { answers, turned: now, selected: d } = state;
  const seen = answers.free ? answers.look(now) : null;
  const at = {
    now, d, seen,
    loss: seen ? mean(seen.map((one) => one.loss)) : answers.loss(now),
    slope: answers.free ? answers.slope(now, d, seen) : answers.slope(now, d),
    open: state.known(d),
  };
  paintKnobs(state, parts, at);
  paintBars(parts, seen);
  if (parts.value) parts.watched?.draw(parts.value.now(now), dialect() || undefined, parts.value.start);
  paintReading(state, parts, at);
  paintCurve(state, parts, at);
  paintSlope(state, parts, at);
  paintCalls(state, parts, at);
  paintFoot(state, parts, at);
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

/**
 * Each dial's slope; a deeper board has those of its last answer.
 * @type {(state: State, at: At) => {slopes: number[], stale: boolean}}
 */
function slopesOf({ answers, model }, { now, seen }) {
  if (answers.free) return { slopes: now.map((_, d) => answers.slope(now, d, seen).value), stale: false };
  const { at, slopes } = model.get("here");
  return { slopes, stale: !same(at, now) };
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintKnobs(state, { knobs }, at) {
  const { scene, answers, wide } = state, { now, d: selected, loss } = at;
  const digits = digitsOf(state), { slopes, stale } = slopesOf(state, at);
  knobs.forEach((part, d) => {
    const setting = scene.start[d] + now[d];
    part.draw({
      setting,
      end: Math.max(answers.free && d === selected ? wide : scene.reach, Math.abs(now[d])),
      shown: text(setting, digits, true),
      selected: d === selected,
      known: state.known(d),
      stale: stale && d !== selected,
      valuetext: `${spoken(state, d)} ${text(setting, digits)}, loss ${lossTold(state, loss)}`,
      help: dead(scene, slopes[d]) ? 0 : within(-slopes[d] / scene.steepest, 1),
    });
  });
}

/** @type {(parts: Parts, seen: Look[] | null) => void} */
function paintBars({ bars }, seen) {
  if (seen) bars.forEach((bar, i) => {
    const p = mean(seen.map((at) => at.p[i]));
    style(bar.fill, "transform", `scaleX(${round(p)})`);
    say(bar.number, fine(p, 3));
  });
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintReading(state, parts, { now, d, loss }) {
  const { scene } = state, words = lossTold(state, loss);
  say(parts.loss, words);
  style(parts.loss, "width", `${words.length}ch`);
  put(parts.loss, "data-loss", loss ?? "");
  say(parts.was, `nats of loss \u00b7 was ${text(scene.start_loss, scene.loss_digits)} at the start`);
  say(parts.title, `${spoken(state, d)} = ${text(scene.start[d] + now[d], digitsOf(state))}`);
  parts.back.disabled = now[d] === 0;
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintCurve(state, { plot }, { now, d, loss, slope, open }) {
  const told = !open ? "hidden until you have said which way it goes"
    : slope ? `with its tangent: slope ${text(slope.value, 3)}` : "at a setting that Python has not answered yet";
  plot.draw({ response: open ? state.response() : null, loss, slope: slope && slope.value, nudge: now[d],
    start: state.scene.start[d], floor: state.scene.floor,
    label: `the loss against ${spoken(state, d)}, ${told}` });
}

/** @type {(state: State, at: At) => {line: string, rows: string[][]}} */
function slopeTold({ scene, answers }, { now, d, seen, slope, open }) {
  if (!open || !slope) return { line: "", rows: [] };
  if (!answers.free) return { line: slopeAlone(scene, slope), rows: [] };
  return slopeOfShares(scene, slope.value, answers.shares(now, d, seen ?? undefined));
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintSlope(state, parts, at) {
  const { line, rows } = slopeTold(state, at), cells = rows.flat();
  say(parts.slope, line);
  put(parts.slope, "data-slope", at.open && at.slope ? at.slope.value : "");
  if (parts.shares.childElementCount !== cells.length)
    parts.shares.replaceChildren(...cells.map(() => make("span")));
  cells.forEach((words, k) => say(parts.shares.children[k], words));
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintCalls(state, parts, { d, slope, open }) {
  const { scene, model } = state, predictions = model.get("predictions");
  show(parts.ask, !open);
  if (!open) say(parts.asked, `Turn ${spoken(state, d)} up. The loss will`);
  for (const { button } of parts.calls) button.disabled = !slope;
  say(parts.verdict, verdictTold(state.verdict(d)));
  say(parts.score, scene.predict ? scoreTold(predictions) : "");
  const left = Object.keys(predictions).length < scene.start.length;
  show(parts.showAll, scene.predict && !model.get("shown") && left);
}

/** @type {(state: State, parts: Parts, at: At) => void} */
function paintFoot({ model, alone }, parts, { now }) {
  parts.undo.disabled = !model.get("history").length;
  parts.reset.disabled = now.every((x) => x === 0);
  parts.step.disabled = alone;
  say(parts.step, `one step of descent (\u03b7 = ${model.get("eta")})`);
  const why = model.get("live") ? "Python does not answer" : "No Python here";
  say(parts.note, alone ? `${why}: one dial at a time, the others are held where the curves were taken.` : "");
}
