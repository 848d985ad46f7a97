/**
 * How much of the cloud is drawn while the camera moves: as much as keeps it fluent. The rows are
 * in random order, so the first part of them is the whole model, only thinner.
 */

const TARGET_MS = 1000 / 30;
const SLOW_MS = 1.2 * TARGET_MS;
const FAST_MS = 0.75 * TARGET_MS;
/** One slow frame may be the system's fault. */
const LARGEST_CUT = 0.5;
const GROWTH = 1.15;
/** Fewer points look like another model. */
const FEWEST_POINTS = 120_000;

export class DrawBudget {
  #numPoints = 0;
  #share = 1;

  /** @param {number} numPoints of the whole cloud */
  set numPoints(numPoints) {
    this.#numPoints = numPoints;
  }

  /** Of the points, while the camera moves: above 0, at most 1. */
  get share() {
    const fewest = this.#numPoints > 0 ? Math.min(1, FEWEST_POINTS / this.#numPoints) : 1;
    return Math.max(fewest, this.#share);
  }

  /** @param {number} frameMs between two frames of one movement */
  frameTook(frameMs) {
    if (frameMs > SLOW_MS) this.#share = this.share * Math.max(LARGEST_CUT, TARGET_MS / frameMs);
    else if (frameMs < FAST_MS) this.#share = Math.min(1, this.share * GROWTH);
  }
}
