// What the hand does to the knobs: mouse, touch, wheel and keys.

/** @import { Parts } from "./layout.js" */
/** @import { State } from "./state.js" */
/** @import { Call } from "./types" */

import { within } from "./numbers.js";

/** @type {Record<string, number>} */
const TURNS = { ArrowUp: 1, ArrowRight: 1, PageUp: 1, ArrowDown: -1, ArrowLeft: -1, PageDown: -1 };

const MOVES = ["home", "end", "delete", "backspace", "u"]; // what else leads away from where the dials are

/** @type {Record<string, Call>} */
const CALLS = { r: "rise", f: "fall", s: "stay" };

/** @type {Record<string, [rows: number, columns: number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export const KEYS = "keys: arrows turn (Shift: finely, Alt: to the next dial) \u00b7 " +
  "R, F, S: it will rise, fall, stay \u00b7 Backspace: back to the start \u00b7 U: undo";

/**
 * A function: let the hand turn a dial at its knob. `root` shows that a knob is held.
 * @param {State} state
 * @param {Element} root
 * @param {Parts["knobs"]} knobs
 */
export function hand(state, root, knobs) {
  const { reach } = state.scene;
  /** @typedef {{shiftKey: boolean}} Keys */
  const fine = (/** @type {Keys} */ { shiftKey }) => (shiftKey ? 0.1 : 1);
  const finer = (/** @type {Keys} */ event) => (state.kernel ? 1 : fine(event)); // one detent is the least
  /** @type {{node: HTMLElement, pointer: number, d: number, x: number, y: number, nudge: number, begun: boolean} | null} */
  let hold = null; // the drag in progress: one pointer's, whatever other fingers do

  // Let go. Returns whether the knob had been turned.
  function release() {
    const begun = hold?.begun;
    hold = null;
    state.held = false;
    root.classList.remove("gw-turning");
    return begun;
  }

  const letGo = () => { if (release()) state.rest(); };

  /** @type {(node: HTMLElement, d: number) => void} */
  function pull(node, d) {
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || hold?.node.hasPointerCapture(hold.pointer)) return;
      event.preventDefault(); // no text selection; focus by hand
      node.focus({ preventScroll: true });
      state.select(d);
      node.setPointerCapture(event.pointerId);
      hold = { node, pointer: event.pointerId, d, x: event.clientX, y: event.clientY, nudge: state.turned[d], begun: false };
      root.classList.add("gw-turning");
    });
    node.addEventListener("pointermove", (event) => {
      if (hold?.pointer !== event.pointerId) return;
      const by = event.clientX - hold.x - (event.clientY - hold.y); // up or to the right turns it up
      if (!by) return;
      Object.assign(hold, { x: event.clientX, y: event.clientY });
      hold.nudge = within(hold.nudge + ((by * reach) / 110) * fine(event), state.limit(d));
      if (hold.begun) state.turnTo(d, hold.nudge);
      else state.held = hold.begun = state.begin(d, hold.nudge);
    });
    for (const name of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      node.addEventListener(name, (event) => { if (hold?.pointer === event.pointerId) letGo(); });
    }
    node.addEventListener("dblclick", () => state.goHome(d));
  }

  /** @type {(node: HTMLElement, d: number) => void} */
  function wheel(node, d) {
    let wheeled = 0;
    node.addEventListener("wheel", (event) => { // only the dial that has the focus, so that the page still scrolls
      if (document.activeElement !== node || event.ctrlKey) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? event.deltaY / 3 : event.deltaY / 100;
      wheeled -= lines * finer(event);
      const notches = state.kernel ? Math.trunc(wheeled) : wheeled;
      if (!notches) return;
      wheeled -= notches;
      letGo();
      state.nudgeBy(d, (notches * reach) / 60);
    }, { passive: false });
  }

  // Returns whether the key was one of a knob's.
  /** @type {(event: KeyboardEvent, d: number) => boolean} */
  function press(event, d) {
    const { key } = event;
    if (key in TURNS || MOVES.includes(key.toLowerCase())) letGo(); // a drag would go on from where it was
    if (key in TURNS) state.nudgeBy(d, TURNS[key] * (key.startsWith("Page") ? reach / 6 : (reach / 60) * finer(event)));
    else if (key === "Home") state.nudgeTo(d, -reach);
    else if (key === "End") state.nudgeTo(d, reach);
    else if (key === "Delete" || key === "Backspace") state.goHome(d);
    else if (key.toLowerCase() in CALLS) { state.select(d); state.call(CALLS[key.toLowerCase()]); }
    else if (key.toLowerCase() === "u") state.undo();
    else if (key === "Escape" && hold) { if (release()) state.undo(); } // as if it had not been turned
    else return false;
    return true;
  }

  // To the next dial that way, if there is one. Returns whether the key was an arrow.
  /** @type {(key: string, d: number) => boolean} */
  function walk(key, d) {
    if (!(key in STEPS)) return false;
    const [down, right] = STEPS[key], column = d % state.columns + right, next = d + down * state.columns + right;
    if (column >= 0 && column < state.columns) knobs[next]?.node.focus();
    return true;
  }

  return (/** @type {HTMLElement} */ node, /** @type {number} */ d) => {
    node.addEventListener("focus", () => state.select(d));
    pull(node, d);
    wheel(node, d);
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || !(event.altKey ? walk(event.key, d) : press(event, d))) return;
      event.preventDefault();
      event.stopPropagation();
    });
  };
}
