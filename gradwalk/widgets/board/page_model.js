// The model that Python has sent: unpacked once, whoever refers to it.

/** @import { PageModel, SentModel } from "./types" */

import { unpacked } from "../engine/engine.js";

/** @typedef {{get<Name extends keyof SentModel>(name: Name): SentModel[Name]}} Sent */
/** @typedef {{get(name: "tape"): string | null, widget_manager: {get_model(name: string): Promise<Sent>}}} Refers */

/** @type {WeakMap<object, PageModel["weights"]>} */
const known = new WeakMap();

/** @type {(refers: Refers) => Promise<PageModel | null>} the model that a widget is made of, if it was sent */
export async function pageModel(refers) {
  const name = refers.get("tape");
  if (!name) return null;
  const sent = await refers.widget_manager.get_model(name.replace("IPY_MODEL_", "")), weights = sent.get("weights");
  if (!known.has(weights)) {
    known.set(weights, Object.fromEntries(Object.entries(weights).map(([each, array]) => [each, unpacked(array)])));
  }
  return { lines: sent.get("lines"), weights: known.get(weights) ?? {}, words: sent.get("words"), labels: sent.get("labels") };
}
