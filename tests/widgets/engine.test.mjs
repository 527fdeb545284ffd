// The page's engine against Python: every value and every slope, on all the random models of the tests.
// tests/test_javascript.py hands over the cases, and tells where an engine in one text lies.
import assert from "node:assert/strict";
import { test } from "node:test";

import { checks, handed } from "./engine_checks.mjs";

const engine = await import(process.env.GRADWALK_ENGINE ?? "../../gradwalk/widgets/engine/engine.js");
const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const walks = folder ? handed(folder) : [];

for (const [name, check] of Object.entries(checks)) test(name, only, () => check(engine, walks));

test("numbers arrive with every bit, of either width", () => {
  const numbers = [0.1, -2.5, 1e-7];
  for (const [dtype, Numbers] of [["float64", Float64Array], ["float32", Float32Array]]) {
    const base64 = Buffer.from(Numbers.from(numbers).buffer).toString("base64");
    const wanted = { shape: [3, 1], data: Float64Array.from(Numbers.from(numbers)) };
    assert.deepEqual(engine.unpacked({ shape: [3, 1], dtype, base64 }), wanted);
  }
});
