// The attention picture: what each position looks at, head by head, at exactly the present setting.

/** @import { Watch } from "./types" */

import { sharesAt } from "./alpha.js";
import { make, put, say, shape } from "./elements.js";
import { round, same, text } from "./numbers.js";

const LEGEND = "row: the word that looks \u00b7 column: the word it looks at \u00b7 " +
  "+/\u2212: since the start \u00b7 \u25b8 scored";

/** @type {Record<string, [rows: number, columns: number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @typedef {{e: number, t: number, k: number}} Cell head e, position t, the k-th of those that t may look at */

/**
 * The pictures of all heads, and a line that tells one cell in full: the one under the mouse, or the one that the
 * arrow keys have chosen.
 * @param {Watch} watch
 */
export function attention(watch) {
  const { words, firsts, moves } = watch;
  const started = sharesAt(watch, moves.map(() => 0));
  const title = make("div", { class: "gw-title" });
  const readout = make("div", { class: "gw-quiet gw-readout" });
  const heard = make("span", { class: "gw-heard", role: "status" }); // spoken when the keys choose a cell, at no turn
  const heads = started.map((rows, e) => attentionHead(watch, rows, e, choose));
  const fits = heads.reduce((sum, head) => sum + head.width + 28, 0) <= 560; // beside the curve, under the dials
  const node = make("div", { class: fits ? "gw-watch gw-beside" : "gw-watch", role: "group" }, title,
    make("div", { class: "gw-heads" }, ...heads.map((head) => head.node)), readout, heard);
  let shares = started;
  /** @type {number[] | null} */
  let drawn = null;
  /** @type {Cell | null} */
  let chosen = null;

  /** @type {(cell: Cell | null, byKey?: boolean) => void} */
  function choose(cell, byKey = false) {
    if (chosen) heads[chosen.e].mark(chosen, false);
    chosen = cell;
    if (chosen) heads[chosen.e].mark(chosen, true);
    tell();
    say(heard, chosen && byKey ? readout.textContent : "");
  }

  function tell() {
    if (!chosen) return say(readout, LEGEND);
    const { e, t, k } = chosen, s = firsts[t] + k;
    const was = same([shares[e][t][k]], [started[e][t][k]]) ? "" : `, ${text(started[e][t][k], 4)} at the start`;
    say(readout, `head ${e}: \u201c${words[t]}\u201d (place ${t - firsts[t]}) looks at ` +
      `\u201c${words[s]}\u201d (place ${k}): ${text(shares[e][t][k], 4)}${was}`);
  }

  return {
    node,
    /** @type {(turned: number[], dialect?: string) => void} */
    draw(turned, dialect = "course") {
      say(title, watch.names[dialect] ?? watch.names.course);
      title.classList.toggle("gw-own", !watch.names[dialect]); // the dialect has no name for it
      put(node, "aria-label", title.textContent);
      if (!drawn || !same(drawn, turned)) {
        drawn = turned;
        shares = sharesAt(watch, turned);
        heads.forEach((head, e) => head.draw(shares[e]));
      }
      tell();
    },
  };
}

/** @typedef {{size: number, font: number, told(share: number): string, changed(words: string): string}} CellStyle */

/**
 * How large a cell is and how its numbers are told: two digits, without the 0 where it is narrow; none in the smallest.
 * @type {(positions: number) => CellStyle}
 */
function cellFor(positions) {
  const short = (/** @type {string} */ words) => words.replace("0.", ".");
  if (positions <= 6) return { size: 38, font: 12, told: (share) => share.toFixed(2), changed: short };
  if (positions <= 12) return { size: 30, font: 10.5, told: (share) => short(share.toFixed(2)), changed: short };
  return { size: 16, font: 0, told: () => "", changed: () => "" };
}

/** @typedef {{width: number, node: Node, mark(cell: Cell, on: boolean): void, draw(rows: number[][]): void}} Head */

/**
 * One head: a row a position, only the cells it may look at. A column's word stands on top of its first cell, where
 * the picture is empty. Each cell has the share as shade and number, and under it by how much it has changed since
 * the start; the smallest cells have an outline for that.
 * @type {(watch: Watch, started: number[][], e: number, choose: (cell: Cell | null, byKey?: boolean) => void) => Head}
 */
function attentionHead({ words, scored, firsts }, started, e, choose) {
  const { size, font, told, changed } = cellFor(words.length);
  const room = (/** @type {string} */ word) => 7.2 * word.length + 9;
  const left = 11 + Math.max(...words.map(room)), top = 18;
  const width = Math.ceil(left + Math.max(...words.map((word, s) => s * size + Math.max(size, room(word)))));
  const height = top + words.length * size + 1;
  const cells = started.map((row, t) => row.map((_, k) => {
    const x = left + (firsts[t] + k) * size, y = top + t * size, middle = x + size / 2;
    return {
      shade: shape("rect", { class: "gw-cell", x: x + 1, y: y + 1, width: size - 2, height: size - 2, rx: 3 }),
      share: shape("text", { class: "gw-share", x: middle, y: y + 0.5 * size + 0.36 * font }),
      change: shape("text", { class: "gw-change", x: middle, y: y + 0.84 * size }),
    };
  }));
  const rim = words.flatMap((word, t) => [
    shape("text", { class: scored[t] ? "gw-looks gw-scored" : "gw-looks", x: left - 6, y: top + (t + 0.5) * size + 4 },
      scored[t] ? `\u25b8 ${word}` : word),
    shape("text", { x: left + t * size + 3, y: top + t * size - 5 }, word),
  ]);
  const picture = shape("svg", { class: font ? "gw-attention" : "gw-attention gw-tiny",
      viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: 0,
      style: `--gw-digits: ${font}px`, "data-lm-suppress-shortcuts": "true" },
    ...rim, ...cells.flat().flatMap(({ shade, share, change }) => [shade, share, change]));

  /** @type {(t: number, k: number) => Cell} */
  const inside = (t, k) => ({ e, t: Math.max(0, Math.min(words.length - 1, t)), k });
  let at = inside(words.length - 1, 0); // where the arrow keys are
  picture.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    at = inside(at.t + step[0], at.k + step[1]);
    at.k = Math.max(0, Math.min(cells[at.t].length - 1, at.k));
    choose(at, true);
    event.preventDefault();
    event.stopPropagation();
  });
  picture.addEventListener("focus", () => { if (picture.matches(":focus-visible")) choose(at, true); });
  picture.addEventListener("blur", () => choose(null));
  picture.addEventListener("pointerleave", () => choose(null));
  cells.forEach((row, t) => row.forEach(({ shade }, k) =>
    shade.addEventListener("pointerenter", () => { at = inside(t, k); choose(at); })));

  /**
   * The last scored rows in words.
   * @type {(rows: number[][]) => string}
   */
  function spoken(rows) {
    const last = rows.map((_, t) => t).filter((t) => scored[t]).slice(-3);
    return `head ${e}: ` + last.map((t) => `\u201c${words[t]}\u201d looks at ` +
      rows[t].map((share, k) => `${words[firsts[t] + k]} ${text(share, 2)}`).join(", ")).join("; ");
  }

  return {
    width,
    node: make("div", {}, make("div", { class: "gw-quiet" }, `head ${e}`), picture),
    mark: ({ t, k }, on) => cells[t][k].shade.classList.toggle("gw-at", on),
    draw(rows) {
      rows.forEach((row, t) => row.forEach((share, k) => {
        const cell = cells[t][k], change = text(share - started[t][k], 2, true), moved = change !== "0.00";
        put(cell.shade, "fill-opacity", round(0.36 * share)); // the number stays readable on it
        cell.shade.classList.toggle("gw-moved", moved);
        say(cell.share, told(share));
        say(cell.change, moved ? changed(change) : "");
      }));
      put(picture, "data-shares", JSON.stringify(rows));
      put(picture, "aria-label", spoken(rows));
    },
  };
}
