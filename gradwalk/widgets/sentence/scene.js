// The scene of another sentence, worked out in the page as widgets/scene.py does it: which dials come onto the board,
// whose words and components they are, their numbers. One word is asked for. What hangs on the model alone is taken
// from the scene that Python has made.

/** @import { PageModel, Position, Scene, Watch } from "../board/types" */
/** @import { Known } from "../engine/engine.js" */
/** @import { Tensor } from "../engine/tensor.js" */

import { Tape } from "../board/answers.js";
import { MINUS } from "../board/numbers.js";
import { back, slopeIn, walk } from "../engine/engine.js";
import { Refused } from "./read.js";

/**
 * What Python adds to the model, see scene.recipe and own_sentence.py: the letters of the weight's axes; in which array
 * each dialect has it, whether transposed, after how many rows; and what was asked of every board.
 * @typedef {{axes: string[], called: Record<string, [array: string, transposed: boolean, before: number]>, H: number,
 *   eps: number, rounding: number, model: string, rows: number[] | null, columns: number[] | null, eta: number,
 *   select: number[] | null}} Recipe
 */

const MOST_DIALS = 72, DEAD = 1e-12;
const MOST_COLUMNS = 12, MOST_NUMBERS = 200, MOST_BARS = 3_200; // of a picture

/** @type {(sizes: number[]) => number[]} the places of the numbers, the largest first, the first of equal ones first */
const falling = (sizes) => sizes.map((_, k) => k).sort((a, b) => sizes[b] - sizes[a] || a - b);

/** @type {(sizes: number[], most: number, dead: number) => number[]} the places of the largest, in their own order */
function largest(sizes, most, dead) {
  const order = falling(sizes).slice(0, most), alive = order.filter((k) => sizes[k] > dead);
  return (alive.length ? alive : order).sort((a, b) => a - b);
}

/** @type {(data: Iterable<number>) => number} */
const size = (data) => { let most = 0; for (const x of data) most = Math.max(most, Math.abs(x)); return most; };

/** @type {(x: number) => string} */
const signed = (x) => (x < 0 || Object.is(x, -0) ? MINUS : "+") + Math.abs(x).toFixed(2);

/** @type {(tensor: Tensor, t: number) => Float64Array} */
const row = ({ shape: [, wide], data }, t) => data.subarray(t * wide, (t + 1) * wide);

/** What lines take beside weights and values: see tape.settings. @type {(numbers: number[], word: number, recipe: Recipe) => Record<string, any>} */
function settingsOf(numbers, word, { H, eps }) {
  const tokens = numbers.slice(0, -1), places = tokens.map((_, t) => t);
  return {
    tokens, places, attends: places.map((t) => places.map((s) => s <= t)),
    y: places.map((t) => (t === word - 1 ? numbers[word] : -1)), H, eps,
  };
}

/**
 * The rows and columns that come onto the board, as scene.choose has them. `steep`: the slopes in the whole weight,
 * `t`: the scored position.
 * @type {(recipe: Recipe, scene: Scene, known: Known, steep: Tensor, dead: number, t: number) =>
 *   {rows: number[], columns: number[] | null}}
 */
function choose({ rows, columns }, { name, kind, factor }, known, steep, dead, t) {
  const [down, wide] = steep.shape, flat = wide === undefined, all = Array.from({ length: wide ?? 1 }, (_, j) => j);
  const slope = (/** @type {number} */ i, /** @type {number} */ j) => Math.abs(steep.data[flat ? i : i * wide + j]);
  if (!rows && kind === "output") {
    const asked = known.y[t], likely = falling([...row(known.p, t)]);
    rows = [asked, ...likely.filter((i) => i !== asked)].slice(0, 6);
  } else if (!rows) {
    const across = columns ?? all;
    rows = largest(Array.from({ length: down }, (_, i) => Math.max(...across.map((j) => slope(i, j)))), 6, dead);
    const said = [...new Set([...known.tokens, ...rows])]; // in the order of the sentence
    if (name === "E") rows.sort((a, b) => said.indexOf(a) - said.indexOf(b));
  }
  if (!columns && !flat) {
    const chosen = rows, loud = () => [...row(known[factor], t)].map(Math.abs);
    columns = largest(name === "W" ? loud() : all.map((j) => Math.max(...chosen.map((i) => slope(i, j)))), 4, dead);
  }
  const across = columns?.length ?? 1;
  if (rows.length * across > MOST_DIALS) {
    throw new Refused(`rows, columns: wanted at most ${MOST_DIALS} dials, got ${rows.length} × ${across}`);
  }
  return { rows, columns };
}

/** @type {(model: PageModel, i: number) => string} */
export const labelOf = ({ words, labels }, i) => labels[i] ?? words[i];

/** @type {(model: PageModel, recipe: Recipe, axis: number, i: number) => string} a row or column in words */
function labelled(model, { axes, H }, axis, i) {
  const letter = axes[axis], wide = model.weights.E.shape[1] / H;
  if (letter === "head") return `head ${Math.floor(i / wide)}, d ${i % wide}`;
  if (letter === "N") return labelOf(model, i);
  return `${{ D: "component", F: "unit", T_max: "place" }[letter]} ${i}`;
}

/** @type {(name: string, factor: string, h: number) => {below: string, hint: string}} of a column: W's has a gear */
function gear(name, factor, h) {
  if (name !== "W") return { below: "", hint: "" };
  const turns = h > 0 ? "↻" : h < 0 ? "↺" : "";
  const hint = {
    "↻": "a positive gear: turn the dial up and the word's logit rises",
    "↺": "a negative gear: turn the dial up and the word's logit falls",
    "": "a gear that turns one way at some positions and the other way at others",
  }[turns];
  return { below: `${factor} = ${signed(h)} ${turns}`, hint };
}

/** @type {(z: Float64Array, rows: number[]) => number | null} log of the sum of exp of the others' logits */
function rest(z, rows) {
  const others = [...z].filter((_, i) => !rows.includes(i)), top = Math.max(...others);
  return others.length ? Math.log(others.reduce((all, z_i) => all + Math.exp(z_i - top), 0)) + top : null;
}

/** @type {(word: string) => string} */
const short = (word) => { const letters = Array.from(word); return letters.length <= 9 ? word : `${letters.slice(0, 8).join("")}…`; };

/**
 * The picture of the watched value, as watched.compose has it; which value that is, and its columns unless they are
 * words, hang on the model alone.
 * @type {(model: PageModel, recipe: Recipe, before: Watch, known: Known, said: string[], t: number) => Watch}
 */
function watched(model, recipe, before, known, said, t) {
  const { of, heads, kind } = before, words = said.slice(0, -1), T = words.length, places = words.map((_, s) => s);
  let { columns } = before, rows = places;
  if (kind === "word" && model.words.length > MOST_COLUMNS) {
    const asked = known.y[t], likely = falling([...row(known.p, t)]).filter((i) => i !== asked);
    columns = [asked, ...likely].slice(0, MOST_COLUMNS).map((i) => {
      const label = labelOf(model, i);
      return { at: i, label: `“${label}”`, mark: short(label) };
    });
  }
  if (kind === "word" && T > MOST_COLUMNS) rows = [t];
  const cells = (rows.length * columns.length || (T * (T + 1)) / 2) * (heads || 1);
  if (cells > MOST_BARS) {
    throw new Refused(`watch: wanted at most ${MOST_BARS} numbers of ${of}, got ${cells} with T=${T}, ${recipe.model}`);
  }
  const form = cells <= MOST_NUMBERS && (columns.length || T) <= MOST_COLUMNS ? "numbers" : "bars";
  return { ...before, form, words, scored: places.map((s) => s === t), rows, columns, firsts: places.map(() => 0) };
}

/**
 * The scene of a sentence of these word numbers, with `word` the place of the one that is asked for. `before` is any
 * scene of the same widget. Refused where the board would not be what was asked for.
 * @type {(model: PageModel, recipe: Recipe, before: Scene, numbers: number[], word: number) => Scene}
 */
export function compose(model, recipe, before, numbers, word) {
  const { name, kind, factor, reach } = before, { lines, weights } = model, { axes, called, rounding } = recipe;
  const settings = settingsOf(numbers, word, recipe), t = word - 1, output = kind === "output";
  const known = walk(lines, { ...weights, ...settings }), slopes = back(lines, known), steep = slopes[slopeIn(name)];
  const parts = output ? size(slopes.dL_dz.data) * (name === "W" ? size(known[factor].data) : 1)
    : Math.max(...Object.keys(weights).map((weight) => size(slopes[slopeIn(weight)].data)));
  const still = Math.max(DEAD, 64 * rounding * parts);
  const { rows, columns } = choose(recipe, before, known, steep, still, t);
  const indices = rows.flatMap((i) => (columns ? columns.map((j) => [i, j]) : [[i]]));
  const start = indices.map(([i, j]) => weights[name].data[j === undefined ? i : i * steep.shape[1] + j]);
  const own = indices.map(([i, j]) => steep.data[j === undefined ? i : i * steep.shape[1] + j]);
  const spots = indices.map((index) => index.map((i, axis) => (axes[axis] === "N" ? labelOf(model, i) : String(i))));
  const said = numbers.map((i) => labelOf(model, i)), h = row(known[factor], t), z = row(known.z, t);
  /** @type {Position[]} */
  const positions = !output ? [] : [{
    t, h: name === "W" ? (columns ?? []).map((j) => h[j]) : [1], z: rows.map((i) => z[i]), rest: rest(z, rows),
    y: rows.indexOf(numbers[word]), z_y: z[numbers[word]], where: `“${said[word]}” after “${said[t]}”`,
  }];
  /** @type {Scene} */
  const scene = {
    ...before, settings, start, indices, positions, still,
    ...(before.watch ? { watch: watched(model, recipe, before.watch, known, said, t) } : {}),
    sentences: [said.slice(0, Math.max(numbers.length - 1, word + 1)).map((each, k) => [each, k === word])],
    note: `one position scored: which word comes after “${said[t]}”?`,
    rows: rows.map((i) => ({ label: labelled(model, recipe, 0, i), mark: output && i === numbers[word] ? "the true word" : "" })),
    columns: (columns ?? []).map((j) => ({ label: labelled(model, recipe, 1, j), ...gear(name, factor, h[j]) })),
    names: spots.map((index) => `${name}[${index.join(", ")}]`),
    spoken: Object.fromEntries(Object.entries(called).map(([which, [array, transposed, rowsBefore]]) => [which, spots.map(([first, ...more]) => {
      const there = [rowsBefore ? String(Number(first) + rowsBefore) : first, ...more];
      return `${array}[${(transposed ? there.reverse() : there).join(", ")}]`;
    })])),
    start_loss: known.L.data[0],
    steepest: Math.max(...own.map(Math.abs)) || 1,
  };
  const tape = new Tape(model, scene), at = { turned: start.map(() => 0), weights: null };
  const spans = start.map((_, d) => {
    const [low, middle, high] = tape.losses(at, d, [-reach, 0, reach]);
    return Math.max(low, middle, high) - Math.min(low, middle, high);
  });
  const widest = Math.max(...spans), noise = Math.max(DEAD, 8 * rounding * scene.start_loss);
  const digits = Math.min(8, ...[noise, widest / 50].map((size) => Math.ceil(-Math.log10(size))));
  scene.loss_digits = widest > noise ? Math.max(3, digits) : 3;
  scene.floor = widest > noise ? Math.max(widest / 8, 1e-6) : 0.01;
  return scene;
}

/** @type {(scene: Scene, recipe: Recipe) => number} the dial that the board starts on */
export function selected({ indices, names }, { select }) {
  if (!select) return 0;
  const d = indices.findIndex((index) => index.every((i, axis) => i === select[axis]));
  const told = select.length === 1 ? `(${select[0]},)` : `(${select.join(", ")})`;
  if (d < 0) throw new Refused(`select: ${told} is not on the board; it has ${names.join(", ")}`);
  return d;
}
