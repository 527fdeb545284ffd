// Every function of the block's lines, and beside it its pullback, in the names of the steps and of the ledger.
// `out` takes what the line takes. `back` takes the slope in what `out` made, then what it took as one list, then what
// it made, and returns the slopes in what it took, in that order; last it is told which of them are wanted, and may leave
// out the others. Nobody writes to an array once it is made.

/** @import { Slopes, Tensor } from "./tensor.js" */

import { blend, blendBack, project, projectBack, scores, scoresBack } from "./attention.js";
import { add, each, linear, linearBack, zeros } from "./tensor.js";

// ---- step 1, the output

// Row by row along the last axis. The largest is subtracted first: exp cannot overflow.
/** @type {(z: Tensor) => Tensor} */
function softmax(z) {
  const made = zeros(...z.shape), N = z.shape[z.shape.length - 1];
  for (let start = 0; start < z.data.length; start += N) {
    let top = -Infinity, total = 0;
    for (let k = start; k < start + N; k++) if (z.data[k] > top) top = z.data[k];
    for (let k = start; k < start + N; k++) total += made.data[k] = Math.exp(z.data[k] - top);
    for (let k = start; k < start + N; k++) made.data[k] /= total;
  }
  return made;
}

/** @type {(dL_dp: Tensor, takes: [z: Tensor], p: Tensor) => Tensor[]} */
function softmaxBack(dL_dp, [], p) {
  const dL_dz = zeros(...p.shape), N = p.shape[p.shape.length - 1];
  for (let start = 0; start < p.data.length; start += N) {
    let average = 0;
    for (let k = start; k < start + N; k++) average += p.data[k] * dL_dp.data[k];
    for (let k = start; k < start + N; k++) dL_dz.data[k] = p.data[k] * (dL_dp.data[k] - average);
  }
  return [dL_dz];
}

/**
 * Of each scored position t what the other words have, each as exp(z − top), and the true word's own.
 * @type {(z: Tensor, y: number[], see: (others: number, top: number, z_y: number, t: number) => void) => number}
 */
function scored(z, y, see) {
  const [T, N] = z.shape;
  let M = 0;
  for (let t = 0; t < T; t++) {
    if (y[t] < 0) continue;
    const start = t * N, own = start + y[t];
    let top = -Infinity, others = 0;
    for (let k = start; k < start + N; k++) if (k !== own && z.data[k] > top) top = z.data[k];
    for (let k = start; k < start + N; k++) if (k !== own) others += Math.exp(z.data[k] - top);
    see(others, top, z.data[own], t);
    M += 1;
  }
  return M;
}

/**
 * The mean of −log p[t, y_t], as log(1 + what the others have / what the true word has): exact where p is nearly 1.
 * @type {(z: Tensor, y: number[]) => Tensor}
 */
function loss(z, y) {
  const L = zeros();
  const M = scored(z, y, (others, top, z_y) => {
    const odds = Math.log(others) + top - z_y;
    L.data[0] += Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds)));
  });
  L.data[0] /= M;
  return L;
}

/**
 * (p − onehot(y)) / M, with minus what the others have for the true word: it keeps its digits where p is nearly 1.
 * @type {(dL_dL: Tensor, takes: [z: Tensor, y: number[]]) => Tensor[]}
 */
function lossBack(dL_dL, [z, y]) {
  const dL_dz = zeros(...z.shape), N = z.shape[1];
  const M = scored(z, y, (others, top, z_y, t) => {
    const most = Math.max(top, z_y), rest = others * Math.exp(top - most), total = rest + Math.exp(z_y - most);
    for (let k = t * N; k < (t + 1) * N; k++) dL_dz.data[k] = Math.exp(z.data[k] - most) / total;
    dL_dz.data[t * N + y[t]] = -rest / total;
  });
  for (let k = 0; k < dL_dz.data.length; k++) dL_dz.data[k] *= dL_dL.data[0] / M;
  return [dL_dz];
}

// ---- step 2, the mutes

/** @type {(u: Tensor) => Tensor} */
const relu = (u) => each(u, (k) => Math.max(u.data[k], 0));

/** @type {(dL_dr: Tensor, takes: [u: Tensor]) => Tensor[]} */
const reluBack = (dL_dr, [u]) => [each(u, (k) => (u.data[k] > 0 ? dL_dr.data[k] : 0))];

const GELU_SCALE = Math.sqrt(2 / Math.PI), GELU_CUBIC = 0.044715; // GPT-2's tanh form

/** @type {(u: number) => number} */
const gate = (u) => Math.tanh(GELU_SCALE * (u + GELU_CUBIC * u * u * u));

/** @type {(u: Tensor) => Tensor} */
const gelu = (u) => each(u, (k) => 0.5 * u.data[k] * (1 + gate(u.data[k])));

/** @type {(dL_dr: Tensor, takes: [u: Tensor]) => Tensor[]} */
const geluBack = (dL_dr, [expanded]) => [each(expanded, (k) => {
  const u = expanded.data[k], w = gate(u);
  return dL_dr.data[k] * (0.5 * (1 + w) + 0.5 * u * (1 - w * w) * GELU_SCALE * (1 + 3 * GELU_CUBIC * u * u));
})];

// ---- step 3, the norm

/**
 * Each row with its mean taken out and its spread made 1, and the spreads.
 * @type {(x: Tensor, eps: number) => {x_hat: Tensor, sigma: Float64Array}}
 */
export function normed(x, eps) {
  const [T, D] = x.shape, x_hat = zeros(T, D), sigma = new Float64Array(T);
  for (let t = 0; t < T; t++) {
    const start = t * D, end = start + D;
    let mean = 0, squares = 0;
    for (let k = start; k < end; k++) mean += x.data[k] / D;
    for (let k = start; k < end; k++) squares += (x.data[k] - mean) ** 2;
    sigma[t] = Math.sqrt(squares / D + eps);
    for (let k = start; k < end; k++) x_hat.data[k] = (x.data[k] - mean) / sigma[t];
  }
  return { x_hat, sigma };
}

/** @type {(x: Tensor, gamma: Tensor, beta: Tensor, eps: number) => Tensor} */
function layernorm(x, gamma, beta, eps) {
  const { x_hat } = normed(x, eps), D = x.shape[1];
  return each(x, (k) => gamma.data[k % D] * x_hat.data[k] + beta.data[k % D]);
}

/** @type {(slope: Tensor, takes: [x: Tensor, gamma: Tensor, beta: Tensor, eps: number]) => Tensor[]} */
function layernormBack(slope, [x, gamma, , eps]) {
  const [T, D] = x.shape, { x_hat, sigma } = normed(x, eps);
  const dL_dx = zeros(T, D), dL_dgamma = zeros(D), dL_dbeta = zeros(D);
  for (let t = 0; t < T; t++) {
    let mean = 0, along = 0;
    for (let j = 0; j < D; j++) {
      const k = t * D + j, dL_dx_hat = slope.data[k] * gamma.data[j];
      dL_dgamma.data[j] += slope.data[k] * x_hat.data[k];
      dL_dbeta.data[j] += slope.data[k];
      mean += dL_dx_hat / D;
      along += (dL_dx_hat * x_hat.data[k]) / D;
    }
    for (let j = 0; j < D; j++) {
      const k = t * D + j;
      dL_dx.data[k] = (slope.data[k] * gamma.data[j] - mean - x_hat.data[k] * along) / sigma[t];
    }
  }
  return [dL_dx, dL_dgamma, dL_dbeta];
}

// ---- step 6, the embedding

/** @type {(tokens: number[], places: number[], E: Tensor, E_pos: Tensor) => Tensor} */
function embed(tokens, places, E, E_pos) {
  const D = E.shape[1], x0 = zeros(tokens.length, D);
  tokens.forEach((i, t) => {
    for (let j = 0; j < D; j++) x0.data[t * D + j] = E.data[i * D + j] + E_pos.data[places[t] * D + j];
  });
  return x0;
}

/** @type {(dL_dx0: Tensor, takes: [tokens: number[], places: number[], E: Tensor, E_pos: Tensor]) => Slopes} */
function embedBack(dL_dx0, [tokens, places, E, E_pos]) {
  const D = E.shape[1], dL_dE = zeros(...E.shape), dL_dE_pos = zeros(...E_pos.shape);
  tokens.forEach((i, t) => {
    for (let j = 0; j < D; j++) {
      dL_dE.data[i * D + j] += dL_dx0.data[t * D + j];
      dL_dE_pos.data[places[t] * D + j] += dL_dx0.data[t * D + j];
    }
  });
  return [undefined, undefined, dL_dE, dL_dE_pos];
}

// ---- the page's own line: some positions of all

/** @type {(h: Tensor, at: number[]) => Tensor} */
function rows({ shape: [, D], data }, at) {
  const made = zeros(at.length, D);
  at.forEach((t, r) => made.data.set(data.subarray(t * D, (t + 1) * D), r * D));
  return made;
}

/** @type {(slope: Tensor, takes: [h: Tensor, at: number[]]) => Slopes} nothing arrives at the others */
function rowsBack({ data }, [h, at]) {
  const dL_dh = zeros(...h.shape), D = h.shape[1];
  at.forEach((t, r) => dL_dh.data.set(data.subarray(r * D, (r + 1) * D), t * D));
  return [dL_dh];
}

/** @typedef {{out(...takes: any[]): Tensor, back(slope: Tensor, takes: any, made: Tensor, wanted: boolean[]): Slopes}} Step */

/** @type {Record<string, Step>} by the name of the step's function */
export const FUNCTIONS = {
  embed: { out: embed, back: embedBack },
  layernorm: { out: layernorm, back: layernormBack },
  project: { out: project, back: projectBack },
  scores: { out: scores, back: scoresBack },
  softmax: { out: softmax, back: softmaxBack }, // attention's weights too
  blend: { out: blend, back: blendBack },
  adjustment: { out: linear, back: linearBack },
  add: { out: add, back: (slope) => [slope, slope] }, // copied, not split
  expand: { out: linear, back: linearBack },
  relu: { out: relu, back: reluBack },
  gelu: { out: gelu, back: geluBack },
  contract: { out: linear, back: linearBack },
  logits: { out: linear, back: linearBack },
  rows: { out: rows, back: rowsBack },
  loss: { out: loss, back: lossBack },
  pass_on: { out: (h) => h, back: (dL_dh) => [dL_dh] }, // to the next block, which calls it x0
};
