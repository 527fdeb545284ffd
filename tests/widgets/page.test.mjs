// Widgets in a page with no kernel: the model that stands in, and what makes them live; the page itself is played.

import assert from "node:assert/strict";
import test from "node:test";

import live from "../../gradwalk/widgets/page/live.js";
import { StandIn } from "../../gradwalk/widgets/page/stand_in.js";

test("a model tells whoever listens that something else was set", () => {
  const model = new StandIn({ turned: [0] }), heard = [];
  const listener = () => heard.push(model.get("turned"));
  model.on("change:turned", listener);
  model.on("change:selected", () => assert.fail("nothing was selected"));
  const next = [1];
  model.set("turned", next);
  model.set("turned", next);
  model.save_changes();
  model.off("change:turned", listener);
  model.set("turned", [2]);
  assert.deepEqual(heard, [[1]]);
  assert.deepEqual(model.get("turned"), [2]);
});

test("what widgets share is found beside one of them, or in a script of the site", async () => {
  globalThis.document = { querySelector: (wanted) => wanted === 'script[data-shared="a1"]' ? { textContent: '{"words":["a"]}' } : null };
  globalThis.window = { gradwalkShared: { b2: { words: ["b"] } } };
  const { widget_manager } = new StandIn({ tape: "IPY_MODEL_a1" });
  assert.deepEqual((await widget_manager.get_model("a1")).get("words"), ["a"]);
  assert.deepEqual((await widget_manager.get_model("b2")).get("words"), ["b"]);
});

test("each widget gets its own state and its own place, and stands still on paper alone", async () => {
  const places = [{ scene: 1 }, { scene: 2 }].map((state) => ({
    state, classes: [], inside: [],
    getAttribute: () => "board",
    querySelector: () => ({ textContent: JSON.stringify(state) }),
    append(el) { this.inside.push(el); },
    get classList() { return { add: (name) => this.classes.push(name) }; },
  }));
  const seen = [], target = { scrollIntoView: () => seen.push("gone there") };
  globalThis.document = { querySelectorAll: () => places, createElement: () => ({}), querySelector: () => null, getElementById: (id) => id === "a=b" && target };
  globalThis.location = { hash: "#a%3Db" };
  await live.start({ board: { render: async ({ model, el }) => seen.push([model.get("scene"), el]) } });
  assert.equal(seen.pop(), "gone there"); // where the address leads, once all stands where it will
  assert.deepEqual(seen.map(([scene]) => scene), [1, 2]);
  assert.deepEqual(places.map(({ inside }) => inside), seen.map(([, el]) => [el]));
  assert.deepEqual(places.map(({ classes }) => classes), [["gw-on"], ["gw-on"]]);
});
