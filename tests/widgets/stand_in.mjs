// A model that is nothing but its state, as a page without Jupyter has one. `put` is Python's part, or another view's.
export function standIn(traits) {
  const state = { history: [], stage: "", stages: {}, kept: [], compared: -1, predictions: {}, shown: true, selected: 0, eta: 0.5, live: false, ...traits };
  const listeners = new Map();
  return {
    state,
    saved: 0,
    get: (name) => state[name],
    set(name, value) { state[name] = value; },
    save_changes() { this.saved += 1; },
    on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
    off: (event, listener) => listeners.set(event, listeners.get(event).filter((other) => other !== listener)),
    put(name, value) { state[name] = value; for (const heard of listeners.get(`change:${name}`) ?? []) heard(); },
    heard: () => [...listeners.values()].flat().length,
  };
}

const label = (words) => words.map((word) => ({ label: word, mark: "", below: "", hint: "" }));
const SHOWN = { predict: false, note: "", row_head: "", sentences: [], factor: "h", loss_digits: 3, steepest: 1,
  still: 1e-12, floor: 0.01, legend: "", reach: 2 };

// The output layer: two rows of four words, two of three components, two positions scored; the second position's true
// word is not on the board.
export const Z = [[0.3, -1.2, 0.8, 0.1], [1.1, 0.4, -0.6, 0.2]], H = [[0.5, -1.5], [2, 0.25]], Y = [1, 3];
export const ROWS = [1, 2];
export const output = {
  ...SHOWN, name: "W", kind: "output", rows: label(["dog", "cat"]), columns: label(["0", "2"]),
  names: ["W[dog, 0]", "W[dog, 2]", "W[cat, 0]", "W[cat, 2]"], start: [0.1, 0.2, 0.3, 0.4], start_loss: 0,
  positions: Z.map((z, t) => ({
    h: H[t], z: ROWS.map((i) => z[i]), rest: Math.log(Math.exp(z[0]) + Math.exp(z[3])), y: ROWS.indexOf(Y[t]),
    z_y: z[Y[t]], where: `position ${t}`,
  })),
};

// A board of two dials that asks Python, on a loss that anybody can work out: (1 + x)² + (2 + y)² / 2.
export const lossAt = ([x, y]) => (1 + x) ** 2 + (2 + y) ** 2 / 2;
export const slopesAt = ([x, y]) => [2 * (1 + x), 2 + y];
export const NUDGES = [-2, -1, 0, 1, 2];
export const toldAt = ([x, y], dial, nudges = NUDGES) => ({
  turned: [x, y], dial, loss: lossAt([x, y]), slopes: slopesAt([x, y]),
  losses: nudges.map((nudge) => lossAt(dial ? [x, nudge] : [nudge, y])),
});
export const deeper = {
  ...SHOWN, name: "b1", kind: "deeper", rows: label(["0", "1"]), columns: [], positions: [],
  names: ["b1[0]", "b1[1]"], start: [0, 0], start_loss: lossAt([0, 0]),
};

// A model that the page walks, of two lines: z = x W^T + b and L, with two scored positions and three words.
export const taped = {
  lines: [["z", "logits", ["x", "W", "b"]], ["L", "loss", ["z", "y"]]],
  weights: {
    x: { shape: [2, 2], data: Float64Array.of(1, -0.5, 0.25, 2) }, b: { shape: [3], data: Float64Array.of(0.1, 0.2, 0.3) },
    W: { shape: [3, 2], data: Float64Array.of(0.5, -1, 0.25, 1, -0.75, 0.1) },
  },
};
export const walked = {
  ...SHOWN, name: "b", kind: "deeper", rows: label(["0", "2"]), columns: [], positions: [], names: ["b[0]", "b[2]"],
  start: [0.1, 0.3], indices: [[0], [2]], start_loss: 0, settings: { y: [2, 0] },
};
