// What a live page brings along: the next day it is there, as a board is.

import { keep } from "./keep.js";

// Only Python knows what the page says elsewhere. Where there is none, the control stays with what is said.
const GONE = ".gw-live-page.jupyter-widgets-disconnected :is(button, input)"; // saved.css keeps the mouse off it

/** @type {(event: KeyboardEvent) => void} */
function still(event) {
  if (event.key === "Tab" || !(event.target instanceof Element && event.target.matches(GONE))) return;
  event.preventDefault();
  event.stopPropagation();
}

/** @type {(given: {model: any}) => void} */
function initialize({ model }) {
  keep(model.widget_manager);
  const kept = Symbol.for("gradwalk keeps live pages still");
  if (Reflect.get(document, kept)) return;
  Reflect.set(document, kept, true);
  document.addEventListener("keydown", still, true);
}

export default { initialize };
