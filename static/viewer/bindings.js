/**
 * Ties the HTML to the settings: data-bind on inputs, data-output beside them,
 * data-action on buttons and data-pressed on those that show a state.
 */

import { formatErrorPx, formatPhotos } from "./format.js";
import { SHORTCUTS, keyName } from "./keyboard.js";

const same = { toInput: (value) => value, fromInput: (value) => value };
const count = { toInput: String, fromInput: Number };

/** Settings whose inputs speak another language than the settings do. */
const CONVERSIONS = {
  model: count,
  photo: {
    toInput: (value) => (value === null ? "" : String(value)),
    fromInput: (value) => (value === "" ? null : Number(value)),
  },
  pointSize: count,
  photoOpacity: count,
  frustumSize: {
    toInput: (value) => String(Math.log2(value)),
    fromInput: (value) => 2 ** Number(value),
  },
  background: {
    toInput: (value) => value === "light",
    fromInput: (value) => (value ? "light" : "dark"),
  },
  // At the end of its slider a filter lets everything pass.
  minTrackLength: {
    toInput: (value, input) => String(Math.max(value, Number(input.min))),
    fromInput: (value, input) => (value === input.min ? 0 : Number(value)),
  },
  maxErrorPx: {
    toInput: (value, input) => String(value ?? input.max),
    fromInput: (value, input) => (value === input.max ? null : Number(value)),
  },
};

const OUTPUTS = {
  pointSize: (value) => `${value} px`,
  frustumSize: (value) => `${Math.round(100 * value)} %`,
  photoOpacity: (value) => `${Math.round(100 * value)} %`,
  minTrackLength: (value, input) => formatPhotos(Math.max(value, Number(input.min))),
  maxErrorPx: (value) => (value === null ? "any" : formatErrorPx(value)),
};

function readInput(input) {
  const { fromInput } = CONVERSIONS[input.dataset.bind] ?? same;
  return fromInput(input.type === "checkbox" ? input.checked : input.value, input);
}

function writeInput(input, value) {
  const { toInput } = CONVERSIONS[input.dataset.bind] ?? same;
  const shown = toInput(value, input);
  if (input.type === "checkbox") input.checked = shown;
  else if (input.type === "radio") input.checked = input.value === shown;
  else input.value = shown;
}

/**
 * @param {HTMLElement} root
 * @param {import("./store.js").Store} store
 * @returns {() => void} shows all settings again, after the range of an input has changed
 */
export function bindInputs(root, store) {
  const inputs = [...root.querySelectorAll("[data-bind]")];
  const outputs = new Map([...root.querySelectorAll("[data-output]")].map((o) => [o.dataset.output, o]));
  const show = (input) => {
    const name = input.dataset.bind;
    const value = store.state[name];
    writeInput(input, value);
    if (!outputs.has(name)) return;
    const text = OUTPUTS[name](value, input);
    outputs.get(name).textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  for (const input of inputs) {
    const name = input.dataset.bind;
    input.addEventListener("input", () => store.set({ [name]: readInput(input) }));
    store.on([name], () => show(input));
  }
  const showAll = () => inputs.forEach(show);
  showAll();
  return showAll;
}

/** @param {(action: string) => void} run */
export function bindActions(root, run) {
  const keys = new Map(SHORTCUTS.flatMap((group) => group.shortcuts).map((s) => [s.action, s.key]));
  for (const button of root.querySelectorAll("[data-action]")) {
    const { action } = button.dataset;
    button.addEventListener("click", () => run(action));
    if (!keys.has(action)) continue;
    button.setAttribute("aria-keyshortcuts", keys.get(action));
    button.title += ` (${keyName(keys.get(action))})`;
  }
}

/** Buttons with data-pressed="setting=value" look pressed while the setting has that value. */
export function bindPressed(root, store) {
  for (const button of root.querySelectorAll("[data-pressed]")) {
    const [name, value] = button.dataset.pressed.split("=");
    const show = () => button.setAttribute("aria-pressed", String(String(store.state[name]) === value));
    store.on([name], show);
    show();
  }
}
