// What Python hands over: the joined texts, and boards with the numbers that it has for them itself.
// tests/test_javascript.py lays them into a folder.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { deeperLayer, outputLayer } from "../../gradwalk/widgets/board/answers.js";
import { standIn } from "./stand_in.mjs";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const near = (a, b) => assert.ok(Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(b)), `${a}, not ${b}`);

test("what a notebook loads is one module without imports, with a render", only, async () => {
  for (const name of ["board", "range"]) {
    const { default: widget, ...rest } = await import(pathToFileURL(`${folder}/${name}.mjs`));
    assert.equal(typeof widget.render, "function");
    assert.deepEqual(rest, {});
  }
});

test("loss, p and slopes are Python's at every setting", only, () => {
  const boards = JSON.parse(readFileSync(`${folder}/boards.json`, "utf8"));
  for (const { state, at } of boards) for (const { turned, loss, slopes, p, here } of at) {
    const { scene } = state;
    const layer = scene.kind === "output" ? outputLayer(scene) : deeperLayer(scene, standIn({ ...state, here }));
    near(layer.loss(turned), loss);
    slopes.forEach((slope, d) => near(layer.slope(turned, d).value, slope));
    if (layer.free) p.forEach((p_i, i) => {
      const seen = layer.look(turned);
      near(seen.reduce((sum, one) => sum + one.p[i], 0) / seen.length, p_i);
    });
  }
});
