import assert from "node:assert/strict";
import test from "node:test";

import { cropRectangle } from "../../static/viewer/point_panel.js";

test("a crop is centred on the observation", () => {
  const { left, top, width, height } = cropRectangle(1600, 1200, { x: 0.5, y: 0.25 });
  assert.equal(left + width / 2, 800);
  assert.equal(top + height / 2, 300);
  assert.equal(width / height, 4 / 3);
});

test("a crop never leaves the photo", () => {
  for (const [imageWidth, imageHeight] of [[1600, 1067], [400, 1600], [3000, 300]]) {
    for (const x of [0, 0.5, 1]) {
      for (const y of [0, 0.5, 1]) {
        const { left, top, width, height } = cropRectangle(imageWidth, imageHeight, { x, y });
        assert.ok(left >= 0 && top >= 0);
        assert.ok(left + width <= imageWidth + 1e-9 && top + height <= imageHeight + 1e-9);
      }
    }
  }
});
