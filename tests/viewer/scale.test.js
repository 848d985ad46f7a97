import assert from "node:assert/strict";
import test from "node:test";

import { metresPerUnit } from "../../static/viewer/scale.js";

test("a known length gives the scale, in every unit", () => {
  assert.equal(metresPerUnit("3", "m", 6), 0.5);
  assert.equal(metresPerUnit(" 2,5 ", "m", 5), 0.5);
  assert.equal(metresPerUnit(".5", "m", 2), 0.25);
  assert.ok(Math.abs(metresPerUnit("250", "cm", 5) - 0.5) < 1e-12);
  assert.ok(Math.abs(metresPerUnit("10", "ft", 6.096) - 0.5) < 1e-12);
  assert.ok(Math.abs(metresPerUnit("100", "in", 5.08) - 0.5) < 1e-12);
  assert.ok(Math.abs(metresPerUnit("1200", "mm", 2.4) - 0.5) < 1e-12);
});

test("what is no length gives none", () => {
  for (const text of ["", "0", "-3", "1e5", "2.5.1", "three", "Infinity", "1 2"]) {
    assert.equal(metresPerUnit(text, "m", 2), null, text);
  }
  assert.equal(metresPerUnit("3", "m", 0), null);
  assert.equal(metresPerUnit("3", "cm", 1e12), null);
});
