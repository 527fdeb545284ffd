// The record as one reads it: where was I, what surprised me, where something is done; and how to carry it over.

import { record } from "./record.js";

/** @import { Line } from "./record.js" */

const STYLE = `.gw-record { color: var(--jp-content-font-color1, inherit) }
.gw-record button, .gw-record label { display: inline-flex; align-items: center; font: inherit; min-height: 28px;
  padding: 3px 12px; margin: 0 8px 8px 0; border-radius: 6px; cursor: pointer; color: inherit;
  border: 1px solid var(--jp-border-color1, #8a8a8a); background: var(--jp-layout-color0, transparent) }
.gw-record input { position: absolute; opacity: 0; width: 1px }
.gw-record :is(button, a):focus-visible, .gw-record label:focus-within {
  outline: 2px solid var(--jp-brand-color1, #3057d5); outline-offset: 2px }
.gw-record textarea { width: 100%; box-sizing: border-box }`;
const KEYS = "data-lm-suppress-shortcuts"; // on the very element: else the notebook takes its keys for itself
const book = record();

/** @type {(name: string, ...inside: (Node | string)[]) => HTMLElement} */
function made(name, ...inside) {
  const node = document.createElement(name);
  node.append(...inside);
  if (["button", "input", "textarea"].includes(name)) node.setAttribute(KEYS, "true");
  return node;
}

/** A stop, with the way there; to the very cell, where the page knew it. @type {(line: Line) => Node | string} */
function way({ stop, cell }) {
  const link = made("a", stop), ending = document.getElementById("jupyter-config-data") ? "ipynb" : "html";
  link.setAttribute("href", `${stop}.${ending}${cell ? `#${cell}` : ""}`);
  return link;
}

/** @type {(stop: unknown) => boolean} */
const isStop = (stop) => /^\d[a-z]?_\w+$/.test(String(stop));

/** @param {Line} line */
function task({ question, task }) { return String(question ?? task ?? ""); }

/** @type {(head: string, all: Node[], none: string) => Node[]} */
const list = (head, all, none) => [made("p", made("strong", head)), all.length ? made("ul", ...all) : made("p", none)];

/** @param {Element} place */
function draw(place) {
  const lines = book.lines.filter(({ kind, stop }) => kind !== "open" && isStop(stop)), last = lines.at(-1);
  const done = [...new Map(lines.filter((line) => line.said !== null).map((line) => [line.stop, line])).values()];
  const surprised = lines.filter(({ kind, right }) => kind === "call" && right === false).reverse();
  const here = last ? [made("li", way(last), `: ${task(last)}`)] : [];
  const inside = [
    ...list("Where was I?", here, "Nothing was called yet."),
    ...list("What surprised me", surprised.map((line) => made("li", `${task(line)} I said ${line.said}, it is ${line.answer} (`, way(line), ")")), "Nothing yet."),
    ...list("Where something is done", done.map(({ stop }) => made("li", way(/** @type {any} */ ({ stop })))), "Nowhere yet."),
  ];
  const save = made("button", "save it as a file"), file = /** @type {HTMLInputElement} */ (made("input"));
  save.addEventListener("click", () => {
    const link = made("a");
    link.setAttribute("href", URL.createObjectURL(new Blob([book.text], { type: "application/jsonl" })));
    link.setAttribute("download", "gradwalk-record.jsonl");
    link.click();
  });
  file.type = "file";
  file.addEventListener("change", async () => book.bring((await file.files?.[0]?.text()) ?? ""));
  const bring = made("label", "bring a file", file), text = /** @type {HTMLTextAreaElement} */ (made("textarea"));
  const kept = book.server ? "It is kept in gradwalk-record.jsonl, in the folder that Jupyter shows, and in this browser." : "It is kept in this browser.";
  inside.push(made("p", book.kept ? kept : "This browser keeps nothing. Copy these lines before you leave; laid in a file, they can be brought back."));
  if (!book.kept) { text.value = book.text; text.readOnly = true; text.setAttribute("aria-label", "the record"); inside.push(text); }
  place.replaceChildren(...inside, made("p", save, bring));
}

function all() { for (const place of document.querySelectorAll(".gw-record")) draw(place); }

if (!document.getElementById("gw-record")) {
  const sheet = made("style", STYLE);
  sheet.id = "gw-record";
  document.head.append(sheet);
  book.heard(all);
}
book.ask(); // Python may have added to the file
all();
