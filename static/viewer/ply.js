/** The points that pass the filters as a binary PLY, in the same layout as the server's files. */

import { countVisible, passesFilter } from "./statistics.js";

const BYTES_PER_POINT = 21;

/**
 * @param {{xyz: Float32Array, rgb: Uint8Array, error_px: Float32Array,
 *   track_length: Uint16Array}} columns
 * @param {import("./statistics.js").PointFilter} filter
 * @param {number | null} metresPerUnit null leaves model units
 * @returns {Uint8Array} the file
 */
export function plyOf(columns, filter, metresPerUnit = null) {
  const points = { errorPx: columns.error_px, trackLength: columns.track_length };
  const count = countVisible(points, filter);
  const header = new TextEncoder().encode(headerOf(count, metresPerUnit !== null));
  const file = new Uint8Array(header.length + count * BYTES_PER_POINT);
  file.set(header);
  const view = new DataView(file.buffer, header.length);
  const scale = metresPerUnit ?? 1;
  let at = 0;
  for (let i = 0; i < points.trackLength.length; i++) {
    if (!passesFilter(points, i, filter)) continue;
    for (let axis = 0; axis < 3; axis++) {
      view.setFloat32(at + 4 * axis, columns.xyz[3 * i + axis] * scale, true);
      view.setUint8(at + 12 + axis, columns.rgb[3 * i + axis]);
    }
    view.setFloat32(at + 15, points.errorPx[i], true);
    view.setUint16(at + 19, points.trackLength[i], true);
    at += BYTES_PER_POINT;
  }
  return file;
}

function headerOf(count, isInMetres) {
  return [
    "ply",
    "format binary_little_endian 1.0",
    `comment Scene3D; error in pixels${isInMetres ? "; positions in metres" : ""}`,
    `element vertex ${count}`,
    ...["x", "y", "z"].map((name) => `property float ${name}`),
    ...["red", "green", "blue"].map((name) => `property uchar ${name}`),
    "property float error",
    "property ushort track_length",
    "end_header\n",
  ].join("\n");
}
