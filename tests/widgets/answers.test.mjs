// The ways a board gets its answers, against their definitions.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ClosedForm, Kernel } from "../../gradwalk/widgets/board/answers.js";
import { nudgesTo } from "../../gradwalk/widgets/board/curve.js";
import { sharesOf } from "../../gradwalk/widgets/board/told.js";
import { H, lossAt, NUDGES, output, ROWS, slopesAt, standIn, toldAt, Y, Z } from "./stand_in.mjs";

const SETTINGS = [[0, 0, 0, 0], [0.7, 0, 0, 0], [-1.3, 0.4, 2.2, -0.9], [12, -30, 8, 25]];
const near = (a, b, what) => assert.ok(Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(b)), `${what}: ${a}, not ${b}`);

// The loss and p by the softmax over all words, with no word left out of the sum.
function byDefinition(turned) {
  const at = Z.map((z, t) => {
    const moved = z.map((z_i, i) => {
      const row = ROWS.indexOf(i);
      return row < 0 ? z_i : z_i + turned[2 * row] * H[t][0] + turned[2 * row + 1] * H[t][1];
    });
    const top = Math.max(...moved), grown = moved.map((x) => Math.exp(x - top));
    const p = grown.map((x) => x / grown.reduce((a, b) => a + b));
    return { p, loss: top + Math.log(grown.reduce((a, b) => a + b)) - moved[Y[t]] };
  });
  return { at, loss: (at[0].loss + at[1].loss) / 2 };
}

const made = (turned) => ({ turned, weights: null });

test("the output layer is the softmax over all words, at any combination of dials", () => {
  const closed = new ClosedForm(output);
  for (const turned of SETTINGS) {
    const { at, loss } = byDefinition(turned);
    near(closed.loss(made(turned)), loss, "loss");
    closed.look(made(turned)).forEach(({ p, h }, t) => {
      assert.equal(h, H[t]);
      p.forEach((p_i, k) => near(p_i, at[t].p[ROWS[k]], `p of row ${k} at ${t}`));
    });
  }
});

test("without a rest the words on the board are all there are", () => {
  const [first] = output.positions;
  const [{ p }] = new ClosedForm({ ...output, positions: [{ ...first, rest: null }] }).look(made([0.1, 0.2, 0.3, 0.4]));
  near(p[0] + p[1], 1, "sum of p");
});

test("its slope is the mean of the shares (p_i - [i = y]) h_j, and the measured slope", () => {
  const closed = new ClosedForm(output), step = 1e-5;
  for (const turned of SETTINGS.slice(0, 3)) for (let d = 0; d < 4; d++) {
    const { at } = byDefinition(turned), i = ROWS[d >> 1];
    const shares = at.map(({ p }, t) => (p[i] - (Y[t] === i ? 1 : 0)) * H[t][d & 1]);
    sharesOf(output, d, closed.look(made(turned))).forEach((share, t) => near(share.value, shares[t], `share ${t} of dial ${d}`));
    const slope = closed.slopes(made(turned))[d];
    near(slope, (shares[0] + shares[1]) / 2, `slope of dial ${d}`);
    const [down, up] = [-step, step].map((by) => byDefinition(turned.map((x, e) => x + (e === d ? by : 0))).loss);
    assert.ok(Math.abs(slope - (up - down) / (2 * step)) < 1e-8);
  }
});

test("its curve is the loss at 121 nudges of one dial, the others where they are", () => {
  const nudges = nudgesTo(3), losses = [...new ClosedForm(output).losses(made([0.5, -1, 0.25, 2]), 1, nudges)];
  assert.deepEqual([nudges.length, nudges[0], nudges[60], nudges[120]], [121, -3, 0, 3]);
  for (const k of [0, 31, 60, 120]) near(losses[k], byDefinition([0.5, nudges[k], 0.25, 2]).loss, `loss at ${nudges[k]}`);
});

test("Python's answer tells what it covers, and nothing else", () => {
  const model = standIn({ told: toldAt([0, 0], 0) }), python = new Kernel(model, NUDGES);
  const curve = (turned, d) => [...python.losses(made(turned), d, NUDGES)];
  assert.equal(python.loss(made([0, 0])), lossAt([0, 0]));
  assert.deepEqual(python.slopes(made([0, 0])), slopesAt([0, 0]));
  assert.equal(python.loss(made([1, 0])), lossAt([1, 0])); // a point of the curve
  assert.equal(python.slopes(made([1, 0])), null);
  assert.deepEqual(curve([1, 0], 0), NUDGES.map((nudge) => lossAt([nudge, 0])));
  assert.deepEqual(curve([0, 0], 1), []); // the other dial's
  assert.equal(python.loss(made([0, 1])), null);
  assert.equal(python.loss(made([1, 1])), null);
  assert.equal(python.loss(made([0.5, 0])), null); // between two nudges
  assert.ok(python.answered(made([0, 0]), 0));
  assert.ok(!python.answered(made([0, 0]), 1) && !python.answered(made([1, 0]), 0));
  model.state.told = toldAt([1, -1], 1);
  assert.equal(python.loss(made([1, 2])), lossAt([1, 2]));
  assert.equal(python.loss(made([0, 0])), null);
});
