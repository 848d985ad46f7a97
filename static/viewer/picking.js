/** What lies under the cursor: points and photo frames, by projection on the CPU. */

import { passesFilter } from "./statistics.js";

/**
 * @typedef {Object} Projector
 * @property {ArrayLike<number>} clipFromWorld 4×4 in column order
 * @property {number} width of the viewport in px
 * @property {number} height
 * @property {(clipZ: number, clipW: number) => number} depth in world units
 */

/**
 * World to viewport px, from the top left; null behind the camera.
 * @param {Projector} projector
 */
export function projectPoint({ clipFromWorld: m, width, height, depth }, [x, y, z]) {
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  if (w <= 0) return null;
  const clipX = m[0] * x + m[4] * y + m[8] * z + m[12];
  const clipY = m[1] * x + m[5] * y + m[9] * z + m[13];
  const clipZ = m[2] * x + m[6] * y + m[10] * z + m[14];
  return {
    x: ((clipX / w + 1) / 2) * width,
    y: ((1 - clipY / w) / 2) * height,
    depth: depth(clipZ, w),
  };
}

/**
 * Points that pass the filter and project within `reachPx` of the cursor.
 * One pass over the positions without allocation per point: half a million take milliseconds.
 */
function pointsNear(points, filter, projector, cursor, reachPx) {
  const { clipFromWorld: m, width, height } = projector;
  const cursorX = (cursor.x / width) * 2 - 1;
  const cursorY = 1 - (cursor.y / height) * 2;
  const reachX = (2 * reachPx) / width;
  const reachY = (2 * reachPx) / height;
  const { xyz } = points;
  const found = [];
  for (let i = 0, j = 0; j < xyz.length; i++, j += 3) {
    const x = xyz[j];
    const y = xyz[j + 1];
    const z = xyz[j + 2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    if (w <= 0) continue;
    const dx = m[0] * x + m[4] * y + m[8] * z + m[12] - cursorX * w;
    if (dx > reachX * w || dx < -reachX * w) continue;
    const dy = m[1] * x + m[5] * y + m[9] * z + m[13] - cursorY * w;
    if (dy > reachY * w || dy < -reachY * w) continue;
    const clipZ = m[2] * x + m[6] * y + m[10] * z + m[14];
    if (clipZ < -w || clipZ > w || !passesFilter(points, i, filter)) continue;
    const distancePx = Math.hypot((dx / w) * (width / 2), (dy / w) * (height / 2));
    found.push({ index: i, distancePx, depth: projector.depth(clipZ, w), w });
  }
  return found;
}

const nearest = (candidates, measure) =>
  candidates.reduce((best, candidate) => (measure(candidate) < measure(best) ? candidate : best));

/**
 * The point that a person means by clicking at `cursor`. What is drawn under the cursor wins, and
 * of that what is in front. Otherwise it is the closest on screen that is not far behind others.
 *
 * @param {{xyz: Float32Array, errorPx: Float32Array, trackLength: Uint16Array}} points
 * @param {import("./statistics.js").PointFilter} filter
 * @param {Projector} projector
 * @param {{x: number, y: number}} cursor in viewport px
 * @param {{tolerancePx: number, drawnRadiusPx: (w: number) => number, largestRadiusPx: number,
 *   slack: number}} reach slack: how far behind the front point another may lie, in world units
 * @returns {{index: number, depth: number} | null}
 */
export function pickPoint(points, filter, projector, cursor, reach) {
  const reachPx = Math.max(reach.tolerancePx, reach.largestRadiusPx);
  const candidates = pointsNear(points, filter, projector, cursor, reachPx);
  const drawn = candidates.filter(({ distancePx, w }) => distancePx <= reach.drawnRadiusPx(w));
  if (drawn.length > 0) return nearest(drawn, (candidate) => candidate.depth);
  const close = candidates.filter(({ distancePx }) => distancePx <= reach.tolerancePx);
  if (close.length === 0) return null;
  const front = nearest(close, (candidate) => candidate.depth);
  const unhidden = close.filter(({ depth }) => depth <= front.depth + reach.slack);
  return nearest(unhidden, (candidate) => candidate.distancePx);
}

function isInside(polygon, { x, y }) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [a, b] = [polygon[i], polygon[j]];
    const crosses = a.y > y !== b.y > y;
    if (crosses && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  }
  return inside;
}

/**
 * The photo frame under the cursor, the nearest if several overlap.
 * @param {{apex: number[], corners: number[][]}[]} frames in world coordinates
 * @returns {{index: number, depth: number} | null}
 */
export function pickFrame(frames, projector, cursor, tolerancePx) {
  let best = null;
  frames.forEach(({ apex, corners }, index) => {
    const projected = corners.map((corner) => projectPoint(projector, corner));
    const eye = projectPoint(projector, apex);
    if (!eye || projected.includes(null)) return;
    const atEye = Math.hypot(eye.x - cursor.x, eye.y - cursor.y) <= tolerancePx;
    if (!atEye && !isInside(projected, cursor)) return;
    const depth = projected.reduce((sum, corner) => sum + corner.depth, 0) / projected.length;
    if (!best || depth < best.depth) best = { index, depth };
  });
  return best;
}
