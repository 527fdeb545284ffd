// Numbers as text, and the marks of an axis.
import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, exact, fine, mean, round, same, sum, text, ticks, within } from "../../gradwalk/widgets/board/numbers.js";

test("a number has a true minus, and nothing is never below nothing", () => {
  assert.equal(text(-1.5, 2), "\u22121.50");
  assert.equal(text(1.5, 1, true), "+1.5");
  assert.equal(text(-0.004, 2), "0.00");
  assert.equal(text(-0.004, 2, true), "0.00");
});

test("a small number shows two digits that count, a tiny one its power", () => {
  assert.equal(fine(0.5, 2), "0.50");
  assert.equal(fine(0.00123, 2), "0.0012");
  assert.equal(fine(-0.00123, 2), "\u22120.0012");
  assert.equal(fine(-1.2e-9, 3), "\u22121e\u22129");
  assert.equal(fine(0, 3), "0.000");
});

test("ticks are round, lie inside, and their digits tell them apart", () => {
  const { marks, digits } = ticks(0, 1, 5);
  assert.deepEqual(marks.map((mark) => text(mark, digits)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
  for (const [low, high, most] of [[-3.1, 4.7, 8], [2.0794, 2.0801, 5], [-1e-6, 1e-6, 4], [0.3, 900, 7], [0, 9, 2]]) {
    const { marks, digits } = ticks(low, high, most), step = marks[1] - marks[0];
    const leading = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
    assert.ok([1, 2, 5].some((m) => Math.abs(leading - m) < 1e-6), `${leading} is not round`);
    assert.ok(marks.length <= most + 1 && marks.length >= 2);
    assert.ok(marks[0] >= low - 1e-9 * step && marks[marks.length - 1] <= high + 1e-9 * step);
    assert.ok(marks[0] - step < low && marks[marks.length - 1] + step > high); // none is left out
    assert.equal(new Set(marks.map((mark) => mark.toFixed(digits))).size, marks.length);
  }
});

test("lists of numbers", () => {
  assert.equal(sum([]), 0);
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(round(1.23456), 1.23);
  assert.deepEqual([-7, 7, 0.5].map((x) => within(x, 2)), [-2, 2, 0.5]);
  assert.ok(same([1, 2], [1, 2]) && !same([1, 2], [1, 2, 3]) && !same([1, 2], [1, 3]));
});

test("a number in a cell has fewer digits where it is large, and says when it is exactly 0", () => {
  const told = [0.004, -0.42, 9.99, -9.996, 99.94, 123.4, -9999.4, 23456, NaN, Infinity, 0];
  assert.deepEqual(told.map((x) => brief(x, true)),
    ["0.00", "\u22120.42", "+9.99", "\u221210.0", "+99.9", "+123", "\u22129999", "+2e4", "?", "?", "0"]);
  assert.deepEqual([exact(0, 4), exact(-0, 4), exact(1e-9, 4)], ["0", "0", "0.0000"]);
});
