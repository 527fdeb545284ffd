// The attention weights at a setting of the board's dials.

/** @import { Watch } from "./types" */

import { mean, sum } from "./numbers.js";

/** @type {(a: number[], b: number[]) => number} */
const dot = (a, b) => a.reduce((all, a_j, j) => all + a_j * b[j], 0);

/**
 * From x0 to alpha as walk.forward goes, the dials of the board turned: n = LN1(x0), Q and K, S, softmax. Row t of a
 * head holds the positions that t may look at, from firsts[t] to t itself.
 * @type {(watch: Watch, turned: number[]) => number[][][]}
 */
export function sharesAt({ made_of, moves, firsts, heads, eps }, turned) {
  const copies = Object.entries(made_of).map(([part, rows]) => [part, rows.map((row) => [...row])]);
  const at = /** @type {Watch["made_of"]} */ (Object.fromEntries(copies));
  moves.forEach(([part, entries], d) => entries.forEach(([row, column]) => { at[part][row][column] += turned[d]; }));
  const n = at.x0.map((x) => {
    const middle = mean(x), centred = x.map((x_j) => x_j - middle);
    const sigma = Math.sqrt(dot(centred, centred) / x.length + eps);
    return centred.map((c_j, j) => (at.gamma1[0][j] * c_j) / sigma + at.beta1[0][j]);
  });
  /** @type {(weight: number[][], bias: number[][]) => number[][]} */
  const project = (weight, [bias]) => n.map((row) => weight.map((w_i, i) => dot(w_i, row) + bias[i]));
  const Q = project(at.W_Q, at.b_Q), K = project(at.W_K, at.b_K), width = Q[0].length / heads;
  /** @type {(S: number[]) => number[]} */
  const softmax = (S) => {
    const top = Math.max(...S), grown = S.map((s) => Math.exp(s - top)), total = sum(grown);
    return grown.map((x) => x / total);
  };
  return Array.from({ length: heads }, (_, e) => {
    const [q, k] = [Q, K].map((rows) => rows.map((row) => row.slice(e * width, (e + 1) * width)));
    return q.map((q_t, t) => softmax(k.slice(firsts[t], t + 1).map((k_s) => dot(q_t, k_s) / Math.sqrt(width))));
  });
}
