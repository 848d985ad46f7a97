/** How large the model really is: one distance that a person knows, saved on the server. */

import { formatNumber } from "./format.js";
import { distance } from "./geometry.js";

/** In metres. */
const UNITS = { mm: 0.001, cm: 0.01, m: 1, in: 0.0254, ft: 0.3048 };
/** What the server accepts. */
const LIMITS = [1e-9, 1e9];

/**
 * @param {string} text a length as a person types it, with a point or a comma
 * @param {string} unit one of UNITS
 * @param {number} lengthInUnits the same length in the model
 * @returns {number | null} null when that cannot be
 */
export function metresPerUnit(text, unit, lengthInUnits) {
  const number = /^\s*\d*[.,]?\d+\s*$/.test(text) ? Number(text.replace(",", ".")) : NaN;
  const found = (number * UNITS[unit]) / lengthInUnits;
  return found >= LIMITS[0] && found <= LIMITS[1] ? found : null;
}

/** The form below the distances. */
export class ScaleForm {
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    const { scaleForm, scaleForget } = app.parts;
    scaleForm.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    scaleForget.addEventListener("click", () => this.#save(null, "Lengths are in units again."));
  }

  /** Follows the settings; only the largest model, which is what downloads hold, has a scale. */
  show({ measurements, metresPerUnit: known }, isLargest) {
    const { scaleForm, scaleForget, scaleHint } = this.#app.parts;
    const maySet = isLargest && Boolean(this.#app.config.scaleUrl);
    scaleForm.hidden = !maySet || measurements.length === 0;
    scaleForget.hidden = !maySet || known === null;
    scaleHint.textContent = hintOf(known, isLargest);
  }

  #submit() {
    const { model, store, parts, messages } = this.#app;
    const { scaleLength, scaleUnit } = parts;
    const last = store.state.measurements.at(-1).map((index) => model.position(index));
    const found = metresPerUnit(scaleLength.value, scaleUnit.value, distance(...last));
    if (found === null) {
      messages.say("Type the length as a number, such as 2.5.");
      scaleLength.focus();
      return;
    }
    scaleLength.value = "";
    this.#save(found, "Lengths and downloads are in metres now.");
  }

  async #save(value, words) {
    const { config, store, messages } = this.#app;
    const answer = await fetch(config.scaleUrl, {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "X-CSRFToken": config.csrfToken },
      body: JSON.stringify({ metres_per_unit: value }),
    }).catch(() => null);
    if (!answer?.ok) {
      messages.say("The scale could not be saved. Reload the page, then try again.");
      return;
    }
    store.set({ metresPerUnit: value });
    // The list of downloads beside the viewer says which scale they have.
    window.dispatchEvent(new Event("scene3d:scale"));
    messages.say(words);
  }
}

function hintOf(known, isLargest) {
  if (!isLargest) return "In units: only the largest model can be given its size.";
  if (known !== null) return `1 unit is ${formatNumber(known)} m. Downloads are in metres.`;
  return "In units: photos alone do not tell how large things are. Measure something that you know.";
}
