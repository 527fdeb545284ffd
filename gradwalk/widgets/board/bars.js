// A watched value of many numbers: in each row bars, up where it is positive and down where it is negative.

/** @import { Watch } from "./types" */
/** @import { Choose, Picture } from "./picture.js" */

import { put, shape } from "./elements.js";
import { round, within } from "./numbers.js";
import { cornerOf, picture, rowsOf, widest } from "./picture.js";

/**
 * All bars of one sign are one path: a turn draws four of them anew, however many bars there are.
 * @type {(watch: Watch, e: number, choose: Choose) => Picture}
 */
export function bars(watch, e, choose) {
  const { signed, columns, words } = watch, rows = rowsOf(watch);
  const most = watch.kind === "word" ? widest(columns.map(({ mark }) => mark)) : 16; // between numbers one can count
  const wide = Math.max(5, Math.min(most, Math.floor(640 / (columns.length || words.length)))), thick = wide - 1.5;
  const size = { wide, tall: signed ? 32 : 18 }, longest = 14; // a bar as long as the longest at the start
  const plus = shape("path", { class: "gw-bars" }), minus = shape("path", { class: "gw-bars gw-minus" });
  const zeros = shape("path", { class: "gw-zeros" }), was = shape("path", { class: "gw-was" });
  const feet = rows.map((row, r) => cornerOf(watch, size, row, r, 0)).map(({ x, y }) => ({ x, y: y + 16 }));
  const lines = rows.map(({ count }, r) => `M${feet[r].x} ${feet[r].y}h${wide * count}`).join("");
  const { width, node, mark, say: tell } = picture(watch, e, size, choose,
    [shape("path", { class: "gw-lines", d: lines }), plus, minus, zeros, was]);

  return {
    width, node, mark,
    draw(now, started) {
      const largest = signed ? Math.max(...started.map((row) => Math.max(...row.map(Math.abs)))) || 1 : 1;
      const length = (/** @type {number} */ x) => round(longest * within(x / largest, 1.1));
      const paths = { plus: "", minus: "", zeros: "", was: "" };
      now.forEach((row, r) => row.forEach((x, k) => {
        if (!Number.isFinite(x)) return; // the walk has outgrown its numbers
        const left = round(feet[r].x + k * wide + 0.75), foot = feet[r].y;
        const up = length(x), before = length(started[r][k]);
        if (x === 0) paths.zeros += `M${left + thick / 2 - 1.5} ${foot}a1.5 1.5 0 1 0 3 0a1.5 1.5 0 1 0 -3 0`;
        else paths[x > 0 ? "plus" : "minus"] += `M${left} ${foot}v${-up}h${thick}v${up}z`;
        if (Math.abs(up - before) >= 0.5) paths.was += `M${left} ${round(foot - before)}h${thick}`;
      }));
      put(plus, "d", paths.plus);
      put(minus, "d", paths.minus);
      put(zeros, "d", paths.zeros);
      put(was, "d", paths.was);
      tell(now);
    },
  };
}
