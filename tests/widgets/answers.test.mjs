// The ways a board gets its answers, against their definitions.
import assert from "node:assert/strict";
import { test } from "node:test";

import { deeperLayer, kernel, outputLayer } from "../../gradwalk/widgets/board/answers.js";
import { atStart, curvesAt, deeper, H, hereAt, lossAt, output, ROWS, slopesAt, standIn, Y, Z } from "./stand_in.mjs";

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

test("the output layer is the softmax over all words, at any combination of dials", () => {
  const layer = outputLayer(output);
  for (const turned of SETTINGS) {
    const { at, loss } = byDefinition(turned);
    near(layer.loss(turned), loss, "loss");
    layer.look(turned).forEach((seen, t) => seen.p.forEach((p, k) => near(p, at[t].p[ROWS[k]], `p of row ${k} at ${t}`)));
  }
});

test("without a rest the words on the board are all there are", () => {
  const [first] = output.positions;
  const layer = outputLayer({ ...output, positions: [{ ...first, rest: null }] });
  const [{ p }] = layer.look([0.1, 0.2, 0.3, 0.4]);
  near(p[0] + p[1], 1, "sum of p");
});

test("its slope is the mean of the shares (p_i - [i = y]) h_j, and the measured slope", () => {
  const layer = outputLayer(output), step = 1e-5;
  for (const turned of SETTINGS.slice(0, 3)) for (let d = 0; d < 4; d++) {
    const { at } = byDefinition(turned), i = ROWS[d >> 1];
    const shares = at.map(({ p }, t) => (p[i] - (Y[t] === i ? 1 : 0)) * H[t][d & 1]);
    layer.shares(turned, d).forEach((share, t) => near(share.value, shares[t], `share ${t} of dial ${d}`));
    const slope = layer.slope(turned, d);
    assert.ok(slope.exact);
    near(slope.value, (shares[0] + shares[1]) / 2, `slope of dial ${d}`);
    const [down, up] = [-step, step].map((by) => byDefinition(turned.map((x, e) => x + (e === d ? by : 0))).loss);
    assert.ok(Math.abs(slope.value - (up - down) / (2 * step)) < 1e-8);
  }
});

test("its curve is the loss at 121 nudges of one dial, the others where they are", () => {
  const layer = outputLayer(output), turned = [0.5, -1, 0.25, 2], { nudges, losses } = layer.curve(turned, 1, 3);
  assert.deepEqual([nudges.length, nudges[0], nudges[60], nudges[120]], [121, -3, 0, 3]);
  for (const k of [0, 31, 60, 120]) near(losses[k], byDefinition([0.5, nudges[k], 0.25, 2]).loss, `loss at ${nudges[k]}`);
});

test("a deeper layer tells what its curves and its answer cover, and nothing else", () => {
  const model = standIn({ ...atStart, turned: [0, 0] }), layer = deeperLayer(deeper, model);
  assert.equal(layer.loss([0, 0]), lossAt([0, 0]));
  assert.deepEqual(layer.slope([0, 0], 1), { value: slopesAt([0, 0])[1], exact: true });
  assert.equal(layer.loss([1, 0]), lossAt([1, 0])); // a point of the first curve
  assert.equal(layer.loss([0, -2]), lossAt([0, -2]));
  assert.deepEqual(layer.slope([1, 0], 0), { value: (lossAt([2, 0]) - lossAt([0, 0])) / 2, exact: false });
  assert.deepEqual(layer.slope([2, 0], 0), { value: lossAt([2, 0]) - lossAt([1, 0]), exact: false }); // at its end
  assert.equal(layer.slope([1, 0], 1), null); // the second curve was taken with the first dial elsewhere
  assert.equal(layer.curve([1, 0], 1), null);
  assert.equal(layer.loss([1, 1]), null);
  assert.equal(layer.loss([0.5, 0]), null); // between two detents
  model.state.curves = curvesAt([1, 1]);
  assert.deepEqual(layer.curve([1, 0], 1).losses, curvesAt([1, 1]).losses[1]);
  assert.equal(layer.curve([0, 0], 0), null);
  assert.equal(layer.loss([0, 0]), lossAt([0, 0])); // the start is always known
  model.state.here = hereAt([1, -1]);
  assert.equal(layer.loss([1, -1]), lossAt([1, -1]));
});

test("Python is gone when it was never there, or when it sends no curves for ten seconds", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const model = standIn({ ...atStart, live: true });
  let told = 0;
  const python = kernel(model, () => { told += 1; });
  model.state.turned = [1, 0];
  python.ask();
  assert.deepEqual(model.state.settled, [1, 0]);
  t.mock.timers.tick(9999);
  assert.deepEqual([python.gone(), told], [false, 0]);
  t.mock.timers.tick(1);
  assert.deepEqual([python.gone(), told], [true, 1]);
  python.answered();
  assert.equal(python.gone(), false);
  python.ask();
  model.state.curves = curvesAt([1, 0]); // this time it does
  t.mock.timers.tick(10000);
  assert.equal(python.gone(), false);
  model.state.live = false;
  assert.equal(python.gone(), true);
});
