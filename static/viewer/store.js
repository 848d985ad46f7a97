/** The view's settings in one place, and who wants to hear when which of them change. */

export class Store {
  #state;
  #listeners = [];

  /** @param {Object} initial */
  constructor(initial) {
    this.#state = { ...initial };
  }

  /** @returns {Readonly<Object>} */
  get state() {
    return this.#state;
  }

  /** Changes some settings, then tells each listener of a changed one, once. */
  set(patch) {
    const changed = Object.keys(patch).filter((name) => patch[name] !== this.#state[name]);
    if (changed.length === 0) return;
    Object.assign(this.#state, patch);
    for (const { names, listener } of this.#listeners) {
      if (names.length === 0 || names.some((name) => changed.includes(name))) listener(this.#state);
    }
  }

  /** @param {string[]} names an empty list means every setting */
  on(names, listener) {
    this.#listeners.push({ names, listener });
  }
}
