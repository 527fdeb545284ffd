// A board's answers by the page's tape, against Dial and both walks in Python, on a model that was turned there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ClosedForm, Tape } from "../../gradwalk/widgets/board/answers.js";
import { Growing, nudgesTo } from "../../gradwalk/widgets/board/curve.js";
import { unpacked } from "../../gradwalk/widgets/engine/engine.js";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const boards = folder ? JSON.parse(readFileSync(`${folder}/boards.json`, "utf8")).map(({ state: { scene, tape }, at }) => {
  const weights = Object.fromEntries(Object.entries(tape.weights).map(([name, array]) => [name, unpacked(array)]));
  return { scene, at, weights, tape: new Tape({ lines: tape.lines, weights }, scene) };
}) : [];
const near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a}, not ${b}`);
const made = (turned) => ({ turned, weights: null });

test("after 200 random turns of several dials together the loss is a full forward pass's, for every weight", only, () => {
  const turns = {};
  for (const { scene, at, tape } of boards) for (const { turned, loss } of at) {
    near(tape.loss(made(turned)), loss, scene.name);
    const name = scene.name.split(".").at(-1);
    turns[name] = (turns[name] ?? 0) + 1;
  }
  assert.equal(Object.keys(turns).length, 22);
  for (const [name, many] of Object.entries(turns)) assert.ok(many >= 200, `${name}: ${many}`);
});

test("slopes, values, shares and curves are Python's, several dials turned together", only, () => {
  let seen = 0;
  for (const { scene, at, tape } of boards) for (const { turned, slopes, d, losses, h, p } of at) {
    if (!slopes) continue;
    const now = made(turned), nudges = nudgesTo(scene.reach), what = scene.name;
    tape.slopes(now).forEach((slope, e) => near(slope, slopes[e], `slope ${e}, ${what}`));
    unpacked(h).data.forEach((x, k) => near(tape.value("h", now).data[k], x, `h ${k}, ${what}`));
    [...tape.losses(now, d, nudges)].forEach((x, k) => near(x, losses[k], `curve at ${nudges[k]}, ${what}`));
    if (p) for (const answers of [tape, new ClosedForm(scene)]) {
      const look = answers.look(now), mean = (pick) => look.reduce((all, one) => all + pick(one), 0) / look.length;
      p.forEach((p_i, i) => near(mean((one) => one.p[i]), p_i, `p of row ${i}`));
      near(answers.loss(now), tape.loss(now), "the closed form's loss");
      answers.slopes(now).forEach((slope, e) => near(slope, slopes[e], "the closed form's slope"));
      assert.equal(look[0].h.length, Math.max(scene.columns.length, 1));
    }
    seen += 1;
  }
  assert.ok(seen > 200);
});

test("a step of descent on every weight is Python's, and leaves the model as it was", only, () => {
  for (const { scene, at, tape, weights } of boards) {
    const before = Object.values(weights).map(({ data }) => [...data]);
    for (const { turned, loss, descended } of at) {
      if (descended === undefined) continue;
      const next = tape.descend(made(turned), 0.1);
      near(tape.loss(next), descended, `descended, ${scene.name}`);
      tape.slopes(next);
      near(tape.loss(made(turned)), loss, `back again, ${scene.name}`);
    }
    assert.deepEqual(Object.values(weights).map(({ data }) => [...data]), before);
  }
});

test("a curve in slices is not disturbed by the hand, nor the weights by anything", only, () => {
  for (const { scene, at, tape } of boards) {
    const now = made(at[0].turned), start = made(now.turned.map(() => 0)), nudges = nudgesTo(scene.reach);
    const first = tape.loss(start), slopes = tape.slopes(now), whole = [...tape.losses(now, 0, nudges)], slices = [];
    assert.deepEqual(tape.slopes(now), slopes);
    for (const loss of tape.losses(now, 0, nudges)) {
      slices.push(loss);
      if (slices.length % 10 === 0) tape.loss(made(now.turned.map((x) => x + slices.length)));
    }
    assert.deepEqual(slices, whole);
    assert.equal(tape.loss(start), first);
  }
});

test("a curve grows from coarse to fine, as far as there is time, and then it is whole", only, () => {
  const [{ scene, at, tape }] = boards, now = made(at[0].turned), growing = new Growing(tape, now, 0, scene.reach);
  const counts = [];
  while (!growing.curve.whole) {
    growing.grow(0); // one point at a time
    counts.push(growing.curve.losses.filter(Number.isFinite).length);
    if (counts.length === 3) assert.deepEqual([0, 60, 120].map((k) => Number.isFinite(growing.curve.losses[k])), [true, true, true]);
  }
  assert.deepEqual(counts, Array.from({ length: 121 }, (_, k) => k + 1));
  assert.deepEqual(growing.curve.losses, [...tape.losses(now, 0, growing.curve.nudges)]);
  const { curve } = growing;
  growing.grow(Infinity);
  assert.equal(growing.curve, curve);
});
