import assert from "node:assert/strict";
import test from "node:test";

import { FormatError } from "../../static/viewer/container.js";
import { densePlyOf, parsePly, plyOf } from "../../static/viewer/ply.js";

const COLUMNS = {
  xyz: new Float32Array([1, 2, 3, -4, 5.5, -6, 7, 8, 9, 0.25, 0, -0.5]),
  rgb: new Uint8Array([255, 0, 10, 1, 2, 3, 40, 50, 60, 70, 80, 90]),
  error_px: new Float32Array([0.5, 1.25, 3, 0.75]),
  track_length: new Uint16Array([2, 700, 5, 3]),
};
const ALL = { minTrackLength: 0, maxErrorPx: Infinity };

/** A reader of its own: the header decides where everything lies. */
function parse(file) {
  const text = new TextDecoder("latin1").decode(file);
  const bodyAt = text.indexOf("end_header\n") + "end_header\n".length;
  const lines = text.slice(0, bodyAt).split("\n");
  assert.deepEqual(lines.slice(0, 2), ["ply", "format binary_little_endian 1.0"]);
  const count = Number(lines.find((line) => line.startsWith("element vertex")).split(" ")[2]);
  const properties = lines.filter((line) => line.startsWith("property")).map((line) => line.split(" "));
  const view = new DataView(file.buffer, file.byteOffset + bodyAt);
  let at = 0;
  const read = {
    float: () => view.getFloat32((at += 4) - 4, true),
    uchar: () => view.getUint8((at += 1) - 1),
    ushort: () => view.getUint16((at += 2) - 2, true),
  };
  const points = Array.from({ length: count }, () =>
    Object.fromEntries(properties.map(([, type, name]) => [name, read[type]()])),
  );
  assert.equal(at, view.byteLength);
  return { points, lines };
}

test("every point is there with all that is known of it", () => {
  const { points } = parse(plyOf(COLUMNS, ALL));
  assert.equal(points.length, 4);
  assert.deepEqual(points[1], {
    x: -4, y: 5.5, z: -6, red: 1, green: 2, blue: 3, error: 1.25, track_length: 700,
  });
  assert.deepEqual(points.map((point) => point.x), [1, -4, 7, 0.25]);
});

test("only what passes the filter is there", () => {
  const { points } = parse(plyOf(COLUMNS, { minTrackLength: 3, maxErrorPx: 1.25 }));
  assert.deepEqual(points.map((point) => point.track_length), [700, 3]);
  assert.deepEqual(points.map((point) => point.red), [1, 70]);
  assert.equal(parse(plyOf(COLUMNS, { minTrackLength: 701, maxErrorPx: 9 })).points.length, 0);
});

test("a scale moves positions and nothing else, and is said", () => {
  const { points, lines } = parse(plyOf(COLUMNS, ALL, 0.5));
  assert.deepEqual(points[1], {
    x: -2, y: 2.75, z: -3, red: 1, green: 2, blue: 3, error: 1.25, track_length: 700,
  });
  assert.ok(lines.includes("comment Scene3D; error in pixels; positions in metres"));
  assert.ok(parse(plyOf(COLUMNS, ALL)).lines.includes("comment Scene3D; error in pixels"));
});

test("what is written is read back", () => {
  assert.deepEqual(parsePly(plyOf(COLUMNS, ALL).buffer), COLUMNS);
  assert.equal(parsePly(plyOf(COLUMNS, { minTrackLength: 701, maxErrorPx: 9 }).buffer).xyz.length, 0);
});

test("a file that is cut off, or another's, is refused", () => {
  const { buffer } = plyOf(COLUMNS, ALL);
  assert.throws(() => parsePly(buffer.slice(0, -1)), FormatError);
  assert.throws(() => parsePly(buffer.slice(0, 40)), FormatError);
  assert.throws(() => parsePly(new TextEncoder().encode("ply\nformat ascii 1.0\nend_header\n").buffer), FormatError);
});

test("a dense cloud brings normals and the number of photos", () => {
  const points = {
    xyz: COLUMNS.xyz,
    rgb: COLUMNS.rgb,
    normal: new Int8Array([127, 0, 0, 0, -127, 0, 0, 0, 127, 0, 0, 0]),
    trackLength: new Uint8Array([2, 200, 5, 3]),
  };
  const file = densePlyOf(points, { ...ALL, minTrackLength: 3 }, 2);
  const written = parse(file).points;
  assert.equal(written.length, 3);
  assert.deepEqual(written[0], {
    x: -8, y: 11, z: -12, nx: 0, ny: -1, nz: 0, red: 1, green: 2, blue: 3, views: 200,
  });
  const read = parsePly(file.buffer);
  assert.deepEqual([...read.xyz.subarray(0, 3), ...read.rgb.subarray(0, 3)], [-8, 11, -12, 1, 2, 3]);
  assert.deepEqual([...read.track_length], [200, 5, 3]);
  assert.deepEqual([...read.error_px], [0, 0, 0]);
});
