// What the loss does under the hand: the closed form of the output layer, the curves that Python has sent for any other
// weight, and Python itself, which is asked for fresh ones.

/** @import { DeeperLayer, Look, Model, OutputLayer, Scene } from "./types" */

import { mean, same } from "./numbers.js";

const PATIENCE = 10000; // milliseconds until a deeper board says that Python does not answer

/**
 * The output layer in closed form. Only the logits of the words on the board can move, so all other words enter the
 * softmax as one number: rest, the log of the sum of their exp(z). Exact for any combination of dials.
 * @type {(scene: Scene) => OutputLayer}
 */
export function outputLayer(scene) {
  const columns = Math.max(scene.columns.length, 1);
  const { positions } = scene;

  /** @type {(turned: number[]) => Look[]} */
  const look = (turned) => positions.map(({ h, z, rest, y, z_y }) => {
    const logits = z.map((z_i, i) => h.reduce((sum, h_j, j) => sum + turned[i * columns + j] * h_j, z_i));
    const top = Math.max(...logits, rest ?? -Infinity);
    const sum = logits.reduce((s, z_i) => s + Math.exp(z_i - top), rest === null ? 0 : Math.exp(rest - top));
    const total = top + Math.log(sum);
    return { loss: total - (y < 0 ? z_y : logits[y]), p: logits.map((z_i) => Math.exp(z_i - total)) };
  });

  return {
    free: true,
    look,
    loss: (turned) => mean(look(turned).map((at) => at.loss)),
    // each scored position's share of the slope, (p_i − [i = y]) h_j; the mean is the slope
    shares(turned, d, seen = look(turned)) {
      const i = Math.floor(d / columns), j = d % columns;
      return positions.map(({ h, y }, t) => ({ p: seen[t].p[i], hit: y === i, h: h[j] }))
        .map((s) => ({ ...s, value: (s.p - (s.hit ? 1 : 0)) * s.h }));
    },
    slope(turned, d, seen) {
      return { value: mean(this.shares(turned, d, seen ?? undefined).map((s) => s.value)), exact: true };
    },
    curve(turned, d, reach) {
      const nudges = Array.from({ length: 121 }, (_, k) => (reach * (k - 60)) / 60);
      const losses = nudges.map((nudge) => this.loss(turned.map((x, e) => (e === d ? nudge : x))));
      return { nudges, losses };
    },
  };
}

/**
 * Any other weight: the curves that Python sent. A curve holds as long as no other dial has moved since; what no
 * curve and no answer covers is null, never a guess.
 * @type {(scene: Scene, model: Model) => DeeperLayer}
 */
export function deeperLayer(scene, model) {
  const nudges = scene.nudges ?? [];
  /** @type {DeeperLayer["holds"]} */
  const holds = (turned, d) => model.get("curves").at.every((x, e) => e === d || x === turned[e]);

  return {
    free: false,
    holds,
    loss(turned) {
      const here = model.get("here"), curves = model.get("curves");
      if (same(turned, here.at)) return here.loss;
      if (turned.every((x) => x === 0)) return scene.start_loss;
      for (let d = 0; d < turned.length; d++) {
        const k = holds(turned, d) ? nudges.indexOf(turned[d]) : -1;
        if (k >= 0) return curves.losses[d][k];
      }
      return null;
    },
    slope(turned, d) {
      const here = model.get("here");
      if (same(turned, here.at)) return { value: here.slopes[d], exact: true };
      const k = holds(turned, d) ? nudges.indexOf(turned[d]) : -1;
      if (k < 0) return null;
      // until Python answers: from the neighbouring points of the curve, shown with ≈
      const y = model.get("curves").losses[d], a = Math.max(k - 1, 0), b = Math.min(k + 1, nudges.length - 1);
      return { value: (y[b] - y[a]) / (nudges[b] - nudges[a]), exact: false };
    },
    curve(turned, d) {
      return holds(turned, d) ? { nudges, losses: model.get("curves").losses[d] } : null;
    },
  };
}

/**
 * Python: asked for the curves of the other dials where the hand has come to rest, and taken to be gone when it has not
 * sent them for a long time, or was never there.
 * @type {(model: Model, changed: () => void) => {ask(): void, answered(): void, gone(): boolean, close(): void}}
 */
export function kernel(model, changed) {
  let patience = 0, unanswered = false;
  const fresh = () => same(model.get("curves").at, model.get("turned"));

  return {
    ask() {
      model.set("settled", model.get("turned"));
      if (!model.get("live") || fresh()) return;
      clearTimeout(patience);
      patience = setTimeout(() => { unanswered = !fresh(); changed(); }, PATIENCE);
    },
    answered() { unanswered = false; },
    gone: () => !model.get("live") || unanswered,
    close() { clearTimeout(patience); },
  };
}
