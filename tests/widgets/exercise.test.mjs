// Answers as the page judges them, against exercises/ in Python: the verdict, the mistake, and every word.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const { check } = await import(process.env.GRADWALK_EXERCISE ?? "../../gradwalk/widgets/exercise/check.js");

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const checked = folder ? JSON.parse(readFileSync(`${folder}/checked.json`, "utf8")) : [];

test("verdict, mistake and words are Python's", only, () => {
  const mistakes = new Set();
  let passes = 0, seen = 0;
  for (const { told, answers } of checked) for (const { answer, ...python } of answers) {
    const { passed, mistake, paragraphs } = check(told, answer);
    const said = paragraphs.map(({ text }) => text).join("\n\n");
    assert.deepEqual({ passed, mistake, said }, python, `${told.name} is not Python's: ${JSON.stringify(answer)}`);
    mistakes.add(mistake);
    passes += passed;
    seen += 1;
  }
  assert.ok(seen > 800 && passes > 80 && mistakes.size > 60, `${seen} answers, ${passes} passes, ${mistakes.size} mistakes`);
});
