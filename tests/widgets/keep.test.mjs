// What a manager of widgets saves, beside what its notebook shows.

import assert from "node:assert/strict";
import test from "node:test";

import { keep } from "../../gradwalk/widgets/keep.js";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** A manager as JupyterLab has it: it saves what a kernel answers for. `shows`: the models in each cell's outputs. */
function managing(models, shows) {
  const known = new Map(Object.entries(models).map(([model_id, { live, ...attributes }]) => {
    const model = Object.create({ get comm_live() { return live; } });
    return [model_id, Object.assign(model, { model_id, attributes })];
  }));
  const output = (id) => {
    const data = id ? { [VIEW]: { model_id: id } } : {};
    return { data, toJSON: () => ({ data }) };
  };
  const outputs = (ids) => ({ length: ids.length, get: (k) => output(ids[k]) });
  return {
    _modelsSync: known,
    context: { model: { cells: [{}, ...shows.map((ids) => ({ outputs: outputs(ids) }))] } },
    get_state_sync: (options) => ({ ...options, saved: [...known.values()].filter((one) => one.comm_live).map((one) => one.model_id) }),
  };
}

test("what is shown is saved without a kernel, and all that it refers to; what is shown no more is not", () => {
  const manager = managing({
    board: { code: "IPY_MODEL_code", tape: "IPY_MODEL_tape", history: [], turned: [0, 1], scene: { code: "words" } },
    code: { module: "export default {}" },
    tape: { words: ["IPY_MODEL_"] },
    page: { children: [{ model_id: "range" }, "IPY_MODEL_said"], layout: { model_id: "layout" }, style: null },
    range: { layout: { model_id: "layout" } },
    said: { live: true },
    layout: {},
    earlier: { code: "IPY_MODEL_code" },
    made: { live: true },
  }, [["board", null], [], ["page", "gone"]]);
  keep(manager);
  assert.deepEqual(manager.get_state_sync({ drop_defaults: true }), {
    drop_defaults: true, saved: ["board", "code", "tape", "page", "range", "said", "layout", "made"],
  });
  const live = [...manager._modelsSync.values()].filter((model) => model.comm_live).map((model) => model.model_id);
  assert.deepEqual(live, ["said", "made"]); // who has no kernel still says so
});

test("models that refer to one another are each saved once", () => {
  const manager = managing({ a: { b: "IPY_MODEL_b" }, b: { a: ["IPY_MODEL_a"] } }, [["a"]]);
  keep(manager);
  assert.deepEqual(manager.get_state_sync().saved, ["a", "b"]);
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
  for (const name of ["_modelsSync", "context", "get_state_sync"]) {
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
