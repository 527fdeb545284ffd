// A prediction in the page: its choices as buttons, its answer in a block that "show me" opens, as a search does. It runs
// in every prediction's output, any number of times; what was called stands in the record.

import { answered, isRight, lettered, read, shown } from "./calls.js";
import { record, stop } from "./record.js";

/** @import { Asked } from "./calls.js" */

const STYLE = `.gw-predict { margin: 8px 0; padding: 8px 12px; border: 1px solid var(--jp-border-color1, #8a8a8a);
  border-radius: 8px; color: var(--jp-content-font-color1, inherit) }
.gw-predict p { margin: 4px 0 }
.gw-calls { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 8px 0 }
.gw-calls button, .gw-calls input, .gw-openers button { font: inherit; min-height: 28px; padding: 3px 12px;
  max-width: 100%; box-sizing: border-box; text-align: left; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--jp-border-color1, #8a8a8a); color: inherit; background: var(--jp-layout-color0, transparent) }
.gw-calls input { width: 9em; cursor: text }
.gw-calls button[aria-pressed=true], .gw-openers button[aria-pressed=true] { font-weight: 600;
  border: 2px solid var(--jp-brand-color1, #3057d5); background: var(--jp-layout-color2, #eef1f5) }
.gw-predict :is(button, input, summary):focus-visible { outline: 2px solid var(--jp-brand-color1, #3057d5);
  outline-offset: 2px }
.gw-predict summary { cursor: pointer; min-height: 24px }
.gw-openers { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 0; font-size: 85% }
.gw-behind { overflow-x: auto }
.gw-map .gw-done { outline: 2px dotted var(--jp-brand-color1, #3057d5); outline-offset: 1px }
@media print { .gw-calls, .gw-openers { display: none }
  .gw-predict details:not([open])::details-content { content-visibility: visible; block-size: auto } }`;
const KEYS = "data-lm-suppress-shortcuts"; // on the very element: else the notebook takes its keys for itself
const book = record();

/** @type {(name: string, more?: Record<string, string>, text?: string) => HTMLElement} */
function made(name, more = {}, text = "") {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(more)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

/** What was called first; undefined if nothing was. @param {string} id */
const called = (id) => book.lines.find((line) => line.kind === "call" && line.id === id);

/** The cell that a place stands in, by the name that leads there; undefined where the page has none. @param {HTMLElement} place */
function cell(place) {
  const before = (/** @type {Node} */ mark) => mark.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING;
  return [...document.querySelectorAll('[id^="cell-id="]')].findLast(before)?.id;
}

/** @type {(place: HTMLElement, said: string | number | null) => void} */
function note(place, said) {
  const one = asked(place);
  const { id, question, told: answer, rule } = one, right = said === null ? undefined : isRight(one, said);
  book.note({ kind: "call", cell: cell(place), id, question, rule, said, answer, right });
}

/** The last word on whether all is open: of "course", or of one stop. @param {string} what */
const opened = (what) => Boolean(book.lines.findLast((line) => line.kind === "open" && line.what === what)?.on);

/** @type {(place: HTMLElement) => Asked} */
const asked = (place) => JSON.parse(place.dataset.asked ?? "");

/** @param {HTMLElement} place */
function alive(place) {
  const one = asked(place), details = /** @type {HTMLDetailsElement} */ (place.querySelector("details"));
  const summary = /** @type {HTMLElement} */ (details.querySelector("summary"));
  const question = made("p", { id: `gw-asked-${one.id}-${Math.random().toString(36).slice(2)}` });
  question.innerHTML = place.querySelector(".gw-question")?.innerHTML ?? "";
  place.setAttribute("role", "group");
  place.setAttribute("aria-labelledby", question.id);
  const calls = made("div", { class: "gw-calls" }), word = made("p", { role: "status", class: "gw-word" });
  /** @param {string | number} said */
  const call = (said) => {
    if (!called(one.id) && !details.open) note(place, said); // where it was open it was looked at, not called
    details.open = true;
    const first = called(one.id)?.said ?? said;
    word.textContent = answered(one, said) + (first === said ? "" : ` Your first call: ${shown(one, first)}.`);
    press(place, said);
  };
  if (one.number) {
    const field = /** @type {HTMLInputElement} */ (made("input", { "aria-label": "your number", inputmode: "text", autocomplete: "off", [KEYS]: "true" }));
    const button = made("button", { type: "button", [KEYS]: "true" }, "that is my call");
    const say = () => {
      const said = read(field.value);
      if (Number.isNaN(said)) word.textContent = "Write a number, such as 0.25, 0,25, −0.25 or 1/4.";
      else call(said);
    };
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") say(); });
    button.addEventListener("click", say);
    calls.append(field, button);
  } else {
    one.choices.forEach(([choice], k) => {
      const button = made("button", { type: "button", "aria-pressed": "false", "data-choice": choice, [KEYS]: "true" });
      button.textContent = lettered(one, k).replace(", ", " ");
      button.addEventListener("click", () => call(choice));
      calls.append(button);
    });
  }
  summary.setAttribute(KEYS, "true");
  summary.textContent = "show me";
  summary.addEventListener("click", (event) => {
    event.preventDefault(); // what is noted opens it: it would be shut again
    const open = !details.open;
    if (open && !called(one.id)) note(place, null);
    details.open = open;
  });
  place.prepend(question, calls, word);
  place.dataset.live = "";
  settle(place);
}

/** @type {(place: HTMLElement, said: unknown) => void} */
function press(place, said) {
  for (const button of place.querySelectorAll(":scope > .gw-calls [data-choice]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-choice") === said));
  }
}

// As the record has it: what was called is open, and says so; what was not is shut, unless all is to be open.
/** @param {HTMLElement} place */
function settle(place) {
  const one = asked(place), mine = called(one.id), details = /** @type {HTMLDetailsElement} */ (place.querySelector("details"));
  const all = opened("course") || opened(stop()), why = mine?.at ?? (all ? "all" : "");
  if (why !== (place.dataset.open ?? "")) details.open = Boolean(why); // else the hand has the last word
  place.dataset.open = why;
  const word = /** @type {HTMLElement} */ (place.querySelector(".gw-word"));
  if (mine && mine.said !== null && !word.textContent) {
    word.textContent = answered(one, mine.said);
    press(place, mine.said);
    const field = place.querySelector("input");
    if (field && one.number) field.value = String(mine.said).replace("-", "−");
  }
}

// "open this page" and "open the course" stand once a page, under its first prediction.
function openers() {
  const roots = new Set([...document.querySelectorAll(".gw-predict")].map((place) => place.closest(".jp-Notebook") ?? document.body));
  for (const root of roots) {
    const first = root.querySelector(".gw-predict[data-live]"), there = root.querySelector(".gw-openers");
    if (!first || (there && first.contains(there))) continue;
    there?.remove();
    const row = made("div", { class: "gw-openers" });
    for (const [what, text] of [["", "open this page"], ["course", "open the course"]]) {
      const button = made("button", { type: "button", "data-opens": what, [KEYS]: "true" }, text);
      button.addEventListener("click", () => {
        const which = what || stop();
        book.note({ kind: "open", what: which, on: !opened(which) });
      });
      row.append(button);
    }
    first.append(row);
  }
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.setAttribute("aria-pressed", String(opened(button.getAttribute("data-opens") || stop())));
  }
}

// The map's way to a stop says whether something is done there.
function stops() {
  const done = new Set(book.lines.filter(({ kind, said }) => kind !== "open" && said !== null).map((line) => line.stop));
  for (const link of document.querySelectorAll(".gw-map a:not(.gw-done)")) {
    if (!done.has(/(\w+)\.(?:ipynb|html)/.exec(link.getAttribute("href") ?? "")?.[1])) continue;
    link.classList.add("gw-done");
    link.setAttribute("aria-label", `${link.getAttribute("aria-label")}; something is done there`);
  }
}

function all() {
  for (const place of document.querySelectorAll(".gw-predict")) {
    const one = /** @type {HTMLElement} */ (place);
    if (one.dataset.live === undefined) alive(one);
    else settle(one);
  }
  openers();
  stops();
}

if (!document.getElementById("gw-predict")) {
  const sheet = made("style", { id: "gw-predict" }, STYLE);
  document.head.append(sheet);
  book.heard(all);
}
all();
