// The picture of a watched value, at exactly the present setting of the board's dials.

/** @import { Tensor } from "../engine/tensor.js" */
/** @import { Cell } from "./picture.js" */
/** @import { Watch } from "./types" */

import { bars } from "./bars.js";
import { cells } from "./cells.js";
import { make, put, say } from "./elements.js";
import { exact, fine, same, sum, text } from "./numbers.js";
import { rowsOf } from "./picture.js";

/** @type {(watch: Watch) => string} */
function legendOf({ form, signed, kind, columns }) {
  const bar = `${signed ? "up: +, down: \u2212, \u25cb: exactly 0 \u00b7 " : ""}line: where it was at the start`;
  const number = `${signed ? "below" : "+/\u2212"}: since the start`;
  const axes = columns.length ? `row: a position \u00b7 column: ${kind}` :
    "row: the word that looks \u00b7 column: the word it looks at";
  return [axes, form === "bars" ? bar : number, "\u25b8 scored"].join(" \u00b7 ");
}

/**
 * The value's pictures, one a head where it has heads, and a line that tells one cell in full: the one under the mouse,
 * or the one that the arrow keys have chosen.
 * @param {Watch} watch
 */
export function watched(watch) {
  const { form, words, firsts, heads, columns } = watch, rows = rowsOf(watch);
  const title = make("div", { class: "gw-title" });
  const readout = make("div", { class: "gw-quiet gw-readout" });
  const heard = make("span", { class: "gw-heard", role: "status" }); // spoken when the keys choose a cell, at no turn
  const pictures = Array.from({ length: heads || 1 }, (_, e) => (form === "bars" ? bars : cells)(watch, e, choose));
  const fits = sum(pictures.map(({ width }) => width + 28)) <= 560; // beside the curve, under the dials
  const node = make("div", { class: fits ? "gw-watch gw-beside" : "gw-watch", role: "group" }, title,
    make("div", { class: "gw-pictures" }, ...pictures.map(({ node }, e) =>
      make("div", {}, ...(heads ? [make("div", { class: "gw-quiet" }, `head ${e}`)] : []), node))),
    readout, heard);
  /** @type {number[][][]} */
  let started = [];
  let now = started;
  let symbol = "";
  /** @type {Cell | null} */
  let chosen = null;

  /** @type {(cell: Cell | null, byKey?: boolean) => void} */
  function choose(cell, byKey = false) {
    if (chosen) pictures[chosen.e].mark(null);
    chosen = cell;
    if (chosen) pictures[chosen.e].mark(chosen, byKey);
    tell();
    say(heard, chosen && byKey ? readout.textContent : "");
  }

  function tell() {
    if (!chosen) return say(readout, legendOf(watch));
    const { e, r, k } = chosen, { t, first } = rows[r], x = now[e][r][k], was = started[e][r][k];
    const moved = Math.abs(x - was) > 1e-9; // not by rounding alone
    if (columns.length) {
      const position = `position ${t} \u201c${words[t]}\u201d`;
      const where = [symbol, ...(heads ? [`head ${e}`] : []), position, columns[k].label];
      const since = moved ? `, ${fine(x - was, 2, true)} since the start` : "";
      return say(readout, `${where.join(", ")}: ${exact(x, 4)}${since}`);
    }
    const since = moved ? `, ${text(was, 4)} at the start` : "";
    say(readout, `head ${e}: \u201c${words[t]}\u201d (place ${t - firsts[t]}) looks at ` +
      `\u201c${words[first + k]}\u201d (place ${k}): ${text(x, 4)}${since}`);
  }

  /** @type {(tensor: Tensor) => number[][][]} the numbers that each picture shows, row by row */
  const shown = ({ shape, data }) => pictures.map((_, e) => rows.map(({ t, first, count }) => {
    const start = (e * shape[shape.length - 2] + t) * shape[shape.length - 1];
    return Array.from({ length: count }, (_, k) => data[start + (columns[k]?.at ?? first + k)]);
  }));

  return {
    node,
    // The value now, and at the start.
    /** @type {(tensor: Tensor, dialect: string | undefined, start: Tensor) => void} */
    draw(tensor, dialect = "course", start) {
      const name = watch.names[dialect] ?? watch.names.course;
      say(title, name);
      title.classList.toggle("gw-own", !watch.names[dialect]); // the dialect has no name for it
      put(node, "aria-label", name);
      symbol = name.split(",")[0];
      if (!started.length) started = shown(start);
      const before = now;
      now = shown(tensor);
      pictures.forEach((picture, e) => {
        const still = before[e]?.every((row, r) => same(row, now[e][r])); // many a dial moves one head alone
        if (!still) picture.draw(now[e], started[e]);
      });
      tell();
    },
  };
}
