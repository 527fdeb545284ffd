// What a manager of widgets saves, beside what its notebook shows.

import assert from "node:assert/strict";
import test from "node:test";

import { keep } from "../../gradwalk/widgets/keep.js";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** A manager as JupyterLab has it: it saves what a kernel answers for. `shows`: the models in each cell's outputs. */
function managing(models, shows) {
  const heard = [], dirty = [];
  const known = new Map(Object.entries(models).map(([model_id, { live, ...attributes }]) => {
    const model = Object.create({ get comm_live() { return live; } });
    return [model_id, Object.assign(model, { model_id, attributes, on: (event, listener) => heard.push([model_id, event, listener]) })];
  }));
  const output = (id) => {
    const data = id ? { [VIEW]: { model_id: id } } : {};
    return { data, toJSON: () => ({ data }) };
  };
  const outputs = (ids) => ({ length: ids.length, get: (k) => output(ids[k]) });
  return {
    _modelsSync: known,
    context: { model: { cells: [{}, ...shows.map((ids) => ({ outputs: outputs(ids) }))] } },
    heard, dirty,
    setDirty: () => dirty.push(true),
    register_model(id, model) { model.then((made) => known.set(id, made), () => {}); },
    get_state_sync: (options) => ({ ...options, state: Object.fromEntries([...known.values()].filter((one) => one.comm_live)
      .map(({ model_id, attributes }) => [model_id, { model_name: attributes.name ?? "AnyModel", state: { ...attributes } }])) }),
  };
}

test("what is shown is saved without a kernel, and all that it refers to; what is shown no more is not", () => {
  const manager = managing({
    board: { code: "IPY_MODEL_code", tape: "IPY_MODEL_tape", history: [], turned: [0, 1], scene: { code: "words" } },
    code: { module: "export default {}" },
    tape: { words: ["IPY_MODEL_"] },
    page: { children: [{ model_id: "range" }, "IPY_MODEL_said"], layout: { model_id: "layout" }, style: null },
    range: { layout: { model_id: "layout" } },
    said: { live: true, outputs: [{ data: { "text/plain": "1" } }, { data: { [VIEW]: { model_id: "inner" } } }] },
    inner: {},
    layout: {},
    earlier: { code: "IPY_MODEL_code" },
    made: { live: true },
  }, [["board", null], [], ["page", "gone"]]);
  keep(manager);
  const { drop_defaults, state } = manager.get_state_sync({ drop_defaults: true });
  assert.ok(drop_defaults);
  assert.deepEqual(Object.keys(state), ["board", "code", "tape", "page", "range", "said", "inner", "layout", "made"]);
  const live = [...manager._modelsSync.values()].filter((model) => model.comm_live).map((model) => model.model_id);
  assert.deepEqual(live, ["said", "made"]); // who has no kernel still says so
});

test("models that refer to one another are each saved once", () => {
  const manager = managing({ a: { b: "IPY_MODEL_b" }, b: { a: ["IPY_MODEL_a"] } }, [["a"]]);
  keep(manager);
  assert.deepEqual(Object.keys(manager.get_state_sync().state), ["a", "b"]);
});

test("a save that fails leaves every model as it was", () => {
  const manager = managing({ a: {} }, [["a"]]);
  manager.get_state_sync = () => { throw new Error("full"); };
  keep(manager);
  assert.throws(() => manager.get_state_sync(), /full/);
  assert.equal(manager._modelsSync.get("a").comm_live, undefined);
});

test("a manager is changed once, and one that is none of JupyterLab's not at all", () => {
  const manager = managing({ a: {} }, [["a"]]);
  keep(manager);
  const changed = manager.get_state_sync;
  keep(manager);
  assert.equal(manager.get_state_sync, changed);
  keep(undefined);
  for (const name of ["_modelsSync", "context", "get_state_sync", "register_model", "setDirty"]) {
    const other = managing({ a: {} }, [["a"]]);
    delete other[name];
    const was = other.get_state_sync;
    keep(other);
    assert.equal(other.get_state_sync, was);
  }
});

test("an output drawn before its model was there is drawn again; what is drawn, or has a kernel, is not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const manager = managing({ early: {}, drawn: {}, live: { live: true } }, [["drawn", null], ["early"], ["live", "gone"]]);
  manager._modelsSync.get("drawn").views = { 7: Promise.resolve() };
  const listeners = [], drawn = [];
  for (const { outputs } of manager.context.model.cells) {
    if (outputs) outputs.set = (k, output) => drawn.push(output.data[VIEW].model_id);
  }
  manager.restored = { connect: (listener) => listeners.push(listener) };
  keep(manager);
  t.mock.timers.tick(1000);
  assert.deepEqual(drawn, []); // it does not say that it is done
  listeners[0]();
  t.mock.timers.tick(1000);
  assert.deepEqual(drawn, ["early"]);

  drawn.length = 0;
  const late = Object.assign(manager, { restoredStatus: true, [Symbol.for("gradwalk keeps what is shown")]: false });
  keep(late);
  t.mock.timers.tick(1000);
  assert.deepEqual(drawn, ["early"]);

  for (const closed of [{ model: null }, null]) { // before it was time
    listeners[0]();
    manager.context = closed;
    t.mock.timers.tick(1000);
  }
  assert.deepEqual(drawn, ["early"]);
});

test("what a hand turns makes the notebook one to be saved, whether it was there before or comes later", async () => {
  const manager = managing({ a: {} }, [["a"]]);
  keep(manager);
  const later = { model_id: "b", attributes: {}, on: (event, listener) => manager.heard.push(["b", event, listener]) };
  manager.register_model("b", Promise.resolve(later));
  manager.register_model("c", Promise.reject(new Error("no class")));
  await new Promise(setImmediate);
  assert.equal(manager._modelsSync.get("b"), later);
  assert.deepEqual(manager.heard.map(([id, event]) => [id, event]), [["a", "change"], ["b", "change"]]);
  for (const [, , listener] of manager.heard) listener();
  assert.equal(manager.dirty.length, 2);
});

test("what has no view of its own is saved once for all of the same content", () => {
  const [name, module] = ["WidgetModel", "export default {}"];
  const manager = managing({
    old: { code: "IPY_MODEL_was", tape: "IPY_MODEL_tape" }, was: { name, module }, tape: { name, words: ["a"] },
    new: { live: true, code: "IPY_MODEL_is", tape: "IPY_MODEL_other" }, is: { live: true, name, module },
    other: { live: true, name, words: ["b"] }, layout: { live: true, name: "LayoutModel" }, alike: { live: true, name: "LayoutModel" },
  }, [["old"], ["new"]]);
  keep(manager);
  const { state } = manager.get_state_sync();
  assert.deepEqual(Object.keys(state), ["old", "was", "tape", "new", "other", "layout", "alike"]);
  assert.deepEqual([state.old.state.code, state.new.state.code], ["IPY_MODEL_was", "IPY_MODEL_was"]);
  assert.deepEqual([state.old.state.tape, state.new.state.tape], ["IPY_MODEL_tape", "IPY_MODEL_other"]);
  assert.equal(manager._modelsSync.get("new").attributes.code, "IPY_MODEL_is"); // the page itself goes on as it was
});
