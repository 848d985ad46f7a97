/**
 * The view as a URL hash and back: #p=1,2,3&t=0,0,0&c=height&s=3
 * Only what differs from the default is written, under short names that must stay stable:
 * people keep these links.
 */

import { isClip } from "./clip_box.js";

/** @typedef {{position: number[], target: number[], zoom: number}} View */

export const COLOURS = ["rgb", "height", "error", "track"];
/** What the model is shown as. */
export const SHAPES = ["dense", "mesh", "sparse"];
export const UPS = ["auto", "x", "-x", "y", "-y", "z", "-z"];

/**
 * Everything that a link restores. `null` means "not chosen": the home view, no photo, no limit.
 * `depthShading: null` leaves the choice to the device; `shape`, `frusta` and `pointSize` leave it to
 * what the model has.
 *
 * A place is a number, which is an index into the sparse points, or a position [x, y, z] on a dense
 * surface.
 * @typedef {number | number[]} Place
 */
export const DEFAULTS = Object.freeze({
  model: 0,
  /** @type {View | null} */
  view: null,
  /** @type {"dense" | "mesh" | "sparse" | null} */
  shape: null,
  up: "auto",
  projection: "perspective",
  control: "orbit",
  colour: "rgb",
  pointSize: null,
  attenuate: true,
  minTrackLength: 0,
  maxErrorPx: null,
  /** @type {number[] | null} see clip_box.js */
  clip: null,
  depthShading: null,
  background: "dark",
  /** @type {boolean | null} */
  frusta: null,
  frustumSize: 1,
  photo: null,
  lookThrough: false,
  photoOpacity: 0.6,
  /** @type {Place | null} */
  point: null,
  /** @type {[Place, Place][]} */
  measurements: [],
});

// Nine digits give back the very same float32 projection.
const writeVector = (vector) => vector.map((value) => Number(value.toPrecision(9))).join(",");

function readVector(text) {
  const values = (text ?? "").split(",").map((part) => (part === "" ? NaN : Number(part)));
  return values.length === 3 && values.every(Number.isFinite) ? values : undefined;
}

const number = (low, high) => ({
  write: (value) => String(Number(value.toPrecision(6))),
  read: (text) => {
    const value = Number(text);
    return text !== "" && value >= low && value <= high ? value : undefined;
  },
});
const index = {
  write: String,
  read: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
};
const flag = {
  write: (value) => (value ? "1" : "0"),
  read: (text) => ({ 0: false, 1: true })[text],
};
const choice = (...values) => ({
  write: String,
  read: (text) => (values.includes(text) ? text : undefined),
});
const place = {
  write: (value) => (Array.isArray(value) ? writeVector(value) : String(value)),
  read: (text) => index.read(text) ?? readVector(text),
};
const pair = {
  write: ([from, to]) =>
    [from, to].every(Number.isInteger) ? `${from}-${to}` : [from, to].map(place.write).join(":"),
  read: (text) => {
    const indices = /^(\d{1,9})-(\d{1,9})$/.exec(text);
    const ends = indices ? [indices[1], indices[2]] : text.split(":");
    const places = ends.map(place.read);
    return places.length === 2 && !places.includes(undefined) ? places : undefined;
  },
};
const pairs = {
  write: (value) => value.map(pair.write).join("_"),
  read: (text) => {
    const found = text.split("_").map(pair.read);
    return found.includes(undefined) ? undefined : found;
  },
};
const percentages = {
  write: (value) => value.join(","),
  read: (text) => {
    const values = text.split(",").map((part) => (part === "" ? NaN : Number(part)));
    return isClip(values) ? values : undefined;
  },
};

const PARAMETERS = {
  m: ["model", index],
  l: ["shape", choice(...SHAPES)],
  u: ["up", choice(...UPS)],
  pj: ["projection", choice("perspective", "orthographic")],
  n: ["control", choice("orbit", "fly")],
  c: ["colour", choice(...COLOURS)],
  s: ["pointSize", number(0.5, 20)],
  a: ["attenuate", flag],
  tl: ["minTrackLength", number(0, 65535)],
  e: ["maxErrorPx", number(0, 1e6)],
  cb: ["clip", percentages],
  ds: ["depthShading", flag],
  b: ["background", choice("dark", "light")],
  f: ["frusta", flag],
  fs: ["frustumSize", number(0.05, 20)],
  i: ["photo", index],
  v: ["lookThrough", flag],
  op: ["photoOpacity", number(0, 1)],
  k: ["point", place],
  d: ["measurements", pairs],
};

function readView(parameters) {
  const position = readVector(parameters.get("p"));
  const target = readVector(parameters.get("t"));
  if (!position || !target || position.every((value, axis) => value === target[axis])) return null;
  const zoom = Number(parameters.get("z") ?? 1);
  return { position, target, zoom: zoom > 0 && Number.isFinite(zoom) ? zoom : 1 };
}

/** @returns {string} without the "#"; empty for the default view */
export function encodeState(state) {
  const parts = [];
  for (const [key, [name, codec]] of Object.entries(PARAMETERS)) {
    const text = state[name] === null ? "" : codec.write(state[name]);
    const usual = DEFAULTS[name] === null ? "" : codec.write(DEFAULTS[name]);
    if (text !== usual) parts.push(`${key}=${text}`);
  }
  if (state.view) {
    parts.push(`p=${writeVector(state.view.position)}`, `t=${writeVector(state.view.target)}`);
    if (state.view.zoom !== 1) parts.push(`z=${Number(state.view.zoom.toPrecision(9))}`);
  }
  return parts.join("&");
}

/**
 * A whole state from a hash: whatever is missing or wrong takes its default.
 * @returns {typeof DEFAULTS | null} null when the hash is not ours, as for a link to a heading
 */
export function decodeState(hash) {
  const text = hash.replace(/^#/, "");
  if (text !== "" && !text.includes("=")) return null;
  const parameters = new URLSearchParams(text);
  const state = { ...DEFAULTS, view: readView(parameters) };
  for (const [key, [name, codec]] of Object.entries(PARAMETERS)) {
    const value = parameters.has(key) ? codec.read(parameters.get(key)) : undefined;
    if (value !== undefined) state[name] = value;
  }
  return state;
}
