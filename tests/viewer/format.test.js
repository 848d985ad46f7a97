import assert from "node:assert/strict";
import test from "node:test";

import {
  formatCount,
  formatErrorPx,
  formatLength,
  formatNumber,
  formatPhotos,
} from "../../static/viewer/format.js";

test("counts have thousands separators", () => {
  assert.equal(formatCount(12345), "12,345");
});

test("numbers keep three digits that matter", () => {
  assert.equal(formatNumber(0), "0");
  assert.equal(formatNumber(0.012345), "0.0123");
  assert.equal(formatNumber(-1.2345), "-1.23");
  assert.equal(formatNumber(98.76), "98.8");
  assert.equal(formatNumber(12345.6), "12,346");
});

test("units are written out", () => {
  assert.equal(formatLength(7.994), "7.99 units");
  assert.equal(formatLength(7.994, 0.5), "4.00 m");
  assert.equal(formatLength(0.5, 0.5), "25.0 cm");
  assert.equal(formatLength(0.01, 0.5), "5.00 mm");
  assert.equal(formatLength(0.0001, 0.5), "0.0500 mm");
  assert.equal(formatLength(3000, 0.5), "1.50 km");
  assert.equal(formatErrorPx(0.4), "0.40 px");
  assert.equal(formatPhotos(1), "1 photo");
  assert.equal(formatPhotos(1200), "1,200 photos");
});
