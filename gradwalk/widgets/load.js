// All that a board brings itself: its modules and its style are sent, and saved with the notebook, once for all boards.

/**
 * @typedef {{get(name: "module" | "style"): string}} Code
 * @typedef {{get(name: "code"): string, widget_manager: {get_model(id: string): Promise<Code>}}} Model
 * @typedef {{default: {render(given: object): Promise<() => void>}}} Module
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

/** @type {(given: {model: Model, el: Element}) => Promise<() => void>} */
async function render(given) {
  const { model } = given, code = await model.widget_manager.get_model(model.get("code").replace("IPY_MODEL_", ""));
  const text = code.get("module"), module = modules.get(text) ?? fetched(code);
  modules.set(text, module);
  return (await module).default.render(given);
}

export default { render };
