import assert from "node:assert/strict";
import test from "node:test";

import { DrawBudget } from "../../static/viewer/draw_budget.js";

/** Moves for so many frames on a machine that takes so long for each million points. */
function move(budget, numPoints, msPerMillion, numFrames = 40) {
  let frameMs = 0;
  for (let i = 0; i < numFrames; i++) {
    frameMs = Math.max(16.7, 4 + (budget.share * numPoints * msPerMillion) / 1e6);
    budget.frameTook(frameMs);
  }
  return frameMs;
}

function budgetFor(numPoints) {
  const budget = new DrawBudget();
  budget.numPoints = numPoints;
  return budget;
}

test("a fast machine draws everything all the time", () => {
  const budget = budgetFor(2_000_000);
  move(budget, 2_000_000, 5);
  assert.equal(budget.share, 1);
});

test("a slow machine draws as much as keeps it fluent, and no less", () => {
  const budget = budgetFor(2_000_000);
  const frameMs = move(budget, 2_000_000, 80);
  assert.ok(frameMs < 41, `${frameMs} ms`);
  assert.ok(budget.share > 0.1 && budget.share < 0.35, `${budget.share}`);
});

test("a model is recognised on the slowest machine", () => {
  const budget = budgetFor(2_000_000);
  move(budget, 2_000_000, 5000);
  assert.ok(Math.abs(budget.share * 2_000_000 - 120_000) < 1);
  const small = budgetFor(50_000);
  move(small, 50_000, 5000);
  assert.equal(small.share, 1);
});

test("one slow frame costs half at most, and it comes back", () => {
  const budget = budgetFor(2_000_000);
  budget.frameTook(3000);
  assert.equal(budget.share, 0.5);
  move(budget, 2_000_000, 5, 10);
  assert.equal(budget.share, 1);
});

test("without points that can be left out, nothing is", () => {
  const budget = new DrawBudget();
  move(budget, 1_000_000, 500);
  assert.equal(budget.share, 1);
});
