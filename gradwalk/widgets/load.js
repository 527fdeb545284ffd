// All that a board brings itself: its modules and its style are sent, and saved with the notebook, once for all boards.

/**
 * @typedef {{get(name: "module" | "style"): string}} Code
 * @typedef {{get(name: "code"): string, widget_manager: {get_model(id: string): Promise<Code>}}} Model
 * @typedef {{default: {initialize(given: object): void, render(given: object): Promise<() => void>}}} Module
 */

/** @type {Map<string, Promise<Module>>} */
const modules = Reflect.get(globalThis, Symbol.for("gradwalk")) ?? new Map(); // each board's copy of this text finds it
Reflect.set(globalThis, Symbol.for("gradwalk"), modules);

/** @type {(code: Code) => Promise<Module>} */
async function fetched(code) {
  const url = URL.createObjectURL(new Blob([code.get("module")], { type: "text/javascript" }));
  const style = document.createElement("style");
  style.textContent = code.get("style");
  document.head.append(style);
  try { return await import(url); } finally { URL.revokeObjectURL(url); }
}

/** @type {(model: Model) => Promise<Module["default"]>} */
async function page(model) {
  const code = await model.widget_manager.get_model(model.get("code").replace("IPY_MODEL_", ""));
  const text = code.get("module"), module = modules.get(text) ?? fetched(code);
  modules.set(text, module);
  module.catch(() => modules.delete(text)); // the next board tries again
  return (await module).default;
}

/** @typedef {{model: Model, el: Element}} Given */
export default {
  initialize: async (/** @type {Given} */ given) => (await page(given.model)).initialize(given),
  render: async (/** @type {Given} */ given) => (await page(given.model)).render(given),
};
