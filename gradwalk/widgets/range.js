// A slider of the browser's own: its keys, its touch and its spoken name come with it.

import { MINUS } from "./board/numbers.js";

/**
 * @typedef {{name: string, min: number, max: number, step: number, value: number}} Traits
 * @typedef {(event: string, listener: () => void) => void} Listen
 * @typedef {{get<Name extends keyof Traits>(name: Name): Traits[Name], set(name: "value", value: number): void,
 *   save_changes(): void, on: Listen, off: Listen}} Model
 */

/** @type {(given: {model: Model, el: Element}) => () => void} */
function render({ model, el }) {
  const input = document.createElement("input"), output = document.createElement("output");
  Object.assign(input, { type: "range", autocomplete: "off", min: model.get("min"), max: model.get("max"), step: model.get("step") });
  input.dataset.lmSuppressShortcuts = "true"; // else the notebook takes the arrow keys for itself
  input.style.cssText = "width:min(20em, 60%);accent-color:var(--jp-brand-color1, #3057d5)";
  const label = document.createElement("label");
  label.className = "gw-range";
  label.style.cssText = "display:flex;align-items:center;gap:10px;min-height:32px;" +
    "color:var(--jp-content-font-color1, inherit);font:14px/1.4 var(--jp-ui-font-family, sans-serif)";
  label.append(model.get("name"), input, output);
  const show = () => {
    const value = model.get("value");
    input.value = String(value);
    output.textContent = String(Number(value.toPrecision(6))).replace("-", MINUS);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    model.set("value", input.valueAsNumber);
    model.save_changes();
  });
  model.on("change:value", show);
  show();
  el.append(label);
  return () => model.off("change:value", show);
}

export default { render };
