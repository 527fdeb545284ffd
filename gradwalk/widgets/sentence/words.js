// The words of the sentence that is on the board: press one to ask for it, or take it away.

import { make, put } from "../board/elements.js";

/**
 * Buttons for the words, in one line. `press` and `away` are told which word.
 * @param {(k: number) => void} press
 * @param {(k: number) => void} away
 */
export function wordButtons(press, away) {
  const line = make("span", { class: "gw-words", role: "group", "aria-label": "the words of the sentence" });
  const told = make("span", { class: "gw-quiet" }, "press a word to ask for it \u00b7 \u00d7 or Delete: without it");
  /** @type {string[]} */
  let drawn = [];

  /** @type {(word: string, k: number) => HTMLElement} the first word is what the others come after: nobody asks for it */
  function chipOf(word, k) {
    const gone = make("button", { type: "button", class: "gw-away", "aria-label": `without “${word}”` }, "\u00d7");
    gone.addEventListener("click", () => away(k));
    const own = k ? make("button", { type: "button", class: "gw-asks" }, word) : make("span", { class: "gw-asks" }, word);
    if (k) own.addEventListener("click", () => press(k));
    const node = make("span", { class: "gw-chip" }, own, gone);
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      away(k);
    });
    return node;
  }

  return {
    node: make("div", { class: "gw-choose" }, line, told),
    /** @type {(words: string[], asked: number) => void} */
    draw(words, asked) {
      if (words.length !== drawn.length || words.some((word, k) => word !== drawn[k])) {
        const held = [...line.children].findIndex((chip) => chip.contains(document.activeElement));
        const which = document.activeElement?.className ?? "";
        drawn = [...words];
        line.replaceChildren(...words.map(chipOf));
        const chip = line.children[Math.min(held, words.length - 1)]; // the focus stays where it was
        const left = held < 0 ? null : chip.querySelector(`button.${which}`) ?? chip.querySelector("button");
        if (left instanceof HTMLElement) left.focus();
      }
      [...line.children].forEach((chip, k) => { if (k) put(chip.children[0], "aria-pressed", String(k === asked)); });
    },
  };
}
