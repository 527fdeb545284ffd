// One control over one page of numbers (widgets/live_page.py), which brings all its answers along.

/** @import { Widgets } from "./live.js" */

import { StandIn } from "./stand_in.js";

/** @typedef {{min: number, max: number, step: number, value: number}} Range */
/** @typedef {{name: string, said: string, answers: string[], options?: string[], range?: Range}} LivePage */

let groups = 0;

/** @type {(state: LivePage, el: Element, widgets: Widgets) => void} */
export function livePage({ name, said, answers, options, range }, el, widgets) {
  const page = document.createElement("pre");
  page.tabIndex = 0; // what is wider than the page is scrolled by keys
  page.textContent = said;
  const show = (/** @type {number} */ k) => { page.textContent = answers[k]; };
  if (range) {
    const model = new StandIn({ name, ...range });
    model.on("change:value", () => show(Math.round((model.get("value") - range.min) / range.step)));
    widgets.range.render({ model, el });
  }
  if (options) el.append(choices(name, options, answers.indexOf(said), show));
  el.append(page);
}

/**
 * One of several, as radio buttons: arrow keys turn them, and a screen reader says how many there are.
 * @type {(name: string, options: string[], at: number, chosen: (k: number) => void) => Element}
 */
function choices(name, options, at, chosen) {
  const group = document.createElement("fieldset"), legend = document.createElement("legend");
  group.className = "gw-choices";
  legend.textContent = name;
  const own = `gw-choices-${++groups}`;
  group.append(legend, ...options.map((option, k) => {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name: own, checked: k === at, autocomplete: "off" });
    input.addEventListener("change", () => chosen(k));
    label.append(input, option);
    return label;
  }));
  return group;
}
