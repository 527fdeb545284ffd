// What a board knows and how it changes, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ClosedForm } from "../../gradwalk/widgets/board/answers.js";
import { nudgesTo } from "../../gradwalk/widgets/board/curve.js";
import { Descent } from "../../gradwalk/widgets/board/descent.js";
import { State } from "../../gradwalk/widgets/board/state.js";
import { record } from "../../gradwalk/widgets/practice/record.js";
import { deeper, output, slopesAt, standIn, taped, toldAt, walked } from "./stand_in.mjs";

function free(traits) {
  const model = standIn({ scene: output, turned: [0, 0, 0, 0], ...traits });
  return { model, state: new State(model, null, () => {}) };
}
function asking(traits) {
  const model = standIn({ scene: deeper, turned: [0, 0], told: toldAt([0, 0], 0, nudgesTo(2)), live: true, ...traits });
  return { model, state: new State(model, null, () => {}) };
}
function walking(traits) {
  const model = standIn({ scene: walked, turned: [0, 0], ...traits });
  return { model, state: new State(model, taped, () => {}) };
}

test("what is called goes into the learner's record", () => {
  const { state } = free();
  state.call("rise");
  const [line] = record().lines;
  const { truth, right } = state.verdict(state.selected);
  assert.deepEqual([line.kind, line.said, line.answer, line.right], ["call", "rise", truth, right]);
  assert.ok(line.question.startsWith(state.scene.names[state.selected]));
});

test("dials turn freely up to their limit, those that ask Python from nudge to nudge", () => {
  const { state } = free();
  assert.deepEqual([0.3, 100, -100].map((x) => state.snap(0, x)), [0.3, 32, -32]);
  const detents = [0.31, -1.41, 100].map((x) => asking().state.snap(0, x));
  assert.deepEqual(detents, [nudgesTo(2)[69], nudgesTo(2)[18], 2]);
  assert.deepEqual(walking().state.snap(0, 0.3), 0.3);
});

test("from where a descent has led beyond its limit, a dial turns on, inwards", () => {
  const { state, model } = free({ turned: [-40, 0, 0, 0] });
  state.nudgeBy(0, 0.5);
  assert.deepEqual(state.turned, [-39.5, 0, 0, 0]);
  state.nudgeBy(0, -2);
  assert.deepEqual(state.turned, [-39.5, 0, 0, 0]);
  assert.equal(state.snap(1, 40), 32);
  assert.equal(model.state.history.length, 1);
});

test("what the page cannot walk is asked for: lines with a function that it does not know", () => {
  const lines = [["z", "rotary", ["x"]], ...taped.lines], model = standIn({ scene: walked, turned: [0, 0], told: toldAt([0, 0], 0) });
  assert.ok(new State(model, { ...taped, lines }, () => {}).kernel);
  assert.ok(new State(standIn({ scene: output, turned: [0, 0, 0, 0] }), { ...taped, lines }, () => {}).answers instanceof ClosedForm);
  assert.equal(walking().state.kernel, null);
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

test("when the keys have rested, and when another dial is chosen, Python is asked for what the page does not know", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = asking();
  state.nudgeBy(0, 1);
  t.mock.timers.tick(100);
  state.nudgeBy(0, 1);
  t.mock.timers.tick(149);
  assert.equal(model.state.asked, undefined);
  assert.ok(state.waits);
  t.mock.timers.tick(1);
  assert.deepEqual(model.state.asked, { turned: [2, 0], dial: 0 });
  model.put("told", toldAt([2, 0], 0, nudgesTo(2)));
  assert.ok(!state.waits);
  state.select(1);
  assert.deepEqual(model.state.asked, { turned: [2, 0], dial: 1 });
  state.close();
});

test("the page that walks asks nobody", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = walking();
  state.nudgeBy(0, 1);
  t.mock.timers.tick(500);
  state.select(1);
  state.rest();
  assert.equal(model.state.asked, undefined);
  assert.ok(!state.waits);
});

test("a step of descent moves every dial by its slope; without slopes there is none", () => {
  const { state } = asking();
  assert.ok(state.step());
  assert.deepEqual(state.turned, slopesAt([0, 0]).map((slope) => -0.5 * slope));
  assert.ok(!state.step()); // Python has not said them there
  assert.deepEqual(state.turned, [-1, -1]);
});

test("nothing is sent while the hand turns on", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { state, model } = free();
  state.held = true;
  for (let k = 1; k < 10; k++) { state.turnTo(0, k / 10); t.mock.timers.tick(249); }
  assert.equal(model.saved, 0);
  t.mock.timers.tick(1); // it stops for a moment
  assert.equal(model.saved, 1);
  state.turnTo(0, 2);
  state.rest();
  assert.equal(model.saved, 2);
});

test("a descent on every weight goes down, is undone whole, and travels packed", () => {
  const { state, model } = walking(), start = state.answers.loss(state.now), losses = [start];
  state.remember();
  for (let k = 0; k < 5; k++) {
    assert.ok(state.step(true));
    losses.push(state.answers.loss(state.now));
  }
  assert.deepEqual([...losses].sort((a, b) => b - a), losses);
  assert.deepEqual(Object.keys(model.state.stages), [model.state.stage]); // a run has one
  const [now, before] = [state.now, model.saved];
  state.rest();
  assert.ok(model.saved > before);
  assert.deepEqual(Object.keys(model.state.stages[model.state.stage].W), ["shape", "dtype", "base64"]);
  assert.equal(state.now.weights, now.weights); // unpacked once
  const again = new State(model, taped, () => {}); // as another view, or tomorrow
  assert.equal(again.answers.loss(again.now), losses.at(-1));
  again.undo();
  assert.deepEqual([again.turned, model.state.stage, again.answers.loss(again.now)], [[0, 0], "", start]);
  assert.deepEqual(model.state.stages, {});
});

test("a notebook carries no more of what descended than it should, and the oldest ways back go first", () => {
  const wide = { shape: [40000], data: new Float64Array(40000) }; // 440 kB on its way
  const { model } = walking(), state = new State(model, { ...taped, weights: { ...taped.weights, wide } }, () => {});
  const run = () => { state.remember(); state.step(true); state.rest(); };
  run();
  state.nudgeTo(0, 0.5);
  run();
  assert.equal(Object.keys(model.state.stages).length, 1);
  assert.deepEqual(model.state.history, []);
  assert.ok(!state.keepable); // it would be carried twice
  state.reset();
  assert.ok(state.keepable);
  state.undo();
  assert.ok(Number.isFinite(state.answers.loss(state.now)));
});

test("where the board stands is never given up, though it is the oldest and no longer kept", () => {
  const half = { shape: [20000], data: new Float64Array(20000) }; // a notebook carries two of them
  const { model } = walking(), state = new State(model, { ...taped, weights: { ...taped.weights, half } }, () => {});
  const run = () => { state.remember(); state.step(true); state.rest(); };
  run();
  const [loss, { weights }] = [state.answers.loss(state.now), state.now];
  state.keep("A");
  for (let k = 0; k < 4; k++) run();
  const { turned, stage } = state.compared;
  state.jump(turned, stage);
  state.forget();
  assert.equal(state.now.weights, weights);
  assert.equal(state.answers.loss(state.now), loss);
  assert.ok(state.model.get("stage") in model.state.stages);
});

test("undo, reset and a jump end a descent that goes on by itself, and lead back from where it was", () => {
  for (const [act, wanted] of [
    [(state) => state.undo(), [0.5, 0]], [(state) => state.reset(), [0, 0]], [(state) => state.jump([1, 1]), [1, 1]],
    [(state) => state.goHome(0), null],
  ]) {
    const { state, model } = walking();
    state.jump([0.5, 0]);
    const descent = new Descent(state);
    globalThis.matchMedia = () => ({ matches: false });
    descent.run(0);
    descent.tick(500); // ten a second
    assert.equal(descent.trace.length, 6);
    const led = state.turned;
    act(state);
    assert.ok(!descent.running);
    assert.deepEqual(state.turned, wanted ?? [0, led[1]]);
    const back = [];
    while (model.state.history.length) { state.undo(); back.push(state.turned); }
    assert.deepEqual(back, [...(wanted?.[0] === 0.5 ? [] : [led, [0.5, 0]]), [0, 0]]);
  }
});

test("a trace is told where it ends, and begins anew from anywhere else", () => {
  const { state } = walking(), descent = new Descent(state);
  assert.ok(!descent.told);
  descent.step();
  descent.step();
  assert.ok(descent.told && descent.trace.length === 3);
  state.reset();
  assert.ok(!descent.told);
  descent.step();
  assert.deepEqual(descent.trace, [state.answers.loss(state.start), state.answers.loss(state.now)]);
  state.undo();
  assert.ok(!descent.told);
});

test("what was kept stays where it was, whatever goes on", () => {
  const { state, model } = walking();
  state.step(true);
  state.keep("A");
  const kept = state.answers.loss(state.compared.at);
  for (let k = 0; k < 3; k++) state.step(true);
  state.rest();
  assert.ok(state.answers.loss(state.now) < kept);
  assert.equal(state.answers.loss(state.compared.at), kept);
  assert.equal(Object.keys(model.state.stages).length, 2);
  const { other, loss } = state.response();
  assert.equal(loss, kept);
  assert.equal(other.losses[60], [...state.answers.losses(state.compared.at, 0, [0])][0]);
  state.forget();
  assert.deepEqual([model.state.kept, state.compared, state.response().other], [[], null, null]);
});

test("a turn to where there is no loss is not made, and the board says so", () => {
  const { state, model } = walking({ scene: { ...walked, reach: 1e308 } });
  state.nudgeTo(0, 1e308);
  assert.ok(!state.refused);
  state.nudgeTo(1, 1e308); // the logits' differences are no numbers any more
  const { turned } = state, loss = state.answers.loss(state.now);
  state.jump([-1.7e308, 1.7e308].map((x) => 16 * x));
  assert.ok(state.refused);
  assert.deepEqual([state.turned, state.answers.loss(state.now)], [turned, loss]);
  assert.ok(model.state.history.every(({ turned: earlier }) => earlier.every(Number.isFinite)));
});

test("a dial is called once, before it is turned", () => {
  const { state, model } = walking({ scene: { ...walked, predict: true }, shown: false });
  assert.ok(!state.known(0));
  assert.ok(state.call("rise"));
  assert.deepEqual(state.verdict(0), { said: "rise", truth: "fall", right: false });
  assert.ok(!state.call("fall"));
  model.state.selected = 1;
  state.turnTo(1, 1);
  assert.deepEqual(state.verdict(1), { said: "turned" });
  assert.ok(!state.call("rise"));
  assert.ok(state.known(1));
});

test("a curve is worked out again only when it has changed, and wide enough for the dial", () => {
  for (const { state, model } of [free(), walking()]) {
    const whole = () => { let { present } = state.response(); while (!present.whole) ({ present } = state.response()); return present; };
    const first = whole();
    assert.equal(whole(), first);
    model.state.selected = 1; // another dial
    const second = whole();
    assert.notEqual(second, first);
    state.turnTo(1, 1.5); // along its own curve
    assert.equal(whole(), second);
    state.turnTo(0, 1); // another one turned
    const third = whole();
    assert.notEqual(third, second);
    assert.equal(third.nudges[120], 2);
    state.turnTo(1, 5);
    assert.equal(whole().nudges[120], 8); // twice the reach, and again
  }
});
