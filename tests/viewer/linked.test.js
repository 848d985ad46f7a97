import assert from "node:assert/strict";
import test from "node:test";

import { distance } from "../../static/viewer/geometry.js";
import { carryView } from "../../static/viewer/linked.js";

const HERE = { centre: [0, 0, 0], radius: 1, up: [0, 0, 1], front: [0, -1, 0] };
/** Elsewhere, twice as large, turned by a quarter about the vertical. */
const THERE = { centre: [10, 20, 30], radius: 2, up: [0, 0, 1], front: [1, 0, 0] };
const VIEW = { position: [0.5, -3, 1], target: [0.1, 0, 0.2], zoom: 1 };

const assertClose = (actual, expected) => {
  for (const key of ["position", "target"]) assert.ok(distance(actual[key], expected[key]) < 1e-12);
};

test("front stays front, up stays up, and distances grow with the model", () => {
  const carried = carryView({ position: [0, -3, 1], target: [0, 0, 0], zoom: 1.5 }, HERE, THERE);
  assertClose(carried, { position: [16, 20, 32], target: [10, 20, 30] });
  assert.equal(carried.zoom, 1.5);
});

test("there and back again is where it was", () => {
  assertClose(carryView(carryView(VIEW, HERE, THERE), THERE, HERE), VIEW);
});

test("in the same frame nothing changes", () => {
  assertClose(carryView(VIEW, THERE, THERE), VIEW);
});
