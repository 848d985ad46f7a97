import assert from "node:assert/strict";
import test from "node:test";

import { filmSize } from "../../static/viewer/recording.js";

test("films have even sides, the canvas's shape, and no side above 1920 px", () => {
  assert.deepEqual(filmSize({ width: 1280, height: 720 }), { width: 1280, height: 720 });
  assert.deepEqual(filmSize({ width: 1001, height: 701 }), { width: 1000, height: 700 });
  assert.deepEqual(filmSize({ width: 3840, height: 2160 }), { width: 1920, height: 1080 });
  assert.deepEqual(filmSize({ width: 1080, height: 3840 }), { width: 540, height: 1920 });
  assert.deepEqual(filmSize({ width: 1, height: 5000 }), { width: 2, height: 1920 });
});
