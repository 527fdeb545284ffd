// Sentences as the page reads them, against reading/ in Python: words, numbers, and each message word for word.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { nearest, shown } from "../../gradwalk/widgets/sentence/nearest.js";
import { Refused, read, wordsOf } from "../../gradwalk/widgets/sentence/read.js";

const folder = process.env.GRADWALK_HANDED_OVER;
const only = { skip: folder ? false : "run by tests/test_javascript.py" };
const vocabularies = folder ? JSON.parse(readFileSync(`${folder}/read.json`, "utf8")) : [];

test("the words of a sentence are Python's", only, () => {
  let seen = 0;
  for (const { cases } of vocabularies) for (const { sentence, words } of cases) {
    assert.deepEqual(wordsOf(sentence), words, JSON.stringify(sentence));
    seen += 1;
  }
  assert.ok(seen > 3000);
});

test("numbers and messages are Python's", only, () => {
  let numbers = 0, messages = 0;
  for (const { cases, ...vocabulary } of vocabularies) for (const told of cases) {
    if (told.numbers) {
      assert.deepEqual(read(told.sentence, vocabulary), told.numbers);
      numbers += 1;
    } else {
      assert.throws(() => read(told.sentence, vocabulary), (error) => {
        assert.ok(error instanceof Refused);
        assert.equal(error.message, told.message, JSON.stringify(told.sentence));
        return true;
      });
      messages += 1;
    }
  }
  assert.ok(numbers > 500 && messages > 1000, `${numbers} read, ${messages} refused`);
});

test("the nearest words, and a text as Python shows it", () => {
  assert.deepEqual(nearest("dgo", ["dragon", "got", "river", "dog"]), ["dog", "got", "dragon"]);
  assert.deepEqual(nearest("", ["b", "a"]), ["a", "b"]);
  assert.equal(shown("it's"), '"it\'s"');
  assert.equal(shown("a\u00a0\u200d\n\\"), "'a\\xa0\\u200d\\n\\\\'");
  assert.equal(shown("abcdefghijklmnopqrstuvwxyzabcdefghij"), "'abcdefghijkl...xyzabcdefghij'");
});
