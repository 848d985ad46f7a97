import assert from "node:assert/strict";
import test from "node:test";

import {
  boundingRadius,
  colourRanges,
  countVisible,
  heightAt,
  passesFilter,
  percentiles,
  usualPointSize,
} from "../../static/viewer/statistics.js";

const POINTS = {
  xyz: new Float32Array([0, 0, 0, 1, -2, 0, 2, -4, 0, 3, -6, 0]),
  errorPx: new Float32Array([0.25, 0.5, 1, 2]),
  trackLength: new Uint16Array([2, 3, 5, 9]),
};

test("filters count what they let pass", () => {
  assert.equal(countVisible(POINTS, { minTrackLength: 0, maxErrorPx: Infinity }), 4);
  assert.equal(countVisible(POINTS, { minTrackLength: 3, maxErrorPx: Infinity }), 3);
  assert.equal(countVisible(POINTS, { minTrackLength: 3, maxErrorPx: 1 }), 2);
  assert.equal(countVisible(POINTS, { minTrackLength: 10, maxErrorPx: 1 }), 0);
});

test("counting and testing one point agree", () => {
  for (const minTrackLength of [0, 3, 6]) {
    for (const maxErrorPx of [0.5, 1.5, Infinity]) {
      const filter = { minTrackLength, maxErrorPx };
      const passing = [0, 1, 2, 3].filter((i) => passesFilter(POINTS, i, filter));
      assert.equal(countVisible(POINTS, filter), passing.length);
    }
  }
});

test("points without an error pass that filter, and a box leaves what is inside", () => {
  const { xyz, trackLength } = POINTS;
  const box = { axes: [[0, 1, 0], [1, 0, 0], [0, 0, 1]], low: [-4, -9, -9], high: [-1, 9, 9] };
  const filter = { minTrackLength: 0, maxErrorPx: 0.1 };
  assert.equal(countVisible({ xyz, trackLength }, filter), 4);
  assert.equal(countVisible({ xyz, trackLength }, { ...filter, box }), 2);
  assert.equal(countVisible({ xyz, trackLength }, { ...filter, box, minTrackLength: 4 }), 1);
});

test("percentiles are values of the data", () => {
  const values = [5, 1, 4, 2, 3];
  assert.deepEqual(percentiles(5, (i) => values[i], [0, 0.5, 1]), [1, 3, 5]);
  assert.deepEqual(percentiles(0, () => 0, [0, 1]), [0, 0]);
});

test("percentiles of many values come from a sample", () => {
  let numCalls = 0;
  const valueAt = (i) => {
    numCalls++;
    return i;
  };
  const [median] = percentiles(1_000_001, valueAt, [0.5]);
  assert.ok(Math.abs(median - 500_000) <= 20);
  assert.ok(numCalls < 60_000);
});

test("height is counted along up", () => {
  assert.equal(heightAt(POINTS.xyz, 2, [0, -1, 0]), 4);
});

test("colour ranges are never empty", () => {
  const { height, error, track } = colourRanges(POINTS, [0, -1, 0]);
  assert.deepEqual(height, [0, 6]);
  assert.deepEqual(error, [0, 2]);
  assert.deepEqual(track, [2, 9]);
  const flat = colourRanges({ ...POINTS, trackLength: new Uint16Array(4).fill(2) }, [0, 0, 1]);
  assert.deepEqual(flat.track, [2, 3]);
  assert.deepEqual(flat.height, [0, 1]);
});

test("the bounding radius reaches the farthest point", () => {
  assert.equal(boundingRadius(new Float32Array([1, 0, 0, 0, 3, 4]), [0, 0, 0]), 5);
});

test("sparse clouds are drawn with larger points, within the slider", () => {
  const sizes = [0, 2_500, 20_000, 100_000, 500_000].map(usualPointSize);
  assert.deepEqual(sizes, [7, 5.5, 3, 2, 2]);
});
