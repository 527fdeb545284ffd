// An exercise: a question, a field for the answer, and under it what is right of it, the mistake, and hints one by one.

/** @import { Checked, Entry, Told } from "./types" */

import { make, put, say, show } from "../board/elements.js";
import { check } from "./check.js";

/**
 * @typedef {{exercise: string, called: Record<string, string>, told: "worked" | "last line" | "shapes", how: string,
 *   answer: string, asked: boolean, hints: number, opened: boolean}} Traits see widgets/exercise.py
 * @typedef {{get<Name extends keyof Traits>(name: Name): Traits[Name],
 *   set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void, save_changes(): void,
 *   on(event: string, listener: () => void): void, off(event: string, listener: () => void): void,
 *   widget_manager: {get_model(id: string): Promise<{get(name: "told"): Told | Entry}>}}} Model
 */

let fields = 0;

/** @type {(text: string) => HTMLElement} */
const lines = (text) => make("pre", {}, text);
/** @type {(text: string) => HTMLElement} lines below each other, letter by letter; what is wider is scrolled, by keys too */
const exactly = (text) => make("pre", { class: "gw-exact", tabindex: 0 }, text);

/** @type {(given: {model: Model, el: Element}) => Promise<() => void>} */
export async function renderExercise({ model, el }) {
  const task = await model.widget_manager.get_model(model.get("exercise").replace("IPY_MODEL_", ""));
  const exercise = task.get("told"), { name, code, derivation, formula } = exercise, called = model.get("called");
  const asks = "at" in exercise ? `${name}[${exercise.at.join(", ")}]` : `${name}[${[...exercise.letters].join(",")}]`;
  const id = `gw-exercise-${++fields}`;
  /** @type {(of: Partial<Traits>) => void} */
  const set = (of) => {
    for (const [trait, value] of Object.entries(of)) model.set(/** @type {any} */ (trait), value);
    model.save_changes();
  };

  const title = make("div", { class: "gw-asked", id: `${id}-asked` });
  const field = make("input", { class: "gw-field", id, type: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  const ask = make("button", { type: "button" }, "check"), verdict = make("div", { class: "gw-verdict", role: "status" });
  const hints = make("ol", { class: "gw-hints" }), hint = make("button", { type: "button" }, "a hint");
  const rest = make("div", { class: "gw-rest" }), heard = make("div", { role: "status" }, hints);
  const opening = make("button", { type: "button", "aria-expanded": "false" }, "show me"), opened = make("div", { class: "gw-opened" });

  const shown = { worked: derivation, "last line": derivation.slice(0, -1), shapes: [] }[model.get("told")];
  const given = [...exercise.lines, ...exercise.takes.length ? [`given: ${exercise.takes.join(", ")}`] : []];
  opened.append(...derivation.flatMap(told), lines(code));
  const root = make("section", { class: "gw-exercise", "aria-labelledby": `${id}-asked`, "data-lm-suppress-shortcuts": "true" },
    title, lines(given.join("\n")), ...shown.flatMap(told),
    make("div", { class: "gw-typed" }, make("label", { for: id }, `${asks} =`, field), ask),
    verdict, heard, rest, make("div", { class: "gw-foot" }, hint, opening), opened, make("p", { class: "gw-quiet" }, model.get("how")));

  /** @type {Checked | null} */
  let checked = null;
  const judge = () => {
    checked = model.get("asked") ? check(exercise, model.get("answer")) : null;
    if (field.value !== model.get("answer")) field.value = model.get("answer");
    const all = checked?.paragraphs ?? [];
    verdict.replaceChildren(...all.filter(({ kind }) => kind === "said").map(({ text }) =>
      (text.includes("\n") ? exactly(text) : make("p", {}, text))));
    rest.replaceChildren(...all.flatMap(({ kind, text }) => (kind === "picture" ? [picture(text)]
      : kind === "code" ? [beside(model.get("answer"), formula, code)] : [])));
    put(root, "data-passed", String(checked?.passed ?? false));
    put(field, "aria-invalid", String(checked !== null && !checked.passed));
    hinted();
  };
  const hinted = () => {
    const steps = checked?.paragraphs.find(({ kind }) => kind === "hints")?.text.split("\n") ?? [], count = model.get("hints");
    const told = steps.slice(0, count).map((step) => step.replace(/^\d+\. /, ""));
    if (told.length < hints.children.length || told.some((step, k) => hints.children[k] && hints.children[k].textContent !== step)) hints.replaceChildren();
    hints.append(...told.slice(hints.children.length).map((step) => make("li", {}, step)));
    show(hints, told.length > 0);
    show(hint, steps.length > 0);
    hint.disabled = told.length === steps.length;
    say(hint, told.length ? "the next hint" : "a hint");
  };
  const open = () => {
    show(opened, model.get("opened"));
    put(opening, "aria-expanded", String(model.get("opened")));
  };
  const wanted = "at" in exercise ? "one number" : `an index formula, of shape (${exercise.shape.join(", ")})`;
  const spoken = () => say(title, [`What is ${name}?`, called[document.body.dataset.gradwalkNames ?? ""],
    `Write ${asks}: ${wanted}.`].filter(Boolean).join(" "));

  const answered = () => set({ answer: field.value, asked: true, hints: 0 });
  ask.addEventListener("click", answered);
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) answered(); });
  hint.addEventListener("click", () => set({ hints: model.get("hints") + 1 }));
  opening.addEventListener("click", () => set({ opened: !model.get("opened") }));
  /** @type {[event: string, listener: () => void][]} */
  const listening = [["change:answer", judge], ["change:asked", judge], ["change:hints", hinted], ["change:opened", open]];
  for (const [event, listener] of listening) model.on(event, listener);
  const names = new MutationObserver(spoken);
  names.observe(document.body, { attributeFilter: ["data-gradwalk-names"] });
  spoken();
  judge();
  open();
  el.append(root);
  return () => {
    names.disconnect();
    for (const [event, listener] of listening) model.off(event, listener);
    root.remove();
  };
}

/** @type {(line: [reason: string, formula: string]) => HTMLElement[]} */
const told = ([reason, formula]) => [make("p", {}, reason), lines(formula)];

/** @type {(text: string) => HTMLElement} marks of which each has a word for who does not see it */
function picture(text) {
  const node = exactly(text);
  put(node, "role", "img");
  put(node, "aria-label", `${text.split("\n")[0]}. ${spelled(text)}`);
  return node;
}

/** @type {(text: string) => string} */
const spelled = (text) => text.split("\n").slice(1).map((line, row) => {
  const wrong = [...line.replaceAll(" ", "")].flatMap((mark, k) => (mark === "×" ? [k] : []));
  return `row ${row}: ${wrong.length ? `wrong at ${wrong.join(", ")}` : "all right"}`;
}).join("; ");

/** @type {(answer: string, formula: string, code: string) => HTMLElement} both formulas, once it passes */
const beside = (answer, formula, code) => make("dl", { class: "gw-both" }, make("dt", {}, "yours"), make("dd", {}, lines(answer)),
  make("dt", {}, "the course's"), make("dd", {}, lines(formula), ...(formula === code ? [] : [lines(code)])));
