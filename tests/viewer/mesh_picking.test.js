import assert from "node:assert/strict";
import test from "node:test";

import { EVERYTHING } from "../../static/viewer/clip_box.js";
import { pickMesh } from "../../static/viewer/mesh_picking.js";

// As in picking.test.js: at depth d one unit is 100 / d px, and the centre is at 100, 100.
const NEAR = 0.1;
const FAR = 1000;
const PROJECTOR = {
  clipFromWorld: [
    1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -(FAR + NEAR) / (FAR - NEAR), -1, 0, 0, (-2 * FAR * NEAR) / (FAR - NEAR), 0,
  ],
  width: 200,
  height: 200,
  depth: (_clipZ, clipW) => clipW,
};
const CENTRE = { x: 100, y: 100 };

const mesh = (...triangles) => ({
  xyz: new Float32Array(triangles.flat(2)),
  triangles: Uint32Array.from({ length: 3 * triangles.length }, (_, i) => i),
});
const wallAt = (z) => [[-5, -5, z], [5, -5, z], [0, 8, z]];
const pick = (shape, cursor = CENTRE, box = EVERYTHING) => pickMesh(shape, box, PROJECTOR, cursor);

test("the place is where the line of sight meets the triangle", () => {
  const { place, depth } = pick(mesh(wallAt(-10)), { x: 110, y: 80 });
  [1, 2, -10].forEach((value, axis) => assert.ok(Math.abs(place[axis] - value) < 1e-4));
  assert.ok(Math.abs(depth - 10) < 1e-4);
});

test("also on a slanted one, where weights on the screen would be wrong", () => {
  const floor = [[-20, -1, -2], [20, -1, -2], [0, -1, -50]];
  const { place } = pick(mesh(floor), { x: 100, y: 110 });
  [0, -1, -10].forEach((value, axis) => assert.ok(Math.abs(place[axis] - value) < 1e-3, String(place)));
});

test("the front one of several, from either side", () => {
  const [a, b, c] = wallAt(-10);
  for (const shape of [mesh(wallAt(-20), [a, b, c]), mesh([a, c, b], wallAt(-20))]) {
    assert.ok(Math.abs(pick(shape).depth - 10) < 1e-4);
  }
});

test("nothing beside it, behind the camera, or in an empty mesh", () => {
  assert.equal(pick(mesh(wallAt(-10)), { x: 3, y: 100 }), null);
  assert.equal(pick(mesh(wallAt(10))), null);
  assert.equal(pick(mesh(wallAt(-2000))), null);
  assert.equal(pick(mesh()), null);
});

test("what is cut off is not in the way", () => {
  const box = { ...EVERYTHING, high: [3e38, 3e38, -15] };
  assert.ok(Math.abs(pick(mesh(wallAt(-10), wallAt(-20)), CENTRE, box).depth - 20) < 1e-4);
});
