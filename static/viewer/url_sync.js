/** Keeps the address bar and the view in step. */

import { decodeState, encodeState } from "./url_state.js";

// Browsers refuse more than about a hundred changes in half a minute.
const WRITE_INTERVAL_MS = 400;

export class UrlSync {
  #readState;
  #timer = 0;

  /**
   * @param {() => Object} readState the present state, view included
   * @param {(state: Object) => void} onChange the person followed or edited a link
   */
  constructor(readState, onChange) {
    this.#readState = readState;
    window.addEventListener("hashchange", () => {
      const state = decodeState(window.location.hash);
      if (state) onChange(state);
    });
    window.addEventListener("pagehide", () => this.flush());
  }

  /** The state that the page was opened with. */
  static initialState() {
    return decodeState(window.location.hash) ?? decodeState("");
  }

  schedule() {
    this.#timer ||= setTimeout(() => this.flush(), WRITE_INTERVAL_MS);
  }

  /** Writes what is still waiting. */
  flush() {
    if (this.#timer === 0) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    window.history.replaceState(window.history.state, "", this.url);
  }

  /** Forgets what is still waiting: a link that was followed meanwhile counts. */
  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  get url() {
    const url = new URL(window.location.href);
    url.hash = encodeState(this.#readState());
    return url.href;
  }
}
