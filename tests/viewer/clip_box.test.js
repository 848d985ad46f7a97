import assert from "node:assert/strict";
import test from "node:test";

import {
  EDGES,
  EVERYTHING,
  SIDES,
  WHOLE,
  boxOf,
  cornersOf,
  isClip,
  isInside,
  withSide,
} from "../../static/viewer/clip_box.js";
import { sceneFrame } from "../../static/viewer/geometry.js";

// Photographers in front, at −y: right is +x, and the sliders reach a tenth beyond each side.
const FRAME = sceneFrame({ min: [0, 0, 0], max: [10, 20, 30] }, [0, 0, 1], [[5, -50, 10]]);

const inside = (clip, point) => isInside(boxOf(clip, FRAME), ...point);

test("without a clip, everything is inside, however far away", () => {
  assert.equal(boxOf(null, FRAME), EVERYTHING);
  assert.ok(isInside(EVERYTHING, 1e30, -1e30, 0));
  assert.ok(inside([...WHOLE], [1e9, -1e9, 1e9]));
});

test("each side cuts off its own part", () => {
  const half = (side) => WHOLE.map((value, i) => (i === SIDES.indexOf(side) ? 50 : value));
  const ends = {
    left: [[1, 10, 15], [9, 10, 15]],
    right: [[9, 10, 15], [1, 10, 15]],
    bottom: [[5, 10, 1], [5, 10, 29]],
    top: [[5, 10, 29], [5, 10, 1]],
    back: [[5, 19, 15], [5, 1, 15]], // the photographers stand in front
    front: [[5, 1, 15], [5, 19, 15]],
  };
  for (const [side, [gone, left]] of Object.entries(ends)) {
    assert.equal(inside(half(side), gone), false, side);
    assert.equal(inside(half(side), left), true, side);
  }
});

test("a side's place is its share of the scene with the margin", () => {
  const clip = [25, 100, 0, 100, 0, 100]; // x from −1 to 11
  assert.equal(inside(clip, [1.99, 0, 0]), false);
  assert.equal(inside(clip, [2.01, 0, 0]), true);
});

test("the corners are those of the box, and each edge runs along one axis", () => {
  const clip = [10, 60, 20, 70, 30, 80];
  const corners = cornersOf(clip, FRAME);
  const box = boxOf(clip, FRAME);
  corners.forEach((corner, bits) => {
    box.axes.forEach((axis, i) => {
      const along = axis[0] * corner[0] + axis[1] * corner[1] + axis[2] * corner[2];
      const expected = (bits >> i) & 1 ? box.high[i] : box.low[i];
      assert.ok(Math.abs(along - expected) < 1e-9);
    });
  });
  assert.equal(EDGES.length, 12);
  for (const [from, to] of EDGES) assert.ok([1, 2, 4].includes(from ^ to));
});

test("a side stops before the opposite one, and the whole is no clip", () => {
  assert.deepEqual(withSide(null, 0, 30), [30, 100, 0, 100, 0, 100]);
  assert.deepEqual(withSide([30, 60, 0, 100, 0, 100], 0, 90), [58, 60, 0, 100, 0, 100]);
  assert.deepEqual(withSide([30, 60, 0, 100, 0, 100], 1, 10), [30, 32, 0, 100, 0, 100]);
  assert.deepEqual(withSide(null, 3, -5), [0, 100, 0, 2, 0, 100]);
  assert.equal(withSide([30, 100, 0, 100, 0, 100], 0, 0), null);
});

test("only six percentages that leave something over are a clip", () => {
  assert.ok(isClip([0, 100, 0, 50, 20, 21]));
  for (const wrong of [[], [0, 100], [50, 50, 0, 100, 0, 100], [0, 101, 0, 100, 0, 100], [NaN, 1, 0, 1, 0, 1]]) {
    assert.equal(isClip(wrong), false);
  }
});

test("what is written as a clip is read as one", () => {
  let clip = null;
  for (let i = 0; i < 200; i++) {
    clip = withSide(clip, (7 * i) % 6, (37 * i) % 101);
    if (clip) assert.ok(isClip(clip), String(clip));
  }
});
