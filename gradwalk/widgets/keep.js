// What was shown yesterday is shown today, and saved. JupyterLab's manager of widgets leaves two gaps there:
// - It saves those for which a kernel answers, and no others. A notebook opened the next day and saved, which JupyterLab
//   does by itself, would lose every board that was not run again.
// - It says that it has restored all when it may have asked the kernel alone. An output drawn just then says that its
//   model is not found, and is not drawn again when the notebook's own are read.

/**
 * @typedef {{model_id: string, comm_live: boolean, attributes: Record<string, unknown>, views?: object}} Model
 * @typedef {{data: Record<string, any>, toJSON(): object}} Output
 * @typedef {{length: number, get(k: number): Output, set(k: number, output: object): void}} Outputs
 * @typedef {{_modelsSync: Map<string, Model>, context: {model?: {cells: Iterable<{outputs?: Outputs}>}} | null,
 *   restored: {connect(listener: () => void): void}, restoredStatus: boolean,
 *   get_state_sync(options?: object): object}} Manager
 */

const VIEW = "application/vnd.jupyter.widget-view+json", REFERS = "IPY_MODEL_";
const SOON = 500; // ms in which JupyterLab draws what it can itself
const KEEPS = Symbol.for("gradwalk keeps what is shown"); // each widget's copy of this text finds it

/** The numbers of the models that a value refers to. @type {(value: any) => string[]} */
const named = (value) => (Array.isArray(value) ? value.flatMap(named)
  : typeof value === "string" ? (value.startsWith(REFERS) ? [value.slice(REFERS.length)] : [])
    : typeof value?.model_id === "string" ? [value.model_id] : []);

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

/** Close both gaps of JupyterLab's manager; any other manager is left as it is. */
/** @type {(manager: any) => void} */
export function keep(manager) {
  const saves = manager?.get_state_sync;
  if (!saves || !(manager._modelsSync instanceof Map) || !manager.context?.model?.cells || manager[KEEPS]) return;
  manager[KEEPS] = true;
  manager.get_state_sync = (/** @type {object} */ options) => {
    const alone = [...shown(manager)].filter((model) => !model.comm_live);
    try {
      for (const model of alone) Object.defineProperty(model, "comm_live", { value: true, configurable: true });
      return saves.call(manager, options);
    } finally { // set in the ordinary way, its views would hear of it
      for (const model of alone) Reflect.deleteProperty(model, "comm_live");
    }
  };
  const soon = () => setTimeout(drawAgain, SOON, manager);
  manager.restored?.connect(soon);
  if (manager.restoredStatus) soon();
}
