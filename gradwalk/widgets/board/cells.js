// A watched value as cells, each with its number: shares as shades, others as shades of two colours and a sign.

/** @import { Watch } from "./types" */
/** @import { Choose, Picture, Size } from "./picture.js" */

import { put, say, shape } from "./elements.js";
import { brief, round, text } from "./numbers.js";
import { cornerOf, picture, rowsOf, widest } from "./picture.js";

const SHADE = 0.36; // the darkest: a number stays readable on it

/** @typedef {Size & {font: number, told(x: number): string, changed(words: string): string}} Style */

/**
 * How large a cell is and how its numbers are told: two digits, without the 0 where it is narrow.
 * @type {(watch: Watch) => Style}
 */
function styleOf({ columns, words, signed }) {
  const short = (/** @type {string} */ told) => told.replace(/^(\D?)0\./, "$1.");
  const told = (/** @type {number} */ x) => (signed ? brief(x, true) : text(x, 2));
  const wide = Math.max(38, widest(columns.map(({ mark }) => mark)));
  if (columns.length || words.length <= 6) return { wide, tall: 38, font: 12, told, changed: short };
  return { wide: 30, tall: 30, font: 10.5, told: (x) => short(told(x)), changed: short };
}

/**
 * Each cell has under its number by how much that has changed since the start.
 * @type {(watch: Watch, e: number, choose: Choose) => Picture}
 */
export function cells(watch, e, choose) {
  const style = styleOf(watch), { signed } = watch, { wide, tall, font, told, changed } = style;
  const drawn = rowsOf(watch).map((row, r) => Array.from({ length: row.count }, (_, k) => {
    const { x, y } = cornerOf(watch, style, row, r, k), middle = x + wide / 2;
    return {
      shade: shape("rect", { class: "gw-cell", x: x + 1, y: y + 1, width: wide - 2, height: tall - 2, rx: 3 }),
      number: shape("text", { class: "gw-number", x: middle }),
      middle: y + 0.5 * tall + 0.36 * font,
      change: shape("text", { class: "gw-change", x: middle, y: y + 0.84 * tall }),
      at: NaN,
    };
  }));
  const inside = drawn.flat().flatMap(({ shade, number, change }) => [shade, number, change]);
  const { width, node, mark, say: tell } = picture(watch, e, style, choose, inside);
  node.style.setProperty("--gw-digits", `${font}px`);

  return {
    width, node, mark,
    draw(now, started) {
      const largest = signed ? Math.max(...started.flat().map(Math.abs)) || 1 : 1;
      now.forEach((row, r) => row.forEach((x, k) => {
        const cell = drawn[r][k], change = text(x - started[r][k], 2, true);
        if (cell.at === x) return; // not written again: most dials leave most cells alone
        cell.at = x;
        const finite = Number.isFinite(x), moved = finite && change !== "0.00"; // or the walk has outgrown its numbers
        put(cell.shade, "fill-opacity", finite ? round(SHADE * Math.min(1, Math.abs(x) / largest)) : 0);
        if (signed) cell.shade.classList.toggle("gw-minus", x < 0);
        put(cell.number, "y", round(cell.middle - (moved ? 0.4 * font : 0))); // no transform: it would be a layer's place
        say(cell.number, told(x));
        say(cell.change, moved ? changed(change) : "");
      }));
      tell(now);
    },
  };
}
