/** Points as a binary PLY, in the same layout as the server's files: written and read. */

import { FormatError } from "./container.js";
import { countVisible, passesFilter } from "./statistics.js";

const BYTES_PER_POINT = 21;
const LONGEST_HEADER = 1024;
const PROPERTIES = [
  ...["x", "y", "z"].map((name) => `property float ${name}`),
  ...["red", "green", "blue"].map((name) => `property uchar ${name}`),
  "property float error",
  "property ushort track_length",
];

const BYTES_PER_DENSE_POINT = 28;
const DENSE_PROPERTIES = [
  ...["x", "y", "z", "nx", "ny", "nz"].map((name) => `property float ${name}`),
  ...["red", "green", "blue", "views"].map((name) => `property uchar ${name}`),
];

const LAYOUTS = [
  {
    properties: PROPERTIES,
    stride: BYTES_PER_POINT,
    rgbAt: 12,
    readRest: (columns, i, view, at) => {
      columns.error_px[i] = view.getFloat32(at + 15, true);
      columns.track_length[i] = view.getUint16(at + 19, true);
    },
  },
  {
    properties: DENSE_PROPERTIES,
    stride: BYTES_PER_DENSE_POINT,
    rgbAt: 24,
    readRest: (columns, i, view, at) => {
      columns.track_length[i] = view.getUint8(at + 27);
    },
  },
];

/**
 * @param {{xyz: Float32Array, rgb: Uint8Array, error_px: Float32Array,
 *   track_length: Uint16Array}} columns
 * @param {import("./statistics.js").PointFilter} filter
 * @param {number | null} metresPerUnit null leaves model units
 * @returns {Uint8Array} the file
 */
export function plyOf(columns, filter, metresPerUnit = null) {
  const points = { xyz: columns.xyz, errorPx: columns.error_px, trackLength: columns.track_length };
  const count = countVisible(points, filter);
  const comment = `Scene3D; error in pixels${metresPerUnit === null ? "" : "; positions in metres"}`;
  const header = headerOf(count, PROPERTIES, comment);
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

/**
 * Reads a file that the server, `plyOf` or `densePlyOf` wrote. Points of a dense cloud come without
 * an error, and with the number of photos that agree on them as their track.
 * @param {ArrayBuffer} buffer
 * @returns {{xyz: Float32Array, rgb: Uint8Array, error_px: Float32Array, track_length: Uint16Array}}
 * Throws FormatError.
 */
export function parsePly(buffer) {
  const end = "end_header\n";
  const start = new TextDecoder("latin1").decode(buffer.slice(0, LONGEST_HEADER));
  const bodyAt = start.indexOf(end) + end.length;
  const header = start.slice(0, bodyAt);
  const count = Number(/^element vertex (\d+)$/m.exec(header)?.[1] ?? NaN);
  const layout = LAYOUTS.find(({ properties }) => header.endsWith(`${properties.join("\n")}\n${end}`));
  const isOurs = header.startsWith("ply\n") && layout !== undefined;
  if (!isOurs || buffer.byteLength !== bodyAt + count * layout.stride) {
    throw new FormatError("The file is not one of our point clouds, or it is cut off.");
  }
  return columnsOf(new DataView(buffer, bodyAt), count, layout);
}

function columnsOf(view, count, { stride, rgbAt, readRest }) {
  const columns = {
    xyz: new Float32Array(3 * count),
    rgb: new Uint8Array(3 * count),
    error_px: new Float32Array(count),
    track_length: new Uint16Array(count),
  };
  for (let i = 0, at = 0; i < count; i++, at += stride) {
    for (let axis = 0; axis < 3; axis++) {
      columns.xyz[3 * i + axis] = view.getFloat32(at + 4 * axis, true);
      columns.rgb[3 * i + axis] = view.getUint8(at + rgbAt + axis);
    }
    readRest(columns, i, view, at);
  }
  return columns;
}

function headerOf(count, properties, comment) {
  const lines = [
    "ply",
    "format binary_little_endian 1.0",
    `comment ${comment}`,
    `element vertex ${count}`,
    ...properties,
    "end_header\n",
  ];
  return new TextEncoder().encode(lines.join("\n"));
}

/**
 * Points of a dense cloud, with their normals and the number of photos that agree on each.
 * @param {{xyz: Float32Array, rgb: Uint8Array, normal: Int8Array, trackLength: Uint8Array}} points
 * @param {import("./statistics.js").PointFilter} filter
 * @param {number | null} metresPerUnit null leaves model units
 * @returns {Uint8Array} the file
 */
export function densePlyOf(points, filter, metresPerUnit = null) {
  const count = countVisible(points, filter);
  const comment = `Scene3D${metresPerUnit === null ? "" : "; positions in metres"}`;
  const header = headerOf(count, DENSE_PROPERTIES, comment);
  const file = new Uint8Array(header.length + count * BYTES_PER_DENSE_POINT);
  file.set(header);
  const view = new DataView(file.buffer, header.length);
  const scale = metresPerUnit ?? 1;
  let at = 0;
  for (let i = 0; i < points.trackLength.length; i++) {
    if (!passesFilter(points, i, filter)) continue;
    for (let axis = 0; axis < 3; axis++) {
      view.setFloat32(at + 4 * axis, points.xyz[3 * i + axis] * scale, true);
      view.setFloat32(at + 12 + 4 * axis, points.normal[3 * i + axis] / 127, true);
      view.setUint8(at + 24 + axis, points.rgb[3 * i + axis]);
    }
    view.setUint8(at + 27, points.trackLength[i]);
    at += BYTES_PER_DENSE_POINT;
  }
  return file;
}
