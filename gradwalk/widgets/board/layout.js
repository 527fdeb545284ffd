// A board's parts, and where each of them stands on it.

/** @import { State } from "./state.js" */
/** @import { Call, Scene } from "./types" */

import { RATES, traced } from "./descent.js";
import { ground, make, shape } from "./elements.js";
import { KEYS } from "./hand.js";
import { knob } from "./knob.js";
import { plot } from "./plot.js";
import { watched } from "./watched.js";

let boards = 0;

const SWEEP = 135; // degrees from straight up to the end of the scale

/** @typedef {ReturnType<typeof partsOf>} Parts */

/** @type {(name: string, options: string[][], value: string) => HTMLSelectElement} */
function choice(name, options, value) {
  const node = make("select", { "aria-label": name, autocomplete: "off", "data-lm-suppress-shortcuts": "true" },
    ...options.map(([of, words]) => make("option", { value: of }, words)));
  node.value = value;
  return node;
}

/** @type {(words: string, more?: string) => HTMLButtonElement} */
const button = (words, more) => make("button", { type: "button", ...(more ? { class: more } : {}) }, words);

/**
 * All that changes on a board, or is pressed.
 * @param {State} state
 */
export function partsOf({ scene, kernel, tape }) {
  const { start, names, reach } = scene;
  const scale = Math.max(...start.map(Math.abs)) + reach;
  /** @type {Call[]} */
  const calls = ["rise", "fall", "stay"];
  return {
    knobs: start.map((value, d) => knob(names[d], reach, (setting) => (SWEEP * setting) / scale, value, !kernel)),
    columns: scene.columns.map(() => ({
      title: make("div", { class: "gw-above" }),
      below: make("div", { class: "gw-quiet" }),
    })),
    bars: scene.kind === "output" ? scene.rows.map(() => ({
      fill: shape("line", { class: "gw-fill" }),
      number: make("div", { class: "gw-p" }),
    })) : [],
    loss: make("div", { class: "gw-loss" }),
    was: make("span", { class: "gw-quiet" }),
    title: make("div", { class: "gw-title" }),
    back: button("back to the start", "gw-small"),
    plot: plot(),
    ask: make("div", { class: "gw-ask" }),
    asked: make("div", { class: "gw-asked" }),
    calls: calls.map((word) => ({ word, button: button(word, "gw-answer") })),
    slope: make("div", { class: "gw-slope" }),
    shares: make("div", { class: "gw-parts" }),
    verdict: make("span", { class: "gw-verdict", "aria-live": "polite" }),
    score: make("span", { class: "gw-score" }),
    showAll: button("show all", "gw-small"),
    watched: scene.watch ? watched(scene.watch) : null,
    reset: button("reset"),
    undo: button("undo"),
    step: button("one step downhill"),
    run: button("let it run"),
    rate: choice("steps a second", RATES.map((rate) => [String(rate), `${rate} a second`]), String(RATES[1])),
    everything: make("input", { type: "checkbox", autocomplete: "off" }), // or the browser's way back ticks it, unheard
    whole: tape !== null, // all weights are here
    goes: make("span", { class: "gw-quiet" }),
    trace: traced(),
    keep: button("keep this setting"),
    called: make("input", { type: "text", class: "gw-called", autocomplete: "off", "aria-label": "the name of the setting", maxlength: 12, "data-lm-suppress-shortcuts": "true" }),
    compare: choice("compare with", [["-1", "compare with nothing"]], "-1"),
    goThere: button("go to it", "gw-small"),
    forget: button("forget it", "gw-small"),
    note: make("span", { class: "gw-note gw-quiet", role: "status" }),
  };
}

// Where a line may end in a narrow column.
const broken = (/** @type {string} */ label) => label.replace("component", "compo\u00adnent");

/** @type {(scene: Scene, parts: Parts) => HTMLElement} */
function gridOf(scene, parts) {
  const { knobs, bars } = parts, columns = scene.columns.length ? scene.columns : [{ label: "" }];
  parts.columns.forEach(({ title, below }, j) => title.append(make("div", {}, broken(columns[j].label)), below));
  const several = scene.positions.length > 1;
  return make("div",
    { class: bars.length ? "gw-grid gw-with-bars" : "gw-grid",
      style: `--gw-columns: ${columns.length}; --gw-rows: ${scene.rows.length}` },
    make("div", { class: "gw-word" },
      make("div", { class: "gw-corner" }, scene.row_head),
      ...(bars.length ? [make("div", { class: "gw-corner" }, several ? "mean p_i" : "p_i")] : [])),
    ...(parts.columns.length ? parts.columns.map(({ title }) => title) : [make("div", { class: "gw-above" })]),
    ...scene.rows.flatMap((row, i) => [
      make("div", { class: "gw-word" },
        make("div", { class: row.mark ? "gw-row gw-true" : "gw-row", title: row.mark }, broken(row.label)),
        ...bars.slice(i, i + 1).map(({ fill, number }) =>
          make("div", { class: "gw-bar" }, shape("svg", { class: "gw-rail", "aria-hidden": "true" }, ground(50, 6), fill), number))),
      ...knobs.slice(i * columns.length, (i + 1) * columns.length).map((part) => part.node)]));
}

/** @type {(parts: Parts) => HTMLElement} */
function readingOf(parts) {
  parts.ask.append(parts.asked, make("div", { class: "gw-answers" }, ...parts.calls.map((call) => call.button)));
  return make("div", { class: "gw-reading" }, make("div", { class: "gw-read" },
    make("div", { class: "gw-headline" }, make("div", {}, parts.loss), parts.was),
    make("div", { class: "gw-line" }, make("div", { class: "gw-wide" }, parts.title), parts.back),
    make("div", { class: "gw-stage" }, parts.plot.node, parts.ask),
    parts.slope, parts.shares, parts.verdict,
    make("div", { class: "gw-line gw-scores" }, parts.score, parts.showAll)));
}

/**
 * The board, with its parts in their places.
 * @type {(scene: Scene, parts: Parts) => HTMLElement}
 */
export function layout(scene, parts) {
  const keys = `gw-keys-${++boards}`;
  const about = { role: "group", "aria-label": `dial board, ${scene.name}`, "aria-describedby": keys, "data-lm-suppress-shortcuts": "true" };
  return make("div", { class: "gw-board", ...about },
    make("div", { class: "gw-head" },
      ...scene.sentences.map((words) => make("span", { class: "gw-sentence" },
        ...words.flatMap(([word, scored]) => [scored ? make("b", {}, word) : word, " "]))),
      make("span", { class: "gw-quiet" }, scene.note)),
    make("div", { class: "gw-panels" },
      make("div", { class: "gw-dials" }, gridOf(scene, parts)),
      readingOf(parts),
      ...(parts.watched ? [parts.watched.node] : [])),
    make("div", { class: "gw-foot" }, parts.reset, parts.undo, parts.keep, parts.called, parts.compare, parts.goThere,
      parts.forget, parts.note),
    make("div", { class: "gw-foot" }, parts.step, parts.run, parts.rate,
      ...(parts.whole ? [make("label", {}, parts.everything, " every weight of the model")] : []), parts.goes),
    parts.trace.node,
    make("div", { class: "gw-legend gw-quiet" }, scene.legend, make("br"), make("span", { id: keys }, KEYS)));
}
