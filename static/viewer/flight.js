/** A short movement of the camera from one place to another. */

const DURATION_S = 0.7;

export const evenly = (t) => t;
const easeInOut = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

export class Flight {
  #elapsed = 0;
  #step;
  #onArrive;
  #durationS;
  #ease;

  /**
   * @param {(fraction: number) => void} step receives 0 to 1, eased; 1 exactly once, at the end
   * @param {() => void} [onArrive]
   * @param {{durationS?: number, ease?: (t: number) => number}} [pace]
   */
  constructor(step, onArrive = () => {}, { durationS = DURATION_S, ease = easeInOut } = {}) {
    this.#durationS = durationS;
    this.#ease = ease;
    this.#step = step;
    this.#onArrive = onArrive;
  }

  /** @returns {boolean} whether there is more to come */
  advance(seconds) {
    this.#elapsed += seconds;
    if (this.#elapsed < this.#durationS) {
      this.#step(this.#ease(this.#elapsed / this.#durationS));
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
