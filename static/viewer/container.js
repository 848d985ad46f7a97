/**
 * Reads the S3DC container: a JSON header followed by columns of numbers.
 *
 *   bytes 0-3   "S3DC"
 *   uint32      version (1)
 *   uint32      header_bytes, padded so that the columns start at a multiple of 8
 *   JSON        {"columns": [{name, type, components, count, offset}], "meta": {…}}
 *   columns     each at an 8-byte boundary, so that it can be viewed without a copy
 *
 * Everything is little endian, as is every machine that runs a browser with WebGL.
 */

const MAGIC = "S3DC";
const VERSION = 1;
const PREFIX_BYTES = 12;
const ARRAY_TYPES = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};

/** The bytes are not what the container format promises. */
export class FormatError extends Error {
  name = "FormatError";
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {{columns: Object<string, ArrayLike<number>>, meta: Object}} views into the buffer
 */
export function parseContainer(buffer) {
  const header = readHeader(buffer);
  const firstColumnByte = PREFIX_BYTES + header.numBytes;
  const columns = {};
  for (const column of header.json.columns) {
    columns[column.name] = viewColumn(buffer, firstColumnByte, column);
  }
  return { columns, meta: header.json.meta ?? {} };
}

function readHeader(buffer) {
  if (buffer.byteLength < PREFIX_BYTES) throw new FormatError("The file is too short.");
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== MAGIC) throw new FormatError("The file is not a Scene3D point file.");
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw new FormatError(`Version ${version} of the file is not known.`);
  const numBytes = view.getUint32(8, true);
  if (PREFIX_BYTES + numBytes > buffer.byteLength) throw new FormatError("The file is cut off.");
  return { json: parseJson(new Uint8Array(buffer, PREFIX_BYTES, numBytes)), numBytes };
}

function parseJson(bytes) {
  try {
    const json = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(json.columns)) return json;
  } catch {
    // Reported below, together with a header that is JSON but not ours.
  }
  throw new FormatError("The header of the file cannot be read.");
}

function viewColumn(buffer, firstColumnByte, { name, type, components, count, offset }) {
  const ArrayType = ARRAY_TYPES[type];
  if (!ArrayType) throw new FormatError(`Column ${name} has the unknown type ${type}.`);
  const start = firstColumnByte + offset;
  const length = count * components;
  if (start + length * ArrayType.BYTES_PER_ELEMENT > buffer.byteLength) {
    throw new FormatError(`Column ${name} is cut off.`);
  }
  if (start % ArrayType.BYTES_PER_ELEMENT !== 0) {
    throw new FormatError(`Column ${name} is not aligned.`);
  }
  return new ArrayType(buffer, start, length);
}
