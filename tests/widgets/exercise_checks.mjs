// What the page's check has to do, one and Python's answers given. Each check throws at its first difference.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const handed = (folder) => JSON.parse(readFileSync(`${folder}/checked.json`, "utf8"));

export const checks = {
  "verdict, mistake and words are Python's"({ check }, checked) {
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
  },
};
