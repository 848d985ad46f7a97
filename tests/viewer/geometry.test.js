import assert from "node:assert/strict";
import test from "node:test";

import {
  add,
  centreOf,
  clipRange,
  cornerRays,
  cross,
  distance,
  dot,
  fitDistance,
  forwardOf,
  groundAxes,
  length,
  mixViews,
  normalize,
  photoProjection,
  photoRectangle,
  presetView,
  scale,
  sceneFrame,
  subtract,
  threeWorldFromColmapCam,
  turnView,
} from "../../static/viewer/geometry.js";
import { projectPoint } from "../../static/viewer/picking.js";

function assertClose(actual, expected, tolerance = 1e-9) {
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) <= tolerance, `${actual} is not ${expected}`);
  });
}

/** A rotation matrix in row order, from an axis and an angle. */
function rotation(axis, angle) {
  const [x, y, z] = normalize(axis);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const t = 1 - c;
  return [
    t * x * x + c, t * x * y - s * z, t * x * z + s * y,
    t * x * y + s * z, t * y * y + c, t * y * z - s * x,
    t * x * z - s * y, t * y * z + s * x, t * z * z + c,
  ];
}

const rotate = (r, v) => [0, 1, 2].map((row) => dot(r.slice(3 * row, 3 * row + 3), v));

function multiply(a, b) {
  const product = new Array(16).fill(0);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      for (let k = 0; k < 4; k++) product[4 * column + row] += a[4 * k + row] * b[4 * column + k];
    }
  }
  return product;
}

/** The inverse of a pose. */
function inverse(worldFromCam) {
  const axes = [0, 4, 8].map((start) => worldFromCam.slice(start, start + 3));
  const centre = centreOf(worldFromCam);
  const rows = [0, 1, 2].map((i) => [axes[0][i], axes[1][i], axes[2][i], 0]);
  return [...rows.flat(), ...axes.map((axis) => -dot(axis, centre)), 1];
}

const CAMERA = {
  width_px: 3000,
  height_px: 2000,
  focal_xy_px: [2300, 2350],
  principal_point_xy_px: [1620, 880],
  cam_from_world: { rotation: rotation([0.3, -0.8, 0.5], 1.1), translation: [0.4, -1.2, 5] },
};
const WORLD_FROM_CAM = threeWorldFromColmapCam(CAMERA.cam_from_world);

/** COLMAP's own projection, in photo px. */
function colmapProject(camera, point) {
  const { rotation: r, translation } = camera.cam_from_world;
  const [x, y, z] = add(rotate(r, point), translation);
  const [fx, fy] = camera.focal_xy_px;
  const [cx, cy] = camera.principal_point_xy_px;
  return [(fx * x) / z + cx, (fy * y) / z + cy];
}

test("a COLMAP camera that looks along z becomes a three.js camera there", () => {
  const identity = { rotation: [1, 0, 0, 0, 1, 0, 0, 0, 1], translation: [0, 0, 0] };
  const matrix = threeWorldFromColmapCam(identity);
  assertClose(forwardOf(matrix), [0, 0, 1]);
  assertClose(matrix.slice(0, 3), [1, 0, 0]); // right stays right
  assertClose(matrix.slice(4, 7), [0, -1, 0]); // up is COLMAP's minus y
});

test("the centre is where the pose puts the origin of the camera", () => {
  const { rotation: r, translation } = CAMERA.cam_from_world;
  assertClose(add(rotate(r, centreOf(WORLD_FROM_CAM)), translation), [0, 0, 0]);
});

test("the pose is a right-handed frame", () => {
  const [right, up, back] = [0, 4, 8].map((start) => WORLD_FROM_CAM.slice(start, start + 3));
  assertClose(cross(right, up), back);
  assertClose([length(right), length(up)], [1, 1]);
});

test("points fall on the photo where COLMAP sees them, in any viewport", () => {
  for (const viewport of [{ width: 1158, height: 708 }, { width: 390, height: 676 }]) {
    const projection = photoProjection(CAMERA, viewport, 0.1, 100);
    const clipFromWorld = multiply(projection, inverse(WORLD_FROM_CAM));
    const projector = { clipFromWorld, ...viewport, depth: (_z, w) => w };
    const { left, top, pxPerPhotoPx } = photoRectangle(CAMERA, viewport);
    const forward = forwardOf(WORLD_FROM_CAM);
    for (const offset of [[0, 0, 0], [1, 0.5, -0.3], [-0.7, 0.2, 0.9]]) {
      const point = add(add(centreOf(WORLD_FROM_CAM), scale(forward, 6)), offset);
      const [x, y] = colmapProject(CAMERA, point);
      const onScreen = projectPoint(projector, point);
      const expected = [left + x * pxPerPhotoPx, top + y * pxPerPhotoPx];
      assertClose([onScreen.x, onScreen.y], expected, 1e-6);
    }
  }
});

test("the projection puts near and far on the clip planes", () => {
  const m = photoProjection(CAMERA, { width: 800, height: 600 }, 0.5, 40);
  const ndcZ = (z) => (m[10] * z + m[14]) / (m[11] * z);
  assertClose([ndcZ(-0.5), ndcZ(-40)], [-1, 1]);
});

test("a photo is shown whole and in the middle", () => {
  const wide = photoRectangle(CAMERA, { width: 900, height: 300 });
  assertClose([wide.width, wide.height, wide.left, wide.top], [450, 300, 225, 0]);
  const tall = photoRectangle(CAMERA, { width: 300, height: 900 });
  assertClose([tall.width, tall.height, tall.left, tall.top], [300, 200, 0, 350]);
});

test("corner rays project onto the corners of the photo", () => {
  const rays = cornerRays(CAMERA, WORLD_FROM_CAM);
  const corners = rays.map((ray) => colmapProject(CAMERA, add(centreOf(WORLD_FROM_CAM), ray)));
  assertClose(corners.flat(), [0, 0, 3000, 0, 3000, 2000, 0, 2000], 1e-6);
});

const UP = normalize([0.1, -1, 0.2]);
const BOUNDS = { min: [-4, -3, -2], max: [4, 1, 6] };
const [EAST, NORTH] = groundAxes(UP);
const LENS = { tanHalfFov: Math.tan((25 * Math.PI) / 180), aspect: 1.6 };

function camerasAt(angles, height = 0.5) {
  const centre = [0, -1, 2];
  return angles.map((angle) => {
    const around = add(scale(EAST, 9 * Math.sin(angle)), scale(NORTH, 9 * Math.cos(angle)));
    return add(centre, add(around, scale(UP, height)));
  });
}

test("the ground's axes and up are a right-handed frame", () => {
  assertClose(cross(EAST, NORTH), UP);
  assertClose([dot(EAST, UP), dot(NORTH, UP)], [0, 0]);
});

test("front is the photographers' side", () => {
  const frame = sceneFrame(BOUNDS, UP, camerasAt([0.9, 1, 1.1]));
  const { position } = presetView("front", frame, LENS);
  const direction = normalize(subtract(position, frame.centre));
  assertClose(direction, add(scale(EAST, Math.sin(1)), scale(NORTH, Math.cos(1))), 1e-3);
});

test("cameras all the way round, or none, still have a front", () => {
  const round = camerasAt([0, 1, 2, 3, 4, 5].map((i) => (i * Math.PI) / 3));
  for (const cameras of [round, []]) {
    const { front } = sceneFrame(BOUNDS, UP, cameras);
    assertClose([length(front), dot(front, UP)], [1, 0]);
  }
});

test("the first view looks down on the scene from behind the photographers", () => {
  const frame = sceneFrame(BOUNDS, UP, camerasAt([0.9, 1, 1.1]));
  const { position, target } = presetView("home", frame, LENS);
  const direction = normalize(subtract(position, target));
  assert.ok(dot(direction, frame.front) > 0.7);
  assert.ok(dot(direction, UP) > Math.sin((15 * Math.PI) / 180));
});

test("the side is a quarter turn from the front, the top above", () => {
  const frame = sceneFrame(BOUNDS, UP, camerasAt([0.2]));
  const towards = (name) => normalize(subtract(presetView(name, frame, LENS).position, frame.centre));
  assertClose([dot(towards("front"), towards("side"))], [0]);
  assertClose([dot(towards("top"), UP)], [1], 1e-6);
});

test("every corner of the bounds is inside the fitted view, and one is near its edge", () => {
  const frame = sceneFrame(BOUNDS, UP, camerasAt([2]));
  for (const aspect of [2.2, 0.5]) {
    const lens = { ...LENS, aspect };
    const direction = normalize(add(frame.front, scale(UP, 0.5)));
    const reach = fitDistance(frame, direction, lens);
    const eye = add(frame.centre, scale(direction, reach));
    const right = normalize(cross(UP, direction));
    const viewUp = cross(direction, right);
    const ndc = frame.corners.map((corner) => {
      const offset = subtract(corner, eye);
      const depth = -dot(offset, direction) * lens.tanHalfFov;
      return Math.max(Math.abs(dot(offset, right)) / aspect, Math.abs(dot(offset, viewUp))) / depth;
    });
    assert.ok(Math.max(...ndc) < 1 && Math.max(...ndc) > 0.9, String(ndc));
  }
});

test("a movement starts and ends where it should and goes round the target", () => {
  const from = { position: add(scale(NORTH, 5), scale(UP, 1)), target: [0, 0, 0], zoom: 1 };
  const to = { position: scale(EAST, -20), target: [0, 0, 0], zoom: 4 };
  assertClose(mixViews(from, to, 0, UP).position, from.position);
  assert.equal(mixViews(from, to, 1, UP), to);
  for (const t of [0.2, 0.5, 0.8]) {
    const { position, zoom } = mixViews(from, to, t, UP);
    assert.ok(length(position) > 5 && length(position) < 20);
    assertClose([zoom], [4 ** t]);
  }
});

test("a movement takes the shorter way round", () => {
  const at = (degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const position = add(scale(EAST, Math.sin(angle)), scale(NORTH, Math.cos(angle)));
    return { position, target: [0, 0, 0], zoom: 1 };
  };
  assertClose(mixViews(at(170), at(-170), 0.5, UP).position, at(180).position, 1e-9);
});

test("the clip planes hold the whole scene, seen from outside and from inside", () => {
  const frame = { centre: [0, 0, 0], radius: 2 };
  const outside = clipRange([0, 0, 10], [0, 0, -1], frame, 3);
  assert.ok(outside.near <= 7 && outside.far >= 13);
  const inside = clipRange([0, 0, 0.5], [0, 0, -1], frame, 3);
  assert.ok(inside.near > 0 && inside.near < 0.01 && inside.far >= 3.5);
  assert.ok(inside.parallelNear <= -2.5);
});

test("one far outlier does not spoil the depth resolution", () => {
  const { near, far } = clipRange([0, 0, 5], [0, 0, -1], { centre: [0, 0, 0], radius: 2 }, 1e7);
  assert.ok(far / near < 1e6);
});

test("distance is the length of the difference", () => {
  assert.equal(distance([1, 2, 3], [4, 6, 3]), 5);
});

test("a turn keeps the height and the distance, and comes back after a whole one", () => {
  const up = normalize([0.2, -0.1, 1]);
  const view = { position: [3, 1, 2], target: [1, -1, 0.5], zoom: 2 };
  const offset = subtract(view.position, view.target);
  for (const radians of [0.3, 2, 5]) {
    const turned = turnView(view, radians, up);
    const after = subtract(turned.position, view.target);
    assertClose([length(after), dot(after, up)], [length(offset), dot(offset, up)]);
    assert.deepEqual([turned.target, turned.zoom], [view.target, 2]);
  }
  assertClose(turnView(view, 2 * Math.PI, up).position, view.position);
  assertClose(turnView({ position: [1, 0, 0], target: [0, 0, 0], zoom: 1 }, Math.PI / 2, [0, 0, 1]).position, [0, 1, 0]);
});
