// The dial board. Python derives; these modules walk the model's lines, draw, and answer the hand without asking Python.
// It needs a model with get, set, save_changes, on, off and a widget_manager, so it also runs in a plain page without
// Jupyter.

/** @import { Parts } from "./layout.js" */
/** @import { Model, PageModel } from "./types" */

import { unpacked } from "../engine/engine.js";
import { Descent } from "./descent.js";
import { hand } from "./hand.js";
import { layout, partsOf } from "./layout.js";
import { paint } from "./paint.js";
import { State } from "./state.js";

/** @type {WeakMap<object, PageModel["weights"]>} */
const known = new WeakMap(); // the weights of each model that has been unpacked: its boards share them

/** @type {(model: Model) => Promise<PageModel | null>} the model that the board is made of, if it was sent */
async function taped(model) {
  const name = model.get("tape");
  if (!name) return null;
  const sent = await model.widget_manager.get_model(name.replace("IPY_MODEL_", ""));
  const weights = sent.get("weights");
  if (!known.has(weights)) {
    known.set(weights, Object.fromEntries(Object.entries(weights).map(([each, array]) => [each, unpacked(array)])));
  }
  return { lines: sent.get("lines"), weights: known.get(weights) ?? {} };
}

/** @type {(state: State, descent: Descent, parts: Parts) => void} */
function press(state, descent, parts) {
  for (const { word, button } of parts.calls) button.addEventListener("click", () => {
    if (!state.call(word)) return;
    parts.knobs[state.selected].node.focus({ preventScroll: true }); // the hand goes back to the dial
  });
  parts.back.addEventListener("click", () => state.goHome(state.selected));
  parts.showAll.addEventListener("click", () => state.showAll());
  parts.reset.addEventListener("click", () => state.reset());
  parts.undo.addEventListener("click", () => state.undo());
  parts.step.addEventListener("click", () => descent.step());
  parts.run.addEventListener("click", () => (descent.running ? descent.pause() : descent.run(performance.now())));
  parts.rate.addEventListener("change", () => { descent.rate = Number(parts.rate.value); });
  parts.everything.addEventListener("change", () => { descent.everything = parts.everything.checked; state.changed(); });
  parts.keep.addEventListener("click", () => { state.keep(parts.called.value.trim() || parts.called.placeholder); parts.called.value = ""; });
  parts.compare.addEventListener("change", () => state.compare(Number(parts.compare.value)));
  parts.forget.addEventListener("click", () => state.forget());
  parts.goThere.addEventListener("click", () => { const to = state.compared; if (to) state.jump(to.turned, to.stage); });
}

/** @type {(given: {model: Model, el: Element}) => Promise<() => void>} */
async function render({ model, el }) {
  let frame = 0;
  const draw = () => {
    frame = 0;
    if (descent.running) descent.tick(performance.now());
    paint(state, descent, parts);
  };
  const soon = () => { frame ||= requestAnimationFrame(draw); }; // at most once a frame

  const state = new State(model, await taped(model), soon), parts = partsOf(state), root = layout(state.scene, parts);
  const descent = new Descent(state);
  const listen = hand(state, root, parts.knobs);
  parts.knobs.forEach((part, d) => listen(part.node, d));
  press(state, descent, parts);
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
