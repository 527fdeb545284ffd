// What Python hands over: the joined texts. tests/test_javascript.py lays them into a folder.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };

test("what a notebook loads is one module without imports, with a render", only, async () => {
  for (const name of ["board", "range", "load"]) {
    const { default: widget, ...rest } = await import(pathToFileURL(`${folder}/${name}.mjs`));
    assert.equal(typeof widget.render, "function");
    assert.deepEqual(rest, {});
  }
});
