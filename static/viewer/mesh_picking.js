/** Which place of a mesh lies under the cursor, by projection on the CPU. No three.js. */

import { isInside } from "./clip_box.js";

/** Clip coordinates x, y, w of every vertex. */
function projected(xyz, m) {
  const clip = new Float32Array(xyz.length);
  for (let i = 0; i < xyz.length; i += 3) {
    const [x, y, z] = [xyz[i], xyz[i + 1], xyz[i + 2]];
    clip[i] = m[0] * x + m[4] * y + m[8] * z + m[12];
    clip[i + 1] = m[1] * x + m[5] * y + m[9] * z + m[13];
    clip[i + 2] = m[3] * x + m[7] * y + m[11] * z + m[15];
  }
  return clip;
}

/**
 * The weights of a triangle's corners at the cursor, in space and not on the screen; null beside
 * it. Source: Olano and Greer, "Triangle scan conversion using 2D homogeneous coordinates", 1997.
 */
function weightsAt(clip, [a, b, c], x, y) {
  const edge = (i, j) => {
    const [ix, iy, iw] = [clip[i] - x * clip[i + 2], clip[i + 1] - y * clip[i + 2], clip[i + 2]];
    const [jx, jy, jw] = [clip[j] - x * clip[j + 2], clip[j + 1] - y * clip[j + 2], clip[j + 2]];
    return iw > 0 && jw > 0 ? ix * jy - iy * jx : NaN;
  };
  const weights = [edge(b, c), edge(c, a), edge(a, b)];
  const sum = weights[0] + weights[1] + weights[2];
  const isHit = sum !== 0 && weights.every((weight) => weight / sum >= 0);
  return isHit ? weights.map((weight) => weight / sum) : null;
}

/**
 * @param {{xyz: Float32Array, triangles: Uint32Array}} mesh
 * @param {import("./clip_box.js").Box} box what lies outside is not there
 * @param {import("./picking.js").Projector} projector
 * @param {{x: number, y: number}} cursor in viewport px
 * @returns {{place: number[], depth: number} | null} the front one
 */
export function pickMesh({ xyz, triangles }, box, projector, cursor) {
  const { clipFromWorld: m, width, height } = projector;
  const x = (cursor.x / width) * 2 - 1;
  const y = 1 - (cursor.y / height) * 2;
  const clip = projected(xyz, m);
  let best = null;
  for (let i = 0; i < triangles.length; i += 3) {
    const a = 3 * triangles[i];
    const b = 3 * triangles[i + 1];
    const c = 3 * triangles[i + 2];
    const corners = [a, b, c];
    if (isBeside(clip, corners, 0, x) || isBeside(clip, corners, 1, y)) continue;
    const weights = weightsAt(clip, corners, x, y);
    if (!weights) continue;
    const place = [0, 1, 2].map((axis) =>
      weights.reduce((sum, weight, k) => sum + weight * xyz[corners[k] + axis], 0),
    );
    if (!isInside(box, ...place)) continue;
    const z = m[2] * place[0] + m[6] * place[1] + m[10] * place[2] + m[14];
    const w = m[3] * place[0] + m[7] * place[1] + m[11] * place[2] + m[15];
    const depth = projector.depth(z, w);
    if (z >= -w && z <= w && (!best || depth < best.depth)) best = { place, depth };
  }
  return best;
}

/** Whether all corners lie on one side of the cursor: nearly always, so it comes first. */
function isBeside(clip, corners, axis, cursor) {
  const [a, b, c] = corners;
  const first = clip[a + axis] - cursor * clip[a + 2];
  const second = clip[b + axis] - cursor * clip[b + 2];
  const third = clip[c + axis] - cursor * clip[c + 2];
  return (first > 0 && second > 0 && third > 0) || (first < 0 && second < 0 && third < 0);
}
