/** The six sliders of the clip box, and the box itself while somebody moves them. */

import { SIDES, WHOLE, withSide } from "./clip_box.js";

/** How long the box stays in sight after the last change. */
const LINGER_MS = 1500;

export class ClipForm {
  /** Whether the box is to be drawn. */
  isInUse = false;
  #timer = 0;
  #inputs;
  #onUse;

  /**
   * @param {HTMLElement} root
   * @param {import("./store.js").Store} store
   * @param {() => void} onUse the box comes or goes
   */
  constructor(root, store, onUse) {
    this.#onUse = onUse;
    this.#inputs = SIDES.map((side) => root.querySelector(`input[data-clip=${side}]`));
    this.#inputs.forEach((input, side) => {
      input.addEventListener("input", () => {
        store.set({ clip: withSide(store.state.clip, side, Number(input.value)) });
        this.show(store.state); // where the opposite side stops it, too
        this.#use();
      });
    });
  }

  show({ clip }) {
    this.#inputs.forEach((input, side) => {
      const percent = (clip ?? WHOLE)[side];
      input.value = percent;
      const cut = side % 2 === 0 ? percent : 100 - percent;
      input.setAttribute("aria-valuetext", cut === 0 ? "nothing cut off" : `${cut} % cut off`);
    });
  }

  #use() {
    clearTimeout(this.#timer);
    this.isInUse = true;
    this.#timer = setTimeout(() => {
      this.isInUse = false;
      this.#onUse();
    }, LINGER_MS);
    this.#onUse();
  }
}
