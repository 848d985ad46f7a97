/** A short movement of the camera from one place to another. */

const DURATION_S = 0.7;

const easeInOut = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

export class Flight {
  #elapsed = 0;
  #step;
  #onArrive;

  /**
   * @param {(fraction: number) => void} step receives 0 to 1, eased; 1 exactly once, at the end
   * @param {() => void} [onArrive]
   */
  constructor(step, onArrive = () => {}) {
    this.#step = step;
    this.#onArrive = onArrive;
  }

  /** @returns {boolean} whether there is more to come */
  advance(seconds) {
    this.#elapsed += seconds;
    if (this.#elapsed < DURATION_S) {
      this.#step(easeInOut(this.#elapsed / DURATION_S));
      return true;
    }
    this.finish();
    return false;
  }

  finish() {
    this.#step(1);
    this.#onArrive();
  }
}

/** People who asked their system for less motion get none that the viewer could leave out. */
export function prefersReducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
