// The dial board. Python derives; these modules walk the model's lines, draw, and answer the hand without asking Python.
// It needs a model with get, set, save_changes, on, off and a widget_manager, so it also runs in a plain page without
// Jupyter.

/** @import { Parts } from "./layout.js" */
/** @import { Model, PageModel } from "./types" */

import { Descent } from "./descent.js";
import { hand } from "./hand.js";
import { layout, partsOf } from "./layout.js";
import { pageModel } from "./page_model.js";
import { paint } from "./paint.js";
import { State } from "./state.js";

/** @type {(state: State, descent: Descent, parts: Parts) => void} */
function press(state, descent, parts) {
  const toDial = () => parts.knobs[state.selected].node.focus({ preventScroll: true }); // the hand goes back to it
  for (const { word, button } of parts.calls) button.addEventListener("click", () => {
    if (state.call(word)) toDial();
  });
  /** @type {[HTMLButtonElement, () => void][]} */
  const lasts = [ // what may be pressed for the last time: the focus is not lost with the button
    [parts.back, () => state.goHome(state.selected)],
    [parts.showAll, () => state.showAll()],
    [parts.reset, () => state.reset()],
    [parts.undo, () => state.undo()],
    [parts.forget, () => state.forget()],
    [parts.goThere, () => { const to = state.compared; if (to) state.jump(to.turned, to.stage); }],
  ];
  for (const [button, act] of lasts) button.addEventListener("click", () => {
    act();
    requestAnimationFrame(() => { if (button.disabled || !button.offsetParent) toDial(); }); // once it is drawn
  });
  parts.step.addEventListener("click", () => descent.step());
  parts.run.addEventListener("click", () => (descent.running ? descent.pause() : descent.run(performance.now())));
  parts.rate.addEventListener("change", () => { descent.rate = Number(parts.rate.value); });
  parts.everything.addEventListener("change", () => { descent.everything = parts.everything.checked; state.changed(); });
  parts.keep.addEventListener("click", () => { state.keep(parts.called.value.trim() || parts.called.placeholder); parts.called.value = ""; });
  parts.compare.addEventListener("change", () => state.compare(Number(parts.compare.value)));
}

/** @type {(model: Model, tape: PageModel | null, el: Element) => () => void} the board of the model's present scene */
function drawn(model, tape, el) {
  let frame = 0;
  const draw = () => {
    frame = 0;
    if (descent.running) descent.tick(performance.now());
    descent.hear();
    paint(state, descent, parts);
  };
  const soon = () => { frame ||= requestAnimationFrame(draw); }; // at most once a frame

  const state = new State(model, tape, soon), parts = partsOf(state), root = layout(state.scene, parts);
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

/** @type {(given: {model: Model, el: Element}) => Promise<() => void>} */
export async function renderBoard({ model, el }) {
  let turn = 0, close = () => {};
  const again = async () => { // another scene is another board
    const own = ++turn;
    close();
    close = () => {};
    const tape = await pageModel(model);
    if (own === turn) close = drawn(model, tape, el);
  };
  model.on("change:scene", again);
  await again();
  return () => {
    turn++;
    model.off("change:scene", again);
    close();
  };
}
