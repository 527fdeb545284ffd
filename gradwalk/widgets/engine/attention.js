// Step 5, attention: the functions of its lines and their pullbacks, as functions.js has the others'.

/** @import { Slopes, Tensor } from "./tensor.js" */

import { linear, linearBack, zeros } from "./tensor.js";

/** @type {(x: Tensor, H: number) => Tensor} (T, D) to (H, T, D/H) */
function splitHeads({ shape: [T, D], data }, H) {
  const wide = D / H, made = zeros(H, T, wide);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) {
    for (let d = 0; d < wide; d++, k++) made.data[k] = data[t * D + e * wide + d];
  }
  return made;
}

/** @type {(x: Tensor) => Tensor} (H, T, D/H) back to (T, D) */
function mergeHeads({ shape: [H, T, wide], data }) {
  const made = zeros(T, H * wide);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) {
    for (let d = 0; d < wide; d++, k++) made.data[(t * H + e) * wide + d] = data[k];
  }
  return made;
}

/** @type {(n: Tensor, weight: Tensor, bias: Tensor, H: number) => Tensor} */
export const project = (n, weight, bias, H) => splitHeads(linear(n, weight, bias), H);

/** @type {(slope: Tensor, takes: [n: Tensor, weight: Tensor, bias: Tensor, H: number], made: Tensor, wanted: boolean[]) => Slopes} */
export const projectBack = (slope, takes, made, wanted) => linearBack(mergeHeads(slope), takes, made, wanted);

/** @type {(Q: Tensor, K: Tensor, attends: boolean[][]) => Tensor} */
export function scores(Q, K, attends) {
  const [H, T, wide] = Q.shape, S = zeros(H, T, T), scale = Math.sqrt(wide);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) for (let s = 0; s < T; s++, k++) {
    let sum = 0;
    for (let d = 0; d < wide; d++) sum += Q.data[(e * T + t) * wide + d] * K.data[(e * T + s) * wide + d];
    S.data[k] = attends[t][s] ? sum / scale : -Infinity;
  }
  return S;
}

/** @type {(dL_dS: Tensor, takes: [Q: Tensor, K: Tensor, attends: boolean[][]]) => Tensor[]} */
export function scoresBack(dL_dS, [Q, K, attends]) {
  const [H, T, wide] = Q.shape, dL_dQ = zeros(H, T, wide), dL_dK = zeros(H, T, wide), scale = Math.sqrt(wide);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) for (let s = 0; s < T; s++, k++) {
    if (!attends[t][s]) continue;
    for (let d = 0, q = (e * T + t) * wide, key = (e * T + s) * wide; d < wide; d++, q++, key++) {
      dL_dQ.data[q] += (dL_dS.data[k] * K.data[key]) / scale;
      dL_dK.data[key] += (dL_dS.data[k] * Q.data[q]) / scale;
    }
  }
  return [dL_dQ, dL_dK];
}

/** @type {(alpha: Tensor, V: Tensor) => Tensor} */
export function blend(alpha, V) {
  const [H, T, wide] = V.shape, O = zeros(H, T, wide);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) for (let s = 0; s < T; s++, k++) {
    const o = (e * T + t) * wide, v = (e * T + s) * wide;
    for (let d = 0; d < wide; d++) O.data[o + d] += alpha.data[k] * V.data[v + d];
  }
  return mergeHeads(O);
}

/** @type {(dL_dO: Tensor, takes: [alpha: Tensor, V: Tensor]) => Tensor[]} */
export function blendBack(dL_dO, [alpha, V]) {
  const [H, T, wide] = V.shape, dL_dalpha = zeros(H, T, T), dL_dV = zeros(H, T, wide), slope = splitHeads(dL_dO, H);
  for (let e = 0, k = 0; e < H; e++) for (let t = 0; t < T; t++) for (let s = 0; s < T; s++, k++) {
    for (let d = 0, o = (e * T + t) * wide, v = (e * T + s) * wide; d < wide; d++, o++, v++) {
      dL_dalpha.data[k] += slope.data[o] * V.data[v];
      dL_dV.data[v] += alpha.data[k] * slope.data[o];
    }
  }
  return [dL_dalpha, dL_dV];
}
