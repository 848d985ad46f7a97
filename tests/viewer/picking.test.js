import assert from "node:assert/strict";
import test from "node:test";

import { pickFrame, pickPoint, projectPoint } from "../../static/viewer/picking.js";

// A camera at the origin that looks along −z: 90 degrees, 200 × 200 px, so that at depth d
// one unit is 100 / d px.
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
const ALL = { minTrackLength: 0, maxErrorPx: Infinity };
const REACH = { tolerancePx: 8, drawnRadiusPx: () => 1.5, largestRadiusPx: 1.5, slack: 0.5 };
const CENTRE = { x: 100, y: 100 };

function cloud(positions, { errorPx, trackLength } = {}) {
  return {
    xyz: new Float32Array(positions.flat()),
    errorPx: new Float32Array(errorPx ?? positions.map(() => 0.5)),
    trackLength: new Uint16Array(trackLength ?? positions.map(() => 3)),
  };
}

const pick = (points, { filter = ALL, cursor = CENTRE, reach = REACH } = {}) =>
  pickPoint(points, filter, PROJECTOR, cursor, reach)?.index ?? null;

test("points project to px from the top left", () => {
  const { x, y, depth } = projectPoint(PROJECTOR, [1, 2, -10]);
  assert.ok(Math.abs(x - 110) < 1e-9 && Math.abs(y - 80) < 1e-9 && Math.abs(depth - 10) < 1e-9);
  assert.equal(projectPoint(PROJECTOR, [0, 0, 5]), null);
});

test("the closest point within reach is picked", () => {
  const points = cloud([[0.7, 0, -10], [0.3, 0, -10], [3, 0, -10]]);
  assert.equal(pick(points), 1);
});

test("nothing is picked beyond the tolerance, behind the camera or past the far plane", () => {
  assert.equal(pick(cloud([[0.9, 0, -10]])), null);
  assert.equal(pick(cloud([[0.7, 0, -10]])), 0);
  assert.equal(pick(cloud([[0, 0, 10]])), null);
  assert.equal(pick(cloud([[0, 0, -2000]])), null);
  assert.equal(pick(cloud([])), null);
});

test("of the points drawn under the cursor the front one is picked", () => {
  const points = cloud([[0, 0, -20], [0.05, 0, -10], [0, 0, -30]]);
  assert.equal(pick(points), 1);
});

test("a point drawn under the cursor wins over a nearer one beside it", () => {
  const points = cloud([[0, 0, -20], [0.25, 0, -5]]);
  assert.equal(pick(points), 0);
});

test("a point behind others is not picked although it is closer on screen", () => {
  const points = cloud([[0.4, 0, -10], [0.6, 0, -20]]); // 4 px and 3 px away
  assert.equal(pick(points), 0);
});

test("on the same surface the closest on screen is picked", () => {
  const points = cloud([[0.6, 0, -10], [0.309, 0, -10.3]]);
  assert.equal(pick(points), 1);
});

test("points that the filters hide are not picked", () => {
  const points = cloud([[0, 0, -10], [0.2, 0, -10], [0.4, 0, -10]], {
    errorPx: [2, 0.5, 0.5],
    trackLength: [9, 2, 9],
  });
  assert.equal(pick(points), 0);
  assert.equal(pick(points, { filter: { minTrackLength: 0, maxErrorPx: 1 } }), 1);
  assert.equal(pick(points, { filter: { minTrackLength: 3, maxErrorPx: 1 } }), 2);
});

test("large points are hit anywhere on their disc", () => {
  const reach = { ...REACH, drawnRadiusPx: (w) => 200 / w, largestRadiusPx: 24 };
  assert.equal(pick(cloud([[1.5, 0, -10]]), { reach }), 0); // 15 px away, drawn with 20 px
  assert.equal(pick(cloud([[1.5, 0, -10]])), null);
});

test("a parallel projection is picked with depths in world units", () => {
  const [near, far] = [-50, 50];
  const parallel = {
    clipFromWorld: [
      0.1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, -2 / (far - near), 0, 0, 0, -(far + near) / (far - near), 1,
    ],
    width: 200,
    height: 200,
    depth: (clipZ) => near + ((clipZ + 1) / 2) * (far - near),
  };
  const points = cloud([[0, 0, -20], [0, 0, 5], [0, 0, -5]]);
  const picked = pickPoint(points, ALL, parallel, CENTRE, REACH);
  assert.equal(picked.index, 1); // in front, although behind the camera's position
  assert.ok(Math.abs(picked.depth + 5) < 1e-9);
});

const frameAt = (x, depth, size = 1) => ({
  apex: [x, 0, -depth + size],
  corners: [
    [x - size, size, -depth],
    [x + size, size, -depth],
    [x + size, -size, -depth],
    [x - size, -size, -depth],
  ],
});

test("the photo frame under the cursor is picked, the nearest one first", () => {
  const frames = [frameAt(0, 20), frameAt(0, 10), frameAt(5, 10)];
  assert.equal(pickFrame(frames, PROJECTOR, CENTRE, 4).index, 1);
  assert.equal(pickFrame(frames, PROJECTOR, { x: 150, y: 100 }, 4).index, 2);
  assert.equal(pickFrame(frames, PROJECTOR, { x: 100, y: 180 }, 4), null);
});

test("a frame seen edge on is hit at its camera", () => {
  const edgeOn = { apex: [0, 0, -10], corners: [[1, 1, -9], [1, 1, -11], [1, -1, -11], [1, -1, -9]] };
  assert.equal(pickFrame([edgeOn], PROJECTOR, { x: 102, y: 99 }, 4).index, 0);
});

test("a frame that reaches behind the camera is left out", () => {
  assert.equal(pickFrame([frameAt(0, 0.5, 1)], PROJECTOR, CENTRE, 4), null);
});

test("half a million points are picked from within the time of two frames", () => {
  const count = 500_000;
  const xyz = new Float32Array(3 * count);
  for (let i = 0; i < xyz.length; i++) xyz[i] = ((i * 7919) % 20011) / 1000 - 10;
  for (let i = 2; i < xyz.length; i += 3) xyz[i] -= 25;
  const points = {
    xyz,
    errorPx: new Float32Array(count),
    trackLength: new Uint16Array(count).fill(3),
  };
  const runs = Array.from({ length: 7 }, () => {
    const start = performance.now();
    pick(points);
    return performance.now() - start;
  });
  assert.ok(Math.min(...runs) < 33, `${Math.min(...runs).toFixed(1)} ms`);
});
