// What was shown yesterday is shown today, and saved. JupyterLab's manager of widgets leaves gaps there:
// - It calls a notebook changed when a widget comes, and not when a hand turns it: nothing is saved by itself then, and
//   on closing nothing is asked.
// - It saves those for which a kernel answers, and no others. A notebook opened the next day and saved, which JupyterLab
//   does by itself, would lose every board that was not run again.
// - It says that it has restored all when it may have asked the kernel alone. An output drawn just then says that its
//   model is not found, and is not drawn again when the notebook's own are read.

/**
 * @typedef {{model_id: string, comm_live: boolean, attributes: Record<string, unknown>, views?: object,
 *   on(event: "change", listener: () => void): void}} Model
 * @typedef {{state: Record<string, {model_name: string, state: Record<string, unknown>}>}} Saved
 * @typedef {{data: Record<string, any>, toJSON(): object}} Output
 * @typedef {{length: number, get(k: number): Output, set(k: number, output: object): void}} Outputs
 * @typedef {{_modelsSync: Map<string, Model>, context: {model?: {cells: Iterable<{outputs?: Outputs}>}} | null,
 *   restored: {connect(listener: () => void): void}, restoredStatus: boolean,
 *   get_state_sync(options?: object): object}} Manager
 */

const VIEW = "application/vnd.jupyter.widget-view+json", REFERS = "IPY_MODEL_";
const SOON = 500; // ms in which JupyterLab draws what it can itself
const KEEPS = Symbol.for("gradwalk keeps what is shown"); // each widget's copy of this text finds it

/** The numbers of the models that a value refers to, or shows as an output. @type {(value: any) => string[]} */
const named = (value) => (Array.isArray(value) ? value.flatMap(named)
  : typeof value === "string" ? (value.startsWith(REFERS) ? [value.slice(REFERS.length)] : [])
    : [value?.model_id, value?.data?.[VIEW]?.model_id].filter((id) => typeof id === "string"));

/** The model of every output that shows a widget; none once the notebook is closed. */
/** @type {(manager: Manager) => {model: Model, outputs: Outputs, k: number}[]} */
function views({ _modelsSync: models, context }) {
  const found = [];
  for (const { outputs } of context?.model?.cells ?? []) {
    for (let k = 0; outputs && k < outputs.length; k++) {
      const model = models.get(outputs.get(k).data[VIEW]?.model_id);
      if (model) found.push({ model, outputs, k });
    }
  }
  return found;
}

/** What is shown, and all that it refers to. @type {(manager: Manager) => Set<Model>} */
function shown(manager) {
  /** @type {Set<Model>} */
  const found = new Set();
  /** @type {(model?: Model) => void} */
  const add = (model) => {
    if (!model || found.has(model)) return;
    found.add(model);
    for (const id of Object.values(model.attributes).flatMap(named)) add(manager._modelsSync.get(id));
  };
  for (const { model } of views(manager)) add(model);
  return found;
}

/** Draw what was drawn before it was there. @type {(manager: Manager) => void} */
function drawAgain(manager) {
  for (const { model, outputs, k } of views(manager)) {
    if (!model.comm_live && !Object.keys(model.views ?? {}).length) outputs.set(k, outputs.get(k).toJSON());
  }
}

/** Without a view two models of the same content are one: each kernel has sent the boards' code anew. */
/** @type {(saved: Saved) => Saved} */
function once(saved) {
  const first = new Map(), same = new Map();
  for (const [id, model] of Object.entries(saved.state)) {
    if (model.model_name !== "WidgetModel") continue;
    const content = JSON.stringify(model);
    if (first.has(content)) same.set(REFERS + id, first.get(content));
    else first.set(content, REFERS + id);
  }
  for (const id of same.keys()) delete saved.state[id.slice(REFERS.length)];
  for (const { state } of Object.values(saved.state)) {
    for (const [name, value] of Object.entries(state)) if (same.has(value)) state[name] = same.get(value);
  }
  return saved;
}

/** Close the gaps of JupyterLab's manager; any other manager is left as it is. */
/** @type {(manager: any) => void} */
export function keep(manager) {
  const saves = manager?.get_state_sync;
  if (!saves || !manager.register_model || !manager.setDirty || !(manager._modelsSync instanceof Map) || !manager.context?.model?.cells || manager[KEEPS]) return;
  manager[KEEPS] = true;
  manager.get_state_sync = (/** @type {object} */ options) => {
    const alone = [...shown(manager)].filter((model) => !model.comm_live);
    try {
      for (const model of alone) Object.defineProperty(model, "comm_live", { value: true, configurable: true });
      return once(saves.call(manager, options));
    } finally { // set in the ordinary way, its views would hear of it
      for (const model of alone) Reflect.deleteProperty(model, "comm_live");
    }
  };
  const listen = (/** @type {Model} */ model) => model.on("change", () => manager.setDirty());
  const register = manager.register_model;
  manager.register_model = (/** @type {string} */ id, /** @type {Promise<Model>} */ model) => {
    register.call(manager, id, model);
    model.then(listen, () => {}); // what could not be made, its view says
  };
  manager._modelsSync.forEach(listen);
  const soon = () => setTimeout(drawAgain, SOON, manager);
  manager.restored?.connect(soon);
  if (manager.restoredStatus) soon();
}
