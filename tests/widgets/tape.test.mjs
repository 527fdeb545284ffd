// A board's answers by the page's tape, against Dial and both walks in Python, on a model that was turned there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Tape } from "../../gradwalk/widgets/board/tape.js";
import { unpacked } from "../../gradwalk/widgets/engine/engine.js";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };

function* boards() {
  for (const { lines, settings, weights, boards } of JSON.parse(readFileSync(`${folder}/tapes.json`, "utf8"))) {
    const arrays = Object.fromEntries(Object.entries(weights).map(([name, packed]) => [name, unpacked(packed)]));
    for (const board of boards) {
      yield { board, arrays, tape: new Tape({ lines, settings, weights: arrays }, board.dials) };
    }
  }
}
const near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a}, not ${b}`);

test("loss, slopes, values and curve are Python's, several dials turned together", only, () => {
  let seen = 0;
  for (const { board: { dials, turned, loss, slopes, h, d, nudges, losses }, tape } of boards()) {
    const what = JSON.stringify(dials);
    near(tape.loss(turned), loss, `loss, ${what}`);
    tape.slopes(turned).forEach((slope, e) => near(slope, slopes[e], `slope ${e}, ${what}`));
    unpacked(h).data.forEach((x, k) => near(tape.value("h", turned).data[k], x, `h ${k}, ${what}`));
    const curve = tape.curve(turned, d, nudges);
    assert.equal(curve.losses.length, 121);
    curve.losses.forEach((x, k) => near(x, losses[k], `curve at ${nudges[k]}, ${what}`));
    seen += 1;
  }
  assert.ok(seen > 100);
});

test("a curve in slices is not disturbed by the hand, nor the weights by anything", only, () => {
  for (const { board: { dials, turned, d, nudges }, tape, arrays } of boards()) {
    const before = dials.map(({ name }) => [...arrays[name].data]), start = turned.map(() => 0);
    tape.curve(start, d, nudges);
    const first = tape.loss(start), slopes = tape.slopes(turned);
    const whole = tape.curve(turned, d, nudges).losses, slices = [];
    assert.deepEqual(tape.slopes(turned), slopes);
    for (const loss of tape.losses(turned, d, nudges)) {
      slices.push(loss);
      tape.loss(turned.map((x) => x + slices.length));
    }
    assert.deepEqual(slices, whole);
    assert.equal(tape.loss(start), first);
    assert.deepEqual(dials.map(({ name }) => [...arrays[name].data]), before);
  }
});
