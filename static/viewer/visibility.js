/**
 * Which photos show a place of a surface that no photo was matched at: by projecting it into them.
 * No three.js, so Node can test it.
 */

import { dot, normalize, subtract } from "./geometry.js";

/** Points enough to notice what stands in front of a place. */
const MAX_OCCLUDERS = 40_000;
/** Something this much nearer hides the place, as a share of its distance. */
const NEARER = 0.03;
/** One stray point hides nothing. */
const MIN_OCCLUDERS = 2;
const MAX_PHOTOS = 40;
/** A surface that is seen more steeply than this is not seen. */
const LEAST_COSINE = 0.08;

/** World to the frame of a COLMAP camera: x right, y down, z forward. */
function inCamera({ rotation: r, translation: t }, [x, y, z]) {
  return [
    r[0] * x + r[1] * y + r[2] * z + t[0],
    r[3] * x + r[4] * y + r[5] * z + t[1],
    r[6] * x + r[7] * y + r[8] * z + t[2],
  ];
}

/**
 * Where a photo shows a place, lens distortion included: COLMAP's RADIAL model.
 * @param {Object} camera one entry of cameras.json
 * @returns {{x: number, y: number, depth: number} | null} x, y from 0 to 1, from the top left
 */
export function projectIntoPhoto(camera, place) {
  const [x, y, depth] = inCamera(camera.cam_from_world, place);
  if (depth <= 0) return null;
  const [k1, k2] = camera.radial_distortion ?? [0, 0];
  const [u, v] = [x / depth, y / depth];
  const r2 = u * u + v * v;
  // Where the distortion turns back, far outside the photo, it would fold the place into it.
  if (1 + 3 * k1 * r2 + 5 * k2 * r2 * r2 <= 0) return null;
  const factor = 1 + k1 * r2 + k2 * r2 * r2;
  const [fx, fy] = camera.focal_xy_px;
  const [cx, cy] = camera.principal_point_xy_px;
  const at = {
    x: (fx * factor * u + cx) / camera.width_px,
    y: (fy * factor * v + cy) / camera.height_px,
    depth,
  };
  return at.x >= 0 && at.x <= 1 && at.y >= 0 && at.y <= 1 ? at : null;
}

/** How well a photo shows a place: px of the photo for a unit of the surface. */
function sharpness(camera, { depth }, place, normal) {
  const towards = normalize(subtract(camera.centre, place));
  const cosine = normal ? dot(normal, towards) : 1;
  return cosine < LEAST_COSINE ? 0 : (camera.focal_xy_px[0] / depth) * cosine;
}

/** Whether points of the cloud stand between a camera and a place. */
function isHidden({ cam_from_world: { rotation: r, translation: t } }, place, xyz, reach) {
  const [px, py, depth] = inCamera({ rotation: r, translation: t }, place);
  const [u, v] = [px / depth, py / depth];
  const near = depth * (1 - NEARER) - reach;
  const tangent = reach / depth;
  const stride = 3 * Math.max(1, Math.floor(xyz.length / 3 / MAX_OCCLUDERS));
  let found = 0;
  for (let i = 0; i < xyz.length; i += stride) {
    const z = r[6] * xyz[i] + r[7] * xyz[i + 1] + r[8] * xyz[i + 2] + t[2];
    if (z <= 0 || z >= near) continue;
    const dx = r[0] * xyz[i] + r[1] * xyz[i + 1] + r[2] * xyz[i + 2] + t[0] - u * z;
    if (dx > tangent * z || dx < -tangent * z) continue;
    const dy = r[3] * xyz[i] + r[4] * xyz[i + 1] + r[5] * xyz[i + 2] + t[1] - v * z;
    if (dy <= tangent * z && dy >= -tangent * z && ++found >= MIN_OCCLUDERS) return true;
  }
  return false;
}

/**
 * @param {number[]} place in the world
 * @param {number[] | null} normal of the surface there
 * @param {Object[]} cameras entries of cameras.json, with their `centre` in the world
 * @param {Float32Array} xyz a part of the cloud, for what may stand in front
 * @param {number} reach how wide the sight line is, in world units: the gap between those points
 * @returns {{photoIndex: number, x: number, y: number}[]} the photo that shows it best first
 */
export function photosShowing(place, normal, cameras, xyz, reach) {
  return cameras
    .map((camera) => ({ camera, at: projectIntoPhoto(camera, place) }))
    .filter(({ at }) => at !== null)
    .map(({ camera, at }) => ({ camera, at, value: sharpness(camera, at, place, normal) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value)
    .slice(0, MAX_PHOTOS)
    .filter(({ camera }) => !isHidden(camera, place, xyz, reach))
    .map(({ camera, at }) => ({ photoIndex: camera.photo_index, x: at.x, y: at.y }));
}

/** The row of the point nearest to a place; -1 in an empty cloud. */
export function nearestRow(xyz, [x, y, z]) {
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < xyz.length; i += 3) {
    const squared = (xyz[i] - x) ** 2 + (xyz[i + 1] - y) ** 2 + (xyz[i + 2] - z) ** 2;
    if (squared < least) {
      least = squared;
      best = i / 3;
    }
  }
  return best;
}
