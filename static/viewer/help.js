/** The list of all keys and gestures, from the same table that the keyboard uses. */

import { MOVEMENT_HELP, SHORTCUTS, keyName } from "./keyboard.js";

function section(title, rows) {
  const element = document.createElement("section");
  const heading = document.createElement("h3");
  heading.textContent = title;
  const list = document.createElement("dl");
  for (const [keys, label] of rows) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = keys;
    term.append(key);
    const description = document.createElement("dd");
    description.textContent = label;
    row.append(term, description);
    list.append(row);
  }
  element.append(heading, list);
  return element;
}

/**
 * @param {Object<string, HTMLElement>} parts
 * @param {import("./keyboard.js").Keyboard} keyboard
 */
export function setUpHelp({ help, helpBody, helpClose, keysOn }, keyboard) {
  helpBody.append(section("Mouse, fingers, arrows", MOVEMENT_HELP));
  for (const { title, shortcuts } of SHORTCUTS) {
    helpBody.append(section(title, shortcuts.map(({ key, label }) => [keyName(key), label])));
  }
  helpClose.addEventListener("click", () => help.close());
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close(); // the backdrop
  });
  keysOn.addEventListener("change", () => {
    keyboard.isOn = keysOn.checked;
  });
}
