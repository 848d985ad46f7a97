import assert from "node:assert/strict";
import test from "node:test";

import { RAMP_SIZE, colourRamp, niceTicks } from "../../static/viewer/colours.js";

/** OKLab of an sRGB byte colour. */
function oklab(rgb) {
  const [r, g, b] = [...rgb].map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const colourAt = (ramp, i) => oklab(ramp.subarray(4 * i, 4 * i + 3));
const NAMES = ["height", "error", "track"];

test("colours get lighter from end to end, and opaque they are", () => {
  for (const name of NAMES) {
    const ramp = colourRamp(name);
    assert.equal(ramp.length, 4 * RAMP_SIZE);
    for (let i = 16; i < RAMP_SIZE; i += 16) {
      assert.ok(colourAt(ramp, i)[0] > colourAt(ramp, i - 16)[0], `${name} ${i}`);
      assert.equal(ramp[4 * i + 3], 255);
    }
  }
});

test("equal steps look about equally large", () => {
  for (const name of NAMES) {
    const ramp = colourRamp(name);
    const steps = [];
    for (let i = 32; i < RAMP_SIZE; i += 32) {
      const [a, b] = [colourAt(ramp, i - 32), colourAt(ramp, i)];
      steps.push(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
    }
    assert.ok(Math.max(...steps) / Math.min(...steps) < 2, `${name}: ${steps}`);
  }
});

test("the darkest colour is still readable on the dark canvas", () => {
  for (const name of NAMES) assert.ok(colourAt(colourRamp(name), 0)[0] > 0.43);
});

test("ticks are round numbers inside the range", () => {
  assert.deepEqual(niceTicks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(niceTicks(0, 5.3, 4), [0, 2, 4]);
  assert.deepEqual(niceTicks(0, 0.031, 4), [0, 0.01, 0.02, 0.03]);
  assert.deepEqual(niceTicks(-3, 7, 5), [-2, 0, 2, 4, 6]);
  assert.deepEqual(niceTicks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
});

test("ticks of counts are whole numbers", () => {
  assert.deepEqual(niceTicks(2, 4, 4, true), [2, 3, 4]);
  assert.deepEqual(niceTicks(2, 3, 4, true), [2, 3]);
  assert.deepEqual(niceTicks(2, 24, 4, true), [10, 20]);
});
