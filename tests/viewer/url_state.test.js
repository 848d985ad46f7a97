import assert from "node:assert/strict";
import test from "node:test";

import { DEFAULTS, decodeState, encodeState } from "../../static/viewer/url_state.js";

const FULL = {
  model: 2,
  view: { position: [1.25, -2, 3.00000123], target: [0, 0, -1e-7], zoom: 1.5 },
  shape: "mesh",
  up: "-z",
  projection: "orthographic",
  control: "fly",
  colour: "error",
  pointSize: 3.5,
  attenuate: true,
  minTrackLength: 4,
  maxErrorPx: 1.35,
  clip: [10, 90, 0, 65.5, 20, 100],
  depthShading: false,
  background: "light",
  frusta: false,
  frustumSize: 0.5,
  photo: 0,
  lookThrough: true,
  photoOpacity: 0.25,
  point: [1.5, -2.25, 3e-7],
  measurements: [[1, 20], [[0.5, -1, 2e-7], [3, 4, 5]], [300, [1, 2, 3]]],
};

test("the default view is an empty hash", () => {
  assert.equal(encodeState(DEFAULTS), "");
  assert.deepEqual(decodeState(""), DEFAULTS);
  assert.deepEqual(decodeState("#"), DEFAULTS);
});

test("the example covers every setting", () => {
  assert.deepEqual(Object.keys(FULL).sort(), Object.keys(DEFAULTS).sort());
});

test("a full state survives the way to a link and back", () => {
  assert.deepEqual(decodeState(`#${encodeState(FULL)}`), FULL);
});

test("each setting survives alone", () => {
  for (const name of Object.keys(DEFAULTS)) {
    const state = { ...DEFAULTS, [name]: FULL[name] };
    assert.deepEqual(decodeState(encodeState(state)), state, name);
  }
});

test("links of the past stay valid: the names do not change", () => {
  const link = "#m=1&p=1,2,3&t=0,0,0&z=2&u=x&pj=orthographic&n=orbit&c=height&s=3&a=1&tl=3&e=1.5&ds=1" +
    "&b=light&f=0&fs=2&i=7&v=1&op=0.4&k=99&d=5-6";
  assert.deepEqual(decodeState(link), {
    ...DEFAULTS,
    model: 1,
    view: { position: [1, 2, 3], target: [0, 0, 0], zoom: 2 },
    up: "x",
    projection: "orthographic",
    colour: "height",
    pointSize: 3,
    attenuate: true,
    minTrackLength: 3,
    maxErrorPx: 1.5,
    depthShading: true,
    background: "light",
    frusta: false,
    frustumSize: 2,
    photo: 7,
    lookThrough: true,
    photoOpacity: 0.4,
    point: 99,
    measurements: [[5, 6]],
  });
});

test("nine digits bring back the same float32 position", () => {
  const position = [Math.fround(1234.56789), Math.fround(-0.000123456), Math.fround(1 / 3)];
  const state = { ...DEFAULTS, view: { position, target: [0, 0, 0], zoom: 1 } };
  const restored = decodeState(encodeState(state)).view.position;
  assert.deepEqual(restored.map(Math.fround), position);
});

test("whatever is wrong in a link falls back to its default", () => {
  const wrong = [
    "m=-1", "m=1.5", "c=purple", "s=-3", "s=abc", "s=", "s=1e9", "tl=NaN", "e=Infinity", "a=yes",
    "p=1,2&t=0,0,0", "p=1,2,3", "p=1,2,x&t=0,0,0", "p=1,,3&t=0,0,0", "p=1,2,3&t=1,2,3", "d=1-2-3", "d=5",
    "k=0x10", "k=1,2", "u=w", "l=splats", "d=1:2:3", "d=1:", "d=1,2:3,4,5", "cb=0,100", "cb=0,100,0,100,60,40",
    "cb=0,100,0,100,-1,100", "cb=0,100,0,100,,100", "nonsense=1",
  ];
  for (const hash of wrong) assert.deepEqual(decodeState(hash), DEFAULTS, hash);
});

test("a zoom that makes no sense becomes 1", () => {
  for (const zoom of ["0", "-2", "Infinity", "x"]) {
    assert.equal(decodeState(`p=1,2,3&t=0,0,0&z=${zoom}`).view.zoom, 1);
  }
});

test("a link to a heading of the page is not ours", () => {
  assert.equal(decodeState("#photos"), null);
});
