import assert from "node:assert/strict";
import test from "node:test";

import { FormatError, parseContainer } from "../../static/viewer/container.js";

/** A container as the server writes it. */
function build({ columns, meta = {}, magic = "S3DC", version = 1 }) {
  let offset = 0;
  const heads = columns.map(({ name, type, components, array }) => {
    const head = { name, type, components, count: array.length / components, offset };
    offset += Math.ceil(array.byteLength / 8) * 8;
    return head;
  });
  let json = JSON.stringify({ columns: heads, meta });
  while ((12 + json.length) % 8 !== 0) json += " ";
  const buffer = new ArrayBuffer(12 + json.length + offset);
  const bytes = new Uint8Array(buffer);
  bytes.set(new TextEncoder().encode(magic), 0);
  new DataView(buffer).setUint32(4, version, true);
  new DataView(buffer).setUint32(8, json.length, true);
  bytes.set(new TextEncoder().encode(json), 12);
  columns.forEach(({ array }, i) => {
    bytes.set(new Uint8Array(array.buffer), 12 + json.length + heads[i].offset);
  });
  return buffer;
}

const POINTS = [
  { name: "xyz", type: "float32", components: 3, array: new Float32Array([1, 2, 3, -4.5, 5, 6]) },
  { name: "rgb", type: "uint8", components: 3, array: new Uint8Array([255, 0, 7, 1, 2, 3]) },
  { name: "track_length", type: "uint16", components: 1, array: new Uint16Array([2, 65535]) },
  { name: "offset", type: "uint32", components: 1, array: new Uint32Array([0, 4000000000]) },
];

test("every column comes back with its type and its values", () => {
  const buffer = build({ columns: POINTS, meta: { up: [0, -1, 0] } });
  const { columns, meta } = parseContainer(buffer);
  for (const { name, array } of POINTS) assert.deepEqual(columns[name], array);
  assert.deepEqual(meta, { up: [0, -1, 0] });
});

test("columns are views and not copies", () => {
  const buffer = build({ columns: POINTS });
  assert.equal(parseContainer(buffer).columns.xyz.buffer, buffer);
});

test("other files and other versions are refused", () => {
  const html = new TextEncoder().encode("<!doctype html><title>Sign in</title>").buffer;
  assert.throws(() => parseContainer(html), /not a Scene3D point file/);
  assert.throws(() => parseContainer(build({ columns: POINTS, version: 2 })), /Version 2/);
  assert.throws(() => parseContainer(new ArrayBuffer(5)), FormatError);
});

test("a file that is cut off is refused at every length", () => {
  const buffer = build({ columns: POINTS });
  const lastColumnBytes = 8;
  for (const length of [11, 40, buffer.byteLength - lastColumnBytes]) {
    assert.throws(() => parseContainer(buffer.slice(0, length)), FormatError);
  }
});

test("unknown types and a broken header are refused", () => {
  const unknown = [{ name: "x", type: "float16", components: 1, array: new Uint16Array(4) }];
  assert.throws(() => parseContainer(build({ columns: unknown })), /unknown type float16/);
  const broken = build({ columns: POINTS });
  new Uint8Array(broken)[12] = 0;
  assert.throws(() => parseContainer(broken), /header/);
});
