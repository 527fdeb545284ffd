// Arrays of numbers, and the one product that nearly every line is made of, out and back.

/** @typedef {{shape: number[], data: Float64Array}} Tensor the last axis runs fastest, as in numpy */

/** @type {(...shape: number[]) => Tensor} */
export const zeros = (...shape) => ({ shape, data: new Float64Array(shape.reduce((all, size) => all * size, 1)) });

/** @type {(like: Tensor, number: (k: number) => number) => Tensor} */
export function each(like, number) {
  const made = zeros(...like.shape);
  for (let k = 0; k < made.data.length; k++) made.data[k] = number(k);
  return made;
}

/** @type {(one: Tensor, other: Tensor) => Tensor} */
export const add = (one, other) => each(one, (k) => one.data[k] + other.data[k]);

/**
 * x W^T + b: (T, D) and (N, D) to (T, N). Four sums at a time: one alone would wait for each of its own additions.
 * @type {(x: Tensor, W: Tensor, b?: Tensor) => Tensor}
 */
export function linear({ shape: [T, D], data: x }, { shape: [N], data: W }, b) {
  const made = zeros(T, N), { data: z } = made;
  for (let t = 0; t < T; t++) for (let i = 0; i < N; i++) {
    let first = 0, second = 0, third = 0, fourth = 0, j = t * D, w = i * D;
    for (const last = j + D - 3; j < last; j += 4, w += 4) {
      first += x[j] * W[w];
      second += x[j + 1] * W[w + 1];
      third += x[j + 2] * W[w + 2];
      fourth += x[j + 3] * W[w + 3];
    }
    for (const end = (t + 1) * D; j < end; j++, w++) first += x[j] * W[w];
    z[t * N + i] = first + second + (third + fourth) + (b ? b.data[i] : 0);
  }
  return made;
}

/** @typedef {(Tensor | undefined)[]} Slopes undefined for what is no dial, or for what nobody asks */

/**
 * dL_dz W, dL_dz^T x, and the sum of dL_dz over the positions: each if it is wanted, for each is as much work as `linear`.
 * @type {(slope: Tensor, takes: [x: Tensor, W: Tensor, b?: Tensor, ...rest: any[]], made: Tensor, wanted: boolean[]) => Slopes}
 */
export function linearBack({ data: dL_dz }, [{ shape: [T, D], data: x }, { shape: [N], data: W }, b], _z, wanted) {
  const made = [[T, D], [N, D], [N]].map((shape, k) => (wanted[k] && (b || k < 2) ? zeros(...shape) : undefined));
  const [dL_dx, dL_dW, dL_db] = made.map((slope) => slope?.data);
  for (let t = 0; t < T; t++) for (let i = 0; i < N; i++) {
    const arrives = dL_dz[t * N + i];
    if (arrives === 0) continue; // a position that is not scored, a muted unit
    if (dL_dx) for (let j = t * D, w = i * D, end = j + D; j < end; j++, w++) dL_dx[j] += arrives * W[w];
    if (dL_dW) for (let j = t * D, w = i * D, end = j + D; j < end; j++, w++) dL_dW[w] += arrives * x[j];
    if (dL_db) dL_db[i] += arrives;
  }
  return made;
}
