import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { SHORTCUTS } from "../../static/viewer/keyboard.js";

const html = ["_viewer", "_viewer_bar", "_viewer_panel"]
  .map((name) => new URL(`../../templates/jobs/${name}.html`, import.meta.url))
  .map((url) => readFileSync(url, "utf8"))
  .join("");
const actionsSource = readFileSync(new URL("../../static/viewer/actions.js", import.meta.url), "utf8");
const shortcuts = SHORTCUTS.flatMap((group) => group.shortcuts);
const buttonActions = [...html.matchAll(/data-action="(\w+)"/g)].map((match) => match[1]);

test("no key does two things", () => {
  const keys = shortcuts.map(({ key }) => key.toLowerCase());
  assert.equal(new Set(keys).size, keys.length);
});

test("no key takes one that flying needs", () => {
  for (const { key } of shortcuts) assert.ok(!"wasdqe".includes(key.toLowerCase()), key);
});

test("every button does something", () => {
  for (const action of buttonActions) assert.match(actionsSource, new RegExp(`\\b${action}: `));
});

test("every key does something", () => {
  for (const { action } of shortcuts) assert.match(actionsSource, new RegExp(`\\b${action}: `));
});

test("every button has a key, except those that Esc stands for", () => {
  const withKey = new Set(shortcuts.map(({ action }) => action));
  const without = [...new Set(buttonActions)].filter((action) => !withKey.has(action));
  assert.deepEqual(without.sort(), ["clearPoint", "leave"]);
});

test("every key has a button or an input", () => {
  const inputOf = {
    nextColour: "colour",
    smallerPoints: "pointSize",
    largerPoints: "pointSize",
    attenuate: "attenuate",
    depthShading: "depthShading",
    background: "background",
    frusta: "frusta",
    smallerFrusta: "frustumSize",
    largerFrusta: "frustumSize",
    nextUp: "up",
  };
  const bound = [...html.matchAll(/data-bind="(\w+)"/g)].map((match) => match[1]);
  for (const { action } of shortcuts) {
    if (action === "escape") continue; // its buttons are those of what it leaves
    assert.ok(buttonActions.includes(action) || bound.includes(inputOf[action]), action);
  }
});
