// What a board says in words.
import assert from "node:assert/strict";
import { test } from "node:test";

import { gearTold, scoreTold, slopeAlone, slopeOfShares, verdictTold } from "../../gradwalk/widgets/board/told.js";
import { output } from "./stand_in.mjs";

const share = (p, hit, h) => ({ p, hit, h, value: (p - (hit ? 1 : 0)) * h });

test("one position's slope is its factors", () => {
  const told = (scene, one) => slopeOfShares(scene, one.value, [one]).line;
  assert.equal(told(output, share(0.25, false, 2)), "slope = p \u00b7 h = 0.250 \u00d7 2.00 = 0.500: down helps");
  assert.equal(told(output, share(0.25, true, 2)),
    "slope = (p \u2212 1) \u00b7 h = (0.250 \u2212 1) \u00d7 2.00 = \u22121.500: up helps");
  const bias = { ...output, columns: [] };
  assert.equal(told(bias, share(0.25, false, 1)), "slope = p = 0.250: down helps"); // p alone is the result already
  assert.equal(told(bias, share(0.25, true, 1)), "slope = (p \u2212 1) = (0.250 \u2212 1) = \u22120.750: up helps");
});

test("of many positions the first six have a row each, the others one", () => {
  const scene = { ...output, positions: Array.from({ length: 8 }, (_, t) => ({ where: `at ${t}` })) };
  const shares = scene.positions.map(() => share(0.25, false, 2));
  const { line, rows } = slopeOfShares(scene, 0.5, shares);
  assert.equal(line, "slope = mean of 8 shares = 0.500: down helps");
  assert.deepEqual(rows[5], ["at 5", "0.250 \u00d7 2.00 =", "+0.500"]);
  assert.deepEqual(rows.slice(6), [["and 2 more", "their sum", "+1.000"]]);
  assert.equal(slopeOfShares(scene, 0.5, shares.slice(0, 6)).rows.length, 6);
});

test("a deeper slope is told, and what rounding leaves of nothing is not shown", () => {
  assert.equal(slopeAlone(output, -0.5), "slope = \u22120.500: up helps");
  assert.equal(slopeAlone(output, 0.5), "slope = 0.500: down helps");
  assert.equal(slopeAlone(output, 1e-15), "slope \u2248 0.000: a short turn changes nothing");
});

test("a column of W says how its dials are geared", () => {
  assert.deepEqual(gearTold(output, [0.421]).below, "h = +0.42 \u21bb");
  assert.deepEqual(gearTold(output, [-0.421]).below, "h = \u22120.42 \u21ba");
  assert.deepEqual(gearTold(output, [-0.421, 2]).below, "h \u22120.4\u2026+2.0");
  assert.match(gearTold(output, [-0.421, 2]).hint, /one way at some positions/);
});

test("verdict and score", () => {
  const right = { said: "rise", truth: "rise", right: true }, wrong = { said: "stay", truth: "fall", right: false };
  assert.equal(verdictTold(undefined), "");
  assert.equal(verdictTold({ said: "turned" }), "You found out by turning.");
  assert.equal(verdictTold(right), "You said it would rise: \u2713 called right");
  assert.equal(verdictTold(wrong), "You said it would stay: \u2717 it would fall");
  assert.equal(scoreTold({}), "");
  assert.equal(scoreTold({ a: right, b: wrong, c: { said: "turned" } }), "1 of 2 called right \u00b7 1 found by turning");
  assert.equal(scoreTold({ c: { said: "turned" } }), "1 found by turning");
});
