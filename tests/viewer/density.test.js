import assert from "node:assert/strict";
import test from "node:test";

import {
  DensityGrid,
  MOST_VIEWS,
  SPACING_LEVELS,
  packLook,
  spacingOf,
  thinning,
} from "../../static/viewer/density.js";

const FRAME = { centre: [0, 0, 0], radius: 1 };

/** A reproducible random number from 0 to 1. */
function random(seed) {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Points on the ground, from −1 to 1; the right half has `ratio` times as many. */
function ground(count, ratio = 1) {
  const next = random(1);
  const xyz = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    const isRight = next() < ratio / (1 + ratio);
    xyz.set([isRight ? next() : -next(), 2 * next() - 1, 0.013], 3 * i);
  }
  return xyz;
}

test("the usual spacing of n points on an area is about √(area / n)", () => {
  for (const count of [20_000, 100_000]) {
    const expected = Math.sqrt(4 / count);
    const { usualSpacing } = new DensityGrid(ground(count), FRAME);
    assert.ok(usualSpacing > 0.85 * expected && usualSpacing < 1.15 * expected, `${usualSpacing}`);
  }
});

test("four times as dense is half as far apart", () => {
  const xyz = ground(100_000, 4);
  const grid = new DensityGrid(xyz, FRAME);
  const spacingAt = (x) => spacingOf(grid.codes(new Float32Array([x, 0, 0.013]))[0]);
  const ratio = spacingAt(-0.5) / spacingAt(0.5);
  assert.ok(ratio > 1.5 && ratio < 2.6, `${ratio}`);
});

test("the edge of a surface is not taken for a thin one", () => {
  const grid = new DensityGrid(ground(100_000), FRAME);
  const atEdge = spacingOf(grid.codes(new Float32Array([0.999, 0, 0.013]))[0]);
  assert.ok(atEdge > 0.6 && atEdge < 1.7, `${atEdge}`);
});

test("codes fit, also far outside and in an empty cloud", () => {
  const grid = new DensityGrid(ground(1000), FRAME);
  for (const code of grid.codes(new Float32Array([1e9, -1e9, 0, 0, 0, 0]))) {
    assert.ok(code >= 0 && code < SPACING_LEVELS);
  }
  assert.equal(new DensityGrid(new Float32Array(0), FRAME).codes(new Float32Array(0)).length, 0);
});

test("fewer points are drawn larger, so that they cover as much", () => {
  assert.equal(thinning(200_000, 200_000), 1);
  assert.equal(thinning(200_000, 50_000), 2);
  assert.equal(thinning(200_000, 800_000), 0.5);
  assert.ok(Number.isFinite(thinning(1, 0)));
});

test("colour, photos and spacing share four bytes and come apart again", () => {
  const look = packLook(new Uint8Array([1, 2, 3, 250, 251, 252]), new Uint8Array([3, 200]), new Uint8Array([15, 0]));
  assert.deepEqual([...look.subarray(0, 3), ...look.subarray(4, 7)], [1, 2, 3, 250, 251, 252]);
  assert.deepEqual([Math.floor(look[3] / SPACING_LEVELS), look[3] % SPACING_LEVELS], [3, 15]);
  assert.deepEqual([Math.floor(look[7] / SPACING_LEVELS), look[7] % SPACING_LEVELS], [MOST_VIEWS, 0]);
});
