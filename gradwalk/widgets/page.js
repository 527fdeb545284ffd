// What a notebook loads for all boards, sentences and exercises: one text, one render.

import { renderBoard } from "./board/board.js";
import { renderExercise } from "./exercise/exercise.js";
import { keep } from "./keep.js";
import { renderSentence } from "./sentence/own_sentence.js";

/** @type {(given: {model: any, el: Element}) => Promise<() => void>} each has a trait that the others lack */
const render = async (given) => (given.model.get("exercise") ? renderExercise(given)
  : given.model.get("board") ? renderSentence(given) : renderBoard(given));

/** @type {(given: {model: any}) => void} */
const initialize = ({ model }) => keep(model.widget_manager);

export default { initialize, render };
