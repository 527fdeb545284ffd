// A sentence read in the page, and the board that comes of it, against OwnSentence.say in Python: every trait.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { pageModel } from "../../gradwalk/widgets/board/page_model.js";
import { readIn } from "../../gradwalk/widgets/sentence/own_sentence.js";
import { standIn } from "./stand_in.mjs";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const cases = folder ? JSON.parse(readFileSync(`${folder}/said.json`, "utf8")) : [];

// The same, and numbers to 1e-12 of their size; the floor, a difference of two losses, to as much of the loss.
function alike(a, b, what, size = 0) {
  if (typeof a === "number" && typeof b === "number") assert.ok(Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(b), size), `${what}: ${a}, not ${b}`);
  else if (a === null || b === null || typeof a !== "object" || typeof b !== "object") assert.equal(a, b, what);
  else {
    assert.deepEqual(Object.keys(a).sort(), Object.keys(b).sort(), what);
    for (const key of Object.keys(b)) alike(a[key], b[key], `${what}.${key}`, key === "floor" ? b.start_loss : 0);
  }
}

test("a board for a sentence is Python's, field by field", only, async () => {
  const seen = { boards: 0, refused: 0 };
  for (const { name, options, own, said } of cases) {
    const { board: first, tape, ...traits } = JSON.parse(own), models = { tape: { get: (key) => tape[key] } };
    const widget = standIn({ ...traits, tape: "IPY_MODEL_tape" }), board = standIn({ ...first, tape: null });
    const reads = await pageModel({ ...widget, widget_manager: { get_model: async (id) => models[id] } });
    for (const { sentence, asked, ...told } of said) {
      const what = `${name} ${options} “${sentence}” ${asked}`, before = structuredClone(board.state);
      readIn(widget, reads, board, sentence, asked);
      assert.equal(widget.get("sentence"), sentence);
      alike({ message: widget.get("message"), words: widget.get("words"), word: widget.get("word") },
        { message: told.message, words: told.words, word: told.word }, what);
      seen[told.message ? "refused" : "boards"] += 1;
      if (told.message) { assert.deepEqual(board.state, before); continue; }
      alike(board.state, { ...told.board, tape: "IPY_MODEL_tape" }, what);
      Object.assign(board.state, { turned: [1], stage: "1", stages: { 1: {} }, history: [1], kept: [1], compared: 0,
        predictions: { x: 1 }, shown: null, selected: 9, eta: 9, asked: {}, told: { x: 1 } }); // a hand has been at it
    }
  }
  assert.ok(seen.boards > 200 && seen.refused > 5, JSON.stringify(seen));
});
