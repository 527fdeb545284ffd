// Makes the widgets of a page live that no kernel stands behind: each is a <div> that widgets/published.py wrote.

/** @import { State } from "./stand_in.js" */

import { livePage } from "./live_page.js";
import { slides } from "./slides.js";
import { StandIn } from "./stand_in.js";

/** @typedef {{render(given: {model: any, el: Element}): unknown}} Widget */
/** @typedef {{board: Widget, range: Widget}} Widgets by their modules */

/** @type {Record<string, (state: any, el: Element, widgets: Widgets) => unknown>} */
const KINDS = {
  board: (/** @type {State} */ state, el, { board }) => board.render({ model: new StandIn(state), el }),
  sentence: (/** @type {State} */ { board: own, ...state }, el, { board }) =>
    board.render({ model: new StandIn({ ...state, board: "IPY_MODEL_own" }, { own: new StandIn(own) }), el }),
  exercise: (/** @type {State} */ state, el, { board }) => board.render({ model: new StandIn(state), el }),
  page: livePage,
};

/** @param {Widgets} widgets */
async function start(widgets) {
  for (const place of document.querySelectorAll(".gw-live")) {
    const el = document.createElement("div"), state = JSON.parse(place.querySelector("script")?.textContent ?? "");
    el.className = "gw-moving";
    place.append(el);
    await KINDS[place.getAttribute("data-widget") ?? ""](state, el, widgets);
    place.classList.add("gw-on"); // what stands still is for print from now on
  }
  const article = document.querySelector("article");
  if (article) slides(article);
  // All has moved: to where the address leads, once more.
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView({ behavior: "instant" });
}

export default { start };
