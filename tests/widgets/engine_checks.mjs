// What an engine has to do, an engine and walks with Python's numbers given. Each check throws at its first difference.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { unpacked } from "../../gradwalk/widgets/engine/engine.js";

const all = (packed) => Object.fromEntries(Object.entries(packed).map(([name, array]) => [name, unpacked(array)]));
export const handed = (folder) => JSON.parse(readFileSync(`${folder}/walks.json`, "utf8")).map((given) => ({
  ...given, weights: all(given.weights), values: all(given.values), slopes: all(given.slopes),
}));
const known = ({ weights, settings }) => ({ ...weights, ...settings });
const size = ({ data }) => data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);

function near(found, wanted, error, what) {
  assert.deepEqual(found.shape, wanted.shape, `${what} is not Python's: its shape`);
  const k = wanted.data.findIndex((x, k) => !(found.data[k] === x || Math.abs(found.data[k] - x) <= error));
  assert.ok(k < 0, `${what} is not Python's: [${k}] is ${found.data[k]}, not ${wanted.data[k]}`);
}

export const checks = {
  "every value is Python's, on all random models"({ walk }, walks) {
    assert.ok(walks.length > 64);
    for (const given of walks) {
      const values = walk(given.lines, known(given));
      for (const [name, wanted] of Object.entries(given.values)) {
        near(values[name], wanted, 1e-12 * size(wanted), `${given.of}: ${name}`);
      }
      assert.deepEqual(given.lines.map(([value]) => value).sort(), Object.keys(given.values).sort());
    }
  },

  "every slope and every share is the hand-made walk's, on all random models"({ back, walk }, walks) {
    for (const given of walks) {
      const slopes = back(given.lines, walk(given.lines, known(given)));
      const { dL_dL, ...others } = given.slopes, largest = Math.max(...Object.values(others).map(size));
      near(slopes.dL_dL, dL_dL, 0, `${given.of}: dL_dL`);
      for (const [name, wanted] of Object.entries(others)) {
        assert.ok(slopes[name], `${given.of}: ${name} is not Python's: there is none`);
        near(slopes[name], wanted, 1e-10 * Math.max(size(wanted), 1e-3 * largest), `${given.of}: ${name}`);
      }
      assert.deepEqual(Object.keys(slopes).sort(), Object.keys(given.slopes).sort());
    }
  },

  "a walk from what was turned on, and as far as somebody looks, is the whole walk"({ road, walk }, walks) {
    for (const { lines, weights, settings } of walks.slice(0, 32)) { // all lines that there are: the rest reads otherwise
      const before = walk(lines, { ...weights, ...settings });
      for (const [name, { shape, data }] of Object.entries(weights)) {
        const turned = { [name]: { shape, data: data.map((x, k) => (k % 3 ? x : x + 0.25)) } };
        const whole = walk(lines, { ...weights, ...settings, ...turned });
        const after = road(lines, [name]), toL = road(lines, [name], "L"), now = walk(after, { ...before, ...turned });
        const other = lines.filter(([value]) => now[value].data.some((x, k) => x !== whole[value].data[k]));
        assert.equal(other.length, 0, `from ${name} on, ${other[0]?.[0]} is not the whole walk's`);
        assert.equal(walk(toL, { ...before, ...turned }).L.data[0], whole.L.data[0]);
        assert.deepEqual(toL, after.filter(([value]) => value !== "p")); // the loss is not made of p
      }
    }
  },

  "back along the road from one weight, its slope and those on the way are the whole walk's, and no other is there"({ back, road, walk }, walks) {
    for (const { of, lines, weights, settings } of walks) {
      const values = walk(lines, { ...weights, ...settings }), whole = back(lines, values);
      for (const weight of Object.keys(weights)) {
        const toL = road(lines, [weight], "L"), slopes = back(toL, values, [weight]);
        for (const [name, { data }] of Object.entries(slopes)) {
          const other = data.findIndex((x, k) => x !== whole[name].data[k]);
          assert.ok(other < 0, `${of}, from ${weight}: ${name} is not the whole walk's: [${other}]`);
        }
        const own = Object.keys(slopes).filter((name) => !name.includes("_via_")).map((name) => name.replace("dL_d", ""));
        assert.deepEqual(own.sort(), [weight, ...toL.map(([value]) => value)].sort(), `what hears of ${weight} is not the whole walk's`);
      }
    }
  },

  "by the scored positions alone the loss and every weight's slope are the whole walk's"({ back, scoredAlone, walk }, walks) {
    for (const { of, lines, weights, settings, values, slopes } of walks) {
      const scored = [...settings.y.keys()].filter((t) => settings.y[t] >= 0), scored_y = scored.map((t) => settings.y[t]);
      const short = scoredAlone(lines), known = walk(short, { ...weights, ...settings, scored, scored_y });
      near(known.L, values.L, 1e-12 * size(values.L), `${of}: L of the scored positions`);
      assert.equal(known.scored_p.shape[0], scored.length, `${of}: p is not the whole walk's: its positions`);
      assert.ok(!known.z, `${of}: it is not the whole walk's z that is wanted`);
      const found = back(short, known);
      for (const [name, { shape }] of Object.entries(weights)) {
        const slope = name.replace(/[^.]+$/, "dL_d$&"), wanted = slopes[slope];
        assert.deepEqual(found[slope]?.shape, shape, `${of}: ${slope} of the scored positions is not Python's: its shape`);
        near(found[slope], wanted, 1e-10 * Math.max(size(wanted), 1e-3 * Math.max(...Object.values(slopes).map(size))), `${of}: ${slope}`);
      }
    }
  },

  "a walk begins at a value set by hand"({ road, walk }, walks) {
    const { lines, weights, settings, values } = walks[0];
    const h = { shape: values.h.shape, data: values.h.data.map((x) => x + 1) };
    const after = road(lines, ["h"]), held = walk(after, { ...weights, ...settings, h });
    assert.deepEqual(after.map(([value]) => value), ["z", "p", "L"]);
    assert.equal(held.h, h);
    assert.notEqual(held.L.data[0], values.L.data[0]);
  },

  "lines with a function that the page does not know are told"({ knows }, walks) {
    for (const { lines } of walks) assert.ok(knows(lines));
    const [value, , takes] = walks[0].lines[1];
    for (const other of ["rmsnorm", "toString"]) assert.ok(!knows([...walks[0].lines, [value, other, takes]]));
  },
};
