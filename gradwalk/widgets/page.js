// What a notebook loads for all boards and sentences: one text, one render.

import { renderBoard } from "./board/board.js";
import { renderSentence } from "./sentence/own_sentence.js";

/** @type {(given: {model: any, el: Element}) => Promise<() => void>} */
const render = (given) => (given.model.get("board") ? renderSentence(given) : renderBoard(given));

export default { render };
