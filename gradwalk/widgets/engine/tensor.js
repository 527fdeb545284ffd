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

/** @type {(slope: Tensor, takes: [x: Tensor, W: Tensor, b?: Tensor, ...rest: any[]]) => Tensor[]} */
export function linearBack({ data: dL_dz }, [{ shape: [T, D], data: x }, { shape: [N], data: W }, b]) {
  const made = [zeros(T, D), zeros(N, D), zeros(N)], [dL_dx, dL_dW, dL_db] = made.map(({ data }) => data);
  for (let t = 0; t < T; t++) for (let i = 0; i < N; i++) {
    const arrives = dL_dz[t * N + i];
    if (arrives === 0) continue; // a position that is not scored, a muted unit
    dL_db[i] += arrives;
    for (let j = t * D, w = i * D, end = j + D; j < end; j++, w++) {
      dL_dx[j] += arrives * W[w];
      dL_dW[w] += arrives * x[j];
    }
  }
  return b ? made : made.slice(0, 2);
}
