// What all pictures of a watched value have: a row a position and its word, marks over the columns, arrow keys and the
// mouse to choose a cell, and the scored rows in words.

/** @import { Watch } from "./types" */

import { put, shape, show } from "./elements.js";
import { exact, text } from "./numbers.js";

/** @typedef {{e: number, r: number, k: number}} Cell of head e's picture row r, and in that row the k-th cell */
/** @typedef {{t: number, first: number, count: number}} Row position t has `count` cells, from column `first` on */
/** @typedef {(cell: Cell | null, byKey?: boolean) => void} Choose */
/** @typedef {{wide: number, tall: number}} Size of a cell */
/**
 * @typedef {{width: number, node: SVGElement, mark(cell: Cell | null, byKey?: boolean): void,
 *   draw(now: number[][], started: number[][]): void}} Picture
 */

/** @type {Record<string, [rows: number, columns: number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SPOKEN = 12; // of a longer row the largest are told
const TOP = 18;

/** @type {(watch: Watch) => Row[]} a position looks at those from the first of its sentence to itself */
export const rowsOf = ({ rows, columns, firsts }) => rows.map((t) =>
  columns.length ? { t, first: 0, count: columns.length } : { t, first: firsts[t], count: t - firsts[t] + 1 });

/** @type {(word: string) => number} about how wide a word is */
const room = (word) => 7.2 * word.length + 9;

/** @type {(words: string[]) => number} */
export const widest = (words) => Math.max(0, ...words.map(room));

/**
 * The scored rows in words, the last three.
 * @type {(watch: Watch, e: number, now: number[][]) => string}
 */
function spoken(watch, e, now) {
  const { words, columns, heads } = watch;
  const last = rowsOf(watch).map((row, r) => ({ ...row, r })).filter(({ t }) => watch.scored[t]).slice(-3);
  const told = last.map(({ t, first, r }) => {
    const row = now[r];
    if (!columns.length)
      return `\u201c${words[t]}\u201d looks at ${row.map((x, k) => `${words[first + k]} ${text(x, 2)}`).join(", ")}`;
    const ranked = row.map((_, k) => k).sort((a, b) => Math.abs(row[b]) - Math.abs(row[a])).slice(0, SPOKEN);
    const parts = ranked.sort((a, b) => a - b).map((k) => `${columns[k].label} ${exact(row[k], 2)}`);
    const which = row.length > SPOKEN ? `, the ${SPOKEN} largest` : "";
    return `position ${t} \u201c${words[t]}\u201d${which}: ${parts.join(", ")}`;
  });
  return (heads ? `head ${e}: ` : "") + told.join("; ");
}

/**
 * The picture without its numbers. A column's mark stands on top of its first cell; where marks would meet, some stay
 * away.
 * @param {Watch} watch
 * @param {number} e
 * @param {Size} size
 * @param {Choose} choose
 * @param {SVGElement[]} inside what shows the numbers
 */
export function picture(watch, e, { wide, tall }, choose, inside) {
  const { words, scored, columns } = watch, rows = rowsOf(watch), left = leftOf(watch);
  const marks = columns.length ? columns.map(({ mark }, k) => ({ mark, k, r: 0 })) :
    rows.map(({ t }, r) => ({ mark: words[t], k: t, r }));
  const meet = columns.length ? widest(columns.map(({ mark }) => mark)) / wide : 1;
  const every = 2 ** Math.max(0, Math.ceil(Math.log2(meet))); // so many columns have one mark
  const width = Math.ceil(left + Math.max(...marks.map(({ mark, k }) => k * wide + Math.max(wide, room(mark)))));
  const height = TOP + rows.length * tall + 1;
  const around = [
    ...rows.map(({ t }, r) => shape("text", { class: scored[t] ? "gw-position gw-scored" : "gw-position", x: left - 6,
      y: TOP + (r + 0.5) * tall + 4 }, scored[t] ? `\u25b8 ${words[t]}` : words[t])),
    ...marks.filter(({ k }) => k % every === 0).map(({ mark, k, r }) => shape("text", { y: TOP + r * tall - 5,
      ...(columns.length ? { class: "gw-mark", x: left + (k + 0.5) * wide } : { x: left + k * wide + 3 }) }, mark)),
  ];
  const rim = wide < 20 ? 2 : 0; // around a small cell: not to hide it
  const here = shape("rect", { class: "gw-here", width: wide - 1 + 2 * rim, height: tall - 1, rx: 3 });
  const svg = shape("svg", { class: watch.signed ? "gw-picture gw-signed" : "gw-picture",
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: 0, "data-lm-suppress-shortcuts": "true" },
    ...around, ...inside, here);
  show(here, false);

  let at = { e, r: rows.length - 1, k: 0 }; // where the arrow keys are
  svg.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const r = Math.max(0, Math.min(rows.length - 1, at.r + step[0]));
    at = { e, r, k: Math.max(0, Math.min(rows[r].count - 1, at.k + step[1])) };
    choose(at, true);
    event.preventDefault();
    event.stopPropagation();
  });
  svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) choose(at, true); });
  svg.addEventListener("blur", () => choose(null));
  svg.addEventListener("pointerleave", () => choose(null));
  svg.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = svg.getBoundingClientRect(), r = Math.floor((clientY - box.top - TOP) / tall);
    const k = Math.floor((clientX - box.left - left) / wide) - (rows[r]?.first ?? 0);
    if (!rows[r] || k < 0 || k >= rows[r].count) return choose(null);
    at = { e, r, k };
    choose(at);
  });

  return {
    width, node: svg,
    /** @type {Picture["mark"]} */
    mark(cell, byKey = false) {
      show(here, Boolean(cell));
      if (!cell) return;
      put(here, "x", left + (rows[cell.r].first + cell.k) * wide + 0.5 - rim);
      put(here, "y", TOP + cell.r * tall + 0.5);
      if (byKey) here.scrollIntoView({ block: "nearest", inline: "nearest" });
    },
    // For whoever cannot see it, and for whoever checks it.
    /** @param {number[][]} now */
    say(now) {
      put(svg, "data-value", JSON.stringify(now));
      put(svg, "aria-label", spoken(watch, e, now));
    },
  };
}

/** @type {(watch: Watch) => number} where the columns begin: the words of the positions stand before them */
export const leftOf = ({ words, rows }) => 11 + widest(rows.map((t) => words[t]));

/** @type {(watch: Watch, size: Size, row: Row, r: number, k: number) => {x: number, y: number}} a cell's corner */
export const cornerOf = (watch, { wide, tall }, { first }, r, k) =>
  ({ x: leftOf(watch) + (first + k) * wide, y: TOP + r * tall });
