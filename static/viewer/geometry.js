/**
 * The viewer's geometry on plain arrays: no three.js, so Node can test it.
 *
 * Frames: "world" is the model's frame. A COLMAP camera looks along +z with x to the right and
 * y down; a three.js camera looks along −z with x to the right and y up. Vectors are [x, y, z];
 * 4×4 matrices are 16 numbers in column order, as WebGL and three.js keep them.
 */

export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a, factor) => [a[0] * factor, a[1] * factor, a[2] * factor];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a) => Math.hypot(a[0], a[1], a[2]);
export const distance = (a, b) => length(subtract(a, b));
export const mix = (a, b, t) => add(scale(a, 1 - t), scale(b, t));
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

export function normalize(a) {
  const norm = length(a);
  return norm > 0 ? scale(a, 1 / norm) : [0, 0, 0];
}

/** Two unit vectors that span the ground: with `up` they make a right-handed frame. */
export function groundAxes(up) {
  const helper = Math.abs(up[0]) < 0.9 ? [1, 0, 0] : [0, 0, 1];
  const east = normalize(cross(helper, up));
  return [east, cross(up, east)];
}

/**
 * The only place where COLMAP's camera convention becomes that of three.js: the same centre,
 * with the y and z axes of the camera turned round.
 * @param {{rotation: number[], translation: number[]}} camFromWorld rotation in row order
 * @returns {number[]} worldFromCam, 4×4, for a three.js camera
 */
export function threeWorldFromColmapCam({ rotation: r, translation: t }) {
  const right = [r[0], r[1], r[2]];
  const down = [r[3], r[4], r[5]];
  const forward = [r[6], r[7], r[8]];
  const centre = scale(
    add(add(scale(right, t[0]), scale(down, t[1])), scale(forward, t[2])),
    -1,
  );
  return [...right, 0, ...scale(down, -1), 0, ...scale(forward, -1), 0, ...centre, 1];
}

export const centreOf = (worldFromCam) => worldFromCam.slice(12, 15);
export const forwardOf = (worldFromCam) => scale(worldFromCam.slice(8, 11), -1);

/**
 * World vectors from a camera's centre to the corners of its photo, on the plane at depth 1:
 * top left, top right, bottom right, bottom left.
 */
export function cornerRays(camera, worldFromCam) {
  const [fx, fy] = camera.focal_xy_px;
  const [cx, cy] = camera.principal_point_xy_px;
  const right = worldFromCam.slice(0, 3);
  const up = worldFromCam.slice(4, 7);
  const forward = forwardOf(worldFromCam);
  const corners = [[0, 0], [camera.width_px, 0], [camera.width_px, camera.height_px], [0, camera.height_px]];
  return corners.map(([x, y]) =>
    add(forward, add(scale(right, (x - cx) / fx), scale(up, (cy - y) / fy))),
  );
}

/** Where a photo lies in the viewport when it is shown whole, in px from the top left. */
export function photoRectangle(camera, viewport) {
  const pxPerPhotoPx = Math.min(
    viewport.width / camera.width_px,
    viewport.height / camera.height_px,
  );
  const width = camera.width_px * pxPerPhotoPx;
  const height = camera.height_px * pxPerPhotoPx;
  return {
    left: (viewport.width - width) / 2,
    top: (viewport.height - height) / 2,
    width,
    height,
    pxPerPhotoPx,
  };
}

/**
 * The projection with which points fall on the photo of `photoRectangle`, exactly: both focal
 * lengths and an off-centre principal point are honoured. COLMAP puts the corner of the first
 * pixel at (0, 0), so photo positions scale without a half-pixel shift.
 * @returns {number[]} 4×4
 */
export function photoProjection(camera, viewport, near, far) {
  const rectangle = photoRectangle(camera, viewport);
  const [fx, fy] = camera.focal_xy_px;
  const [cx, cy] = camera.principal_point_xy_px;
  const centreX = rectangle.left + cx * rectangle.pxPerPhotoPx;
  const centreY = rectangle.top + cy * rectangle.pxPerPhotoPx;
  const matrix = new Array(16).fill(0);
  matrix[0] = (2 * fx * rectangle.pxPerPhotoPx) / viewport.width;
  matrix[5] = (2 * fy * rectangle.pxPerPhotoPx) / viewport.height;
  matrix[8] = 1 - (2 * centreX) / viewport.width;
  matrix[9] = (2 * centreY) / viewport.height - 1;
  matrix[10] = -(far + near) / (far - near);
  matrix[11] = -1;
  matrix[14] = (-2 * far * near) / (far - near);
  return matrix;
}

/**
 * @typedef {Object} SceneFrame
 * @property {number[]} up unit vector
 * @property {number[]} centre of the robust bounds
 * @property {number[][]} corners of the robust bounds
 * @property {number} radius of the robust bounds
 * @property {number[]} front horizontal unit vector from the centre to the photographers
 * @property {number} cameraElevation how high the photographers stand, in radians
 */

const WORLD_AXES = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

/**
 * @param {{axes?: number[][], min: number[], max: number[]}} box along `axes`, the world's if none
 * @returns {SceneFrame}
 */
export function sceneFrame({ axes = WORLD_AXES, min, max }, up, cameraCentres) {
  const place = (along) => axes.reduce((sum, axis, i) => add(sum, scale(axis, along[i])), [0, 0, 0]);
  const centre = place(mix(min, max, 0.5));
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
    place([0, 1, 2].map((axis) => ((bits >> axis) & 1 ? max[axis] : min[axis]))),
  );
  const offsets = cameraCentres.map((point) => subtract(point, centre));
  const horizontals = offsets.map((offset) => subtract(offset, scale(up, dot(offset, up))));
  const spread = mean(horizontals.map(length));
  const height = mean(offsets.map((offset) => dot(offset, up)));
  return {
    up,
    centre,
    corners,
    radius: Math.max(distance(min, max) / 2, Number.MIN_VALUE),
    front: photographersSide(horizontals, spread, up),
    cameraElevation: Math.atan2(height, spread),
  };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Where most cameras stand; when they go all the way round, where the first one stands. */
function photographersSide(horizontals, spread, up) {
  const average = [0, 1, 2].map((axis) => mean(horizontals.map((vector) => vector[axis])));
  if (length(average) > 0.25 * spread) return normalize(average);
  const first = horizontals.find((vector) => length(vector) > 0);
  return first ? normalize(first) : groundAxes(up)[1];
}

const HOME_TURN = (25 * Math.PI) / 180;
const HOME_ABOVE_CAMERAS = (14 * Math.PI) / 180;
const HOME_ELEVATION = [(18 * Math.PI) / 180, (55 * Math.PI) / 180];
// A camera exactly above its target has no left and right; this keeps "front" at the bottom.
const TOP_ELEVATION = Math.PI / 2 - 1e-4;

/** Named views as [turn from the photographers' side, elevation], in radians. */
function presetAngles(name, frame) {
  const elevation = Math.min(
    HOME_ELEVATION[1],
    Math.max(HOME_ELEVATION[0], frame.cameraElevation + HOME_ABOVE_CAMERAS),
  );
  return {
    home: [HOME_TURN, elevation],
    front: [0, 0],
    side: [Math.PI / 2, 0],
    top: [0, TOP_ELEVATION],
  }[name];
}

/**
 * A camera position that looks at the centre from a named side and frames the robust bounds.
 * @param {"home" | "front" | "side" | "top"} name
 * @param {{tanHalfFov: number, aspect: number}} lens
 */
export function presetView(name, frame, lens) {
  const [turn, elevation] = presetAngles(name, frame);
  const right = cross(frame.up, frame.front);
  const horizontal = add(scale(frame.front, Math.cos(turn)), scale(right, Math.sin(turn)));
  const direction = add(
    scale(horizontal, Math.cos(elevation)),
    scale(frame.up, Math.sin(elevation)),
  );
  const fitted = fitDistance(frame, direction, lens);
  return { position: add(frame.centre, scale(direction, fitted)), target: frame.centre };
}

const FIT_MARGIN = 1.06;

/** The smallest distance from the centre at which every corner of the bounds is in view. */
export function fitDistance(frame, direction, { tanHalfFov, aspect }) {
  const right = normalize(cross(frame.up, direction));
  const viewUp = cross(direction, right);
  const needed = frame.corners.map((corner) => {
    const offset = subtract(corner, frame.centre);
    const sideways = Math.max(
      Math.abs(dot(offset, right)) / aspect,
      Math.abs(dot(offset, viewUp)),
    );
    return dot(offset, direction) + (FIT_MARGIN * sideways) / tanHalfFov;
  });
  return Math.max(...needed, frame.radius * 0.1);
}

/** Angles of a direction about `up`, for moving the camera round the model and not through it. */
function anglesOf(direction, up) {
  const [east, north] = groundAxes(up);
  return {
    azimuth: Math.atan2(dot(direction, east), dot(direction, north)),
    elevation: Math.asin(Math.min(1, Math.max(-1, dot(direction, up)))),
  };
}

function directionOf({ azimuth, elevation }, up) {
  const [east, north] = groundAxes(up);
  const horizontal = add(scale(east, Math.sin(azimuth)), scale(north, Math.cos(azimuth)));
  return add(scale(horizontal, Math.cos(elevation)), scale(up, Math.sin(elevation)));
}

/**
 * Between two views {position, target, zoom}: t = 0 is the first, t = 1 the second.
 * The camera swings round the target by the shorter way.
 */
export function mixViews(from, to, t, up) {
  if (t >= 1) return to;
  const offsets = [from, to].map((view) => subtract(view.position, view.target));
  const [a, b] = offsets.map((offset) => anglesOf(normalize(offset), up));
  const turn = Math.atan2(Math.sin(b.azimuth - a.azimuth), Math.cos(b.azimuth - a.azimuth));
  const direction = directionOf(
    {
      azimuth: a.azimuth + turn * t,
      elevation: a.elevation + (b.elevation - a.elevation) * t,
    },
    up,
  );
  const reach = length(offsets[0]) ** (1 - t) * length(offsets[1]) ** t;
  const target = mix(from.target, to.target, t);
  return {
    position: add(target, scale(direction, reach)),
    target,
    zoom: from.zoom ** (1 - t) * to.zoom ** t,
  };
}

/** A view turned about its target, to the right of who looks. */
export function turnView({ position, target, zoom }, radians, up) {
  const offset = subtract(position, target);
  const height = scale(up, dot(offset, up));
  const across = subtract(offset, height);
  const turned = add(
    scale(across, Math.cos(radians)),
    scale(cross(up, across), Math.sin(radians)),
  );
  return { position: add(target, add(turned, height)), target, zoom };
}

const NEAREST_IN_RADII = 0.002;
const FARTHEST_IN_RADII = 400;

/**
 * Near and far planes around the whole cloud. The far plane ignores points that are hundreds of
 * scene sizes away: a depth buffer cannot resolve both those and the model.
 * @param {{centre: number[], radius: number}} frame robust bounds
 * @param {number} fullRadius from the centre to the farthest point or camera
 */
export function clipRange(position, forward, frame, fullRadius) {
  const reach = Math.min(fullRadius, FARTHEST_IN_RADII * frame.radius);
  const depth = dot(subtract(frame.centre, position), forward);
  return {
    near: Math.max(depth - reach, NEAREST_IN_RADII * frame.radius),
    far: Math.max(depth + reach, frame.radius) * 1.01,
    // A parallel projection has no eye: it may also show what lies behind its position.
    parallelNear: depth - reach * 1.01,
  };
}
