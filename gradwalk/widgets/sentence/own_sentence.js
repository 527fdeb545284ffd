// The learner's own sentence: a field, a message line, the words to press, and their board. The page reads what is
// typed, by itself; a model whose words it does not have, Python reads.

/** @import { Model as Board, PageModel, Scene } from "../board/types" */
/** @import { Recipe } from "./scene.js" */

import { renderBoard } from "../board/board.js";
import { make, put, say } from "../board/elements.js";
import { pageModel } from "../board/page_model.js";
import { knows } from "../engine/engine.js";
import { Refused, read } from "./read.js";
import { compose, labelOf, selected } from "./scene.js";
import { wordButtons } from "./words.js";

/**
 * @typedef {{tape: string | null, board: string, recipe: Recipe, sentence: string, message: string, words: string[],
 *   word: number, live: boolean}} Traits see widgets/own_sentence.py
 * @typedef {{get<Name extends keyof Traits>(name: Name): Traits[Name],
 *   set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void, save_changes(): void,
 *   send(asked: object): void, on: Board["on"], off: Board["off"],
 *   widget_manager: {get_model(name: string): Promise<any>}}} Model
 */

const ASKED = "Python, which reads this model's sentences, is asked.";
const ALONE = "Python reads this model's sentences, and it is not there.";

/** @type {(board: Board, tape: string | null, scene: Scene, dial: number, eta: number) => void} a board at its start */
function putOn(board, tape, scene, dial, eta) {
  const still = scene.start.map(() => 0), asked = { turned: still, dial };
  const traits = { tape, turned: still, stage: "", stages: {}, history: [], kept: [], compared: -1, predictions: {},
    shown: !scene.predict, selected: dial, eta, asked, told: {}, scene }; // the scene last: it draws the board anew
  for (const [name, value] of Object.entries(traits)) board.set(/** @type {any} */ (name), value);
  board.save_changes();
}

/**
 * Read a sentence, and put its scene on the board; `word`: which is asked for, or the last. What cannot be read leaves
 * the board as it was.
 * @type {(model: Model, reads: PageModel, board: Board, sentence: string, word: number | null) => void}
 */
export function readIn(model, reads, board, sentence, word) {
  model.set("sentence", sentence);
  try {
    const numbers = read(sentence, { words: reads.words, T_max: reads.weights.E_pos.shape[0] });
    const recipe = model.get("recipe"), place = word ?? numbers.length - 1;
    const scene = compose(reads, recipe, board.get("scene"), numbers, place);
    putOn(board, model.get("tape"), scene, selected(scene, recipe), recipe.eta);
    model.set("words", numbers.map((i) => labelOf(reads, i)));
    model.set("word", place);
    model.set("message", "");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    model.set("message", error.message);
  }
  model.save_changes();
}

/** @type {(given: {model: Model, el: Element}) => Promise<() => void>} */
export async function renderSentence({ model, el }) {
  const sent = await pageModel(model), reads = sent && sent.words.length && knows(sent.lines) ? sent : null;
  const field = make("input", { type: "text", class: "gw-field", autocomplete: "off", placeholder: "a sentence of words that the model knows" });
  const message = make("div", { class: "gw-message", role: "alert" }), slot = make("div");
  /** @type {Board} */
  let board;
  let turn = 0, close = () => {};

  /** @type {(asked: {sentence?: string, away?: number, word: number | null}) => void} */
  const askPython = (asked) => {
    model.set("message", model.get("live") ? ASKED : ALONE);
    model.save_changes();
    if (model.get("live")) model.send(asked);
  };
  /** @type {(left: string[], word: number | null) => void} */
  const readLeft = (left, word) => {
    if (reads) readIn(model, reads, board, left.map((label) => reads.words.find((_, i) => labelOf(reads, i) === label)).join(" "), word);
  };
  const words = wordButtons(
    (k) => { if (reads) readLeft(model.get("words"), k); else askPython({ word: k }); },
    (k) => {
      const asked = model.get("word"), word = k === asked ? null : asked - Number(k < asked) || null; // or the last
      if (reads) readLeft(model.get("words").filter((_, at) => at !== k), word);
      else askPython({ away: k, word });
    });
  const typed = () => {
    if (field.value === model.get("sentence")) return; // it has been read
    if (reads) readIn(model, reads, board, field.value, null);
    else askPython({ sentence: field.value, word: null });
  };
  field.addEventListener("change", typed); // the field is left
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) typed(); });

  const draw = () => {
    field.value = model.get("sentence");
    say(message, model.get("message"));
    put(field, "aria-invalid", String(model.get("message") !== ""));
    words.draw(model.get("words"), model.get("word"));
  };
  const another = async () => {
    const own = ++turn;
    close();
    close = () => {};
    const found = await model.widget_manager.get_model(model.get("board").replace("IPY_MODEL_", ""));
    const drawn = await renderBoard({ model: found, el: slot });
    if (own !== turn) { drawn(); return; }
    [board, close] = [found, drawn];
  };
  await another();
  draw();
  /** @type {[event: string, listener: () => void][]} */
  const heard = [["change:board", another], ...["sentence", "message", "words", "word"].map((name) =>
    /** @type {[string, () => void]} */ ([`change:${name}`, draw]))];
  for (const [event, listener] of heard) model.on(event, listener);
  const root = make("div", { class: "gw-typing", "data-lm-suppress-shortcuts": "true" },
    make("div", { class: "gw-typed" }, make("label", {}, "your sentence", field), message), words.node, slot);
  el.append(root);
  return () => {
    turn++;
    for (const [event, listener] of heard) model.off(event, listener);
    close();
    root.remove();
  };
}
