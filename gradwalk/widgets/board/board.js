// The dial board. Python derives, these modules draw, and answer the hand without asking Python back: on the output
// layer by the closed form, elsewhere by the exact response curves that Python has sent.
// It needs a model with get, set, save_changes, on and off, so it also runs in a plain page without Jupyter.

/** @import { Parts } from "./layout.js" */
/** @import { Model } from "./types" */

import { hand } from "./hand.js";
import { layout, partsOf } from "./layout.js";
import { paint } from "./paint.js";
import { State } from "./state.js";

/** @type {(state: State, parts: Parts) => void} */
function press(state, parts) {
  for (const { word, button } of parts.calls) button.addEventListener("click", () => {
    if (!state.call(word)) return;
    parts.knobs[state.selected].node.focus({ preventScroll: true }); // the hand goes back to the dial
  });
  parts.back.addEventListener("click", () => state.goHome(state.selected));
  parts.showAll.addEventListener("click", () => state.showAll());
  parts.reset.addEventListener("click", () => state.reset());
  parts.step.addEventListener("click", () => state.step());
  parts.undo.addEventListener("click", () => state.undo());
}

/** @type {(given: {model: Model, el: Element}) => () => void} */
function render({ model, el }) {
  let frame = 0;
  const draw = () => { frame = 0; paint(state, parts); };
  const soon = () => { frame ||= requestAnimationFrame(draw); }; // at most once a frame

  const state = new State(model, soon), parts = partsOf(state), root = layout(state.scene, parts);
  const listen = hand(state, root, parts.knobs);
  parts.knobs.forEach((part, d) => listen(part.node, d));
  press(state, parts);
  const renamed = new MutationObserver(soon);
  renamed.observe(document.body, { attributes: true, attributeFilter: ["data-gradwalk-names"] });
  el.append(root);
  draw();

  return () => {
    renamed.disconnect();
    cancelAnimationFrame(frame);
    state.close();
    root.remove();
  };
}

export default { render };
