import assert from "node:assert/strict";
import test from "node:test";

import { nearestRow, photosShowing, projectIntoPhoto } from "../../static/viewer/visibility.js";

/** A camera on the z axis at `height` that looks down at the origin: x right, y away, z down. */
function above(photoIndex, height, { k1 = 0, x = 0 } = {}) {
  return {
    photo_index: photoIndex,
    width_px: 200,
    height_px: 100,
    focal_xy_px: [100, 100],
    principal_point_xy_px: [100, 50],
    radial_distortion: [k1, 0],
    cam_from_world: { rotation: [1, 0, 0, 0, -1, 0, 0, 0, -1], translation: [-x, 0, height] },
    centre: [x, 0, height],
  };
}

const NOTHING = new Float32Array(0);
const UP = [0, 0, 1];
const indices = (found) => found.map(({ photoIndex }) => photoIndex);

test("a place is where the photo shows it", () => {
  assert.deepEqual(projectIntoPhoto(above(0, 10), [0, 0, 0]), { x: 0.5, y: 0.5, depth: 10 });
  const { x, y } = projectIntoPhoto(above(0, 10), [2, -1, 0]);
  assert.ok(Math.abs(x - 120 / 200) < 1e-12 && Math.abs(y - 60 / 100) < 1e-12);
});

test("lens distortion moves it", () => {
  const { x } = projectIntoPhoto(above(0, 10, { k1: -0.1 }), [5, 0, 0]);
  assert.ok(Math.abs(x - (100 + 50 * (1 - 0.1 * 0.25)) / 200) < 1e-12);
});

test("what is behind the camera, beside the photo or folded over by the lens is not in it", () => {
  assert.equal(projectIntoPhoto(above(0, 10), [0, 0, 11]), null);
  assert.equal(projectIntoPhoto(above(0, 10), [11, 0, 0]), null);
  const fisheye = above(0, 10, { k1: -0.34 }); // at r² = 2.6 it is back at 0.9 of the half width
  assert.equal(projectIntoPhoto(fisheye, [16.2, 0, 0]), null);
});

test("the photo that shows the place sharpest comes first", () => {
  const cameras = [above(4, 20), above(7, 5), above(9, 10)];
  assert.deepEqual(indices(photosShowing([0, 0, 0], UP, cameras, NOTHING, 0.1)), [7, 9, 4]);
});

test("a surface is not seen from behind or nearly along it", () => {
  assert.deepEqual(photosShowing([0, 0, 0], [0, 0, -1], [above(0, 10)], NOTHING, 0.1), []);
  assert.deepEqual(photosShowing([0, 0, 0], [1, 0, 0.01], [above(0, 10)], NOTHING, 0.1), []);
  assert.equal(photosShowing([0, 0, 0], null, [above(0, 10)], NOTHING, 0.1).length, 1);
});

test("something in between hides the place, but not one stray point, nor the surface itself", () => {
  const cameras = [above(0, 10), above(1, 10, { x: 8 })];
  const roof = new Float32Array([0, 0, 5, 0.02, 0, 5, 0, 0.02, 5]);
  assert.deepEqual(indices(photosShowing([0, 0, 0], UP, cameras, roof, 0.1)), [1]);
  assert.deepEqual(indices(photosShowing([0, 0, 0], UP, cameras, roof.subarray(0, 3), 0.1)), [0, 1]);
  const surface = new Float32Array([0, 0, 0.05, 0.05, 0, -0.05, 0, 0.05, 0.1]);
  assert.deepEqual(indices(photosShowing([0, 0, 0], UP, cameras, surface, 0.1)), [0, 1]);
});

test("the nearest row, and none in an empty cloud", () => {
  const xyz = new Float32Array([0, 0, 0, 1, 1, 1, 0.9, 1, 1]);
  assert.equal(nearestRow(xyz, [2, 1, 1]), 1);
  assert.equal(nearestRow(xyz, [0.8, 1, 1]), 2);
  assert.equal(nearestRow(NOTHING, [0, 0, 0]), -1);
});
