// What a board knows and how it changes, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { State } from "../../gradwalk/widgets/board/state.js";
import { atStart, curvesAt, deeper, hereAt, output, slopesAt, standIn } from "./stand_in.mjs";

function free(traits) {
  const model = standIn({ scene: output, turned: [0, 0, 0, 0], settled: [0, 0, 0, 0], ...traits });
  return { model, state: new State(model, () => {}) };
}
function deep(traits) {
  const model = standIn({ scene: deeper, ...atStart, ...traits });
  return { model, state: new State(model, () => {}) };
}

test("the output layer turns freely up to its limit, a deeper dial from detent to detent", () => {
  const { state } = free();
  assert.deepEqual([0.3, 100, -100].map((x) => state.snap(x)), [0.3, 32, -32]);
  assert.deepEqual([0.3, 0.6, -1.4, 100].map((x) => deep().state.snap(x)), [0, 1, -1, 2]);
});

test("undo goes back one turn, reset and goHome are turns", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = free();
  state.nudgeBy(0, 0.5);
  state.nudgeBy(0, 0.5); // at once after the other: the same turn
  state.nudgeBy(1, 0.25);
  assert.deepEqual(state.turned, [1, 0.25, 0, 0]);
  state.goHome(0);
  assert.deepEqual(state.turned, [0, 0.25, 0, 0]);
  state.reset();
  assert.deepEqual(state.turned, [0, 0, 0, 0]);
  const seen = [];
  while (model.state.history.length) { state.undo(); seen.push(state.turned); }
  assert.deepEqual(seen, [[0, 0.25, 0, 0], [1, 0.25, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]);
  state.undo(); // nothing left
  assert.deepEqual(state.turned, [0, 0, 0, 0]);
});

test("what has changed is sent after a moment, once, and at the end at the latest", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = free();
  state.turnTo(0, 1);
  state.turnTo(0, 2);
  t.mock.timers.tick(249);
  assert.equal(model.saved, 0);
  t.mock.timers.tick(1);
  assert.equal(model.saved, 1);
  state.turnTo(0, 3);
  state.close();
  assert.equal(model.saved, 2);
  assert.equal(model.heard(), 0);
  t.mock.timers.tick(1000);
  assert.equal(model.saved, 2);
});

test("when the keys have rested, Python is asked for fresh curves", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = deep({ live: true });
  state.nudgeBy(0, 1);
  t.mock.timers.tick(100);
  state.nudgeBy(0, 1);
  t.mock.timers.tick(149);
  assert.deepEqual(model.state.settled, [0, 0]);
  t.mock.timers.tick(1);
  assert.deepEqual(model.state.settled, [2, 0]);
  state.close();
});

test("a step of descent moves every dial by its slope, and waits for Python's slopes where it has none", () => {
  const { state, model } = deep({ live: true });
  state.step();
  assert.deepEqual(state.turned, slopesAt([0, 0]).map((slope) => -0.5 * slope));
  state.step(); // no slopes for this setting yet
  assert.deepEqual(state.turned, [-1, -1]);
  model.put("here", hereAt([-1, -1]));
  assert.deepEqual(state.turned, [-1, -1.5]);
  model.put("here", hereAt([-1, -1.5])); // nobody waits any more
  assert.deepEqual(state.turned, [-1, -1.5]);
});

test("with nobody to ask, the other dials go back to where the curves were taken", () => {
  const { state, model } = deep();
  state.turnTo(0, 1);
  state.turnTo(1, 2);
  assert.deepEqual(state.turned, [0, 2]);
  model.state.live = true;
  model.put("curves", curvesAt([0, 2]));
  state.turnTo(0, 1);
  assert.deepEqual(state.turned, [1, 2]);
});

test("a dial is called once, before it is turned", () => {
  const { state, model } = deep({ scene: { ...deeper, predict: true }, shown: false });
  assert.ok(!state.known(0));
  assert.ok(state.call("fall"));
  assert.deepEqual(state.verdict(0), { said: "fall", truth: "rise", right: false });
  assert.ok(!state.call("rise"));
  model.state.selected = 1;
  state.turnTo(1, 1);
  assert.deepEqual(state.verdict(1), { said: "turned" });
  assert.ok(!state.call("rise"));
  assert.ok(state.known(1));
});

test("a free curve is worked out again only when it has changed, and wide enough for the dial", () => {
  const { state, model } = free();
  const first = state.response();
  assert.equal(state.response(), first);
  model.state.selected = 1; // another dial
  const second = state.response();
  assert.notEqual(second, first);
  state.turnTo(1, 1.5); // along its own curve
  assert.equal(state.response(), second);
  state.turnTo(0, 1); // another one turned
  const third = state.response();
  assert.notEqual(third, second);
  assert.equal(third.nudges[120], 2);
  state.turnTo(1, 5);
  assert.equal(state.response().nudges[120], 8); // twice the reach, and again
});
