/** What the viewer says: progress while loading, problems, and short notes. */

const NOTE_MS = 4500;

export class Messages {
  #parts;
  #noteTimer = 0;
  #onRetry = null;

  /** @param {Object<string, HTMLElement>} parts of the page */
  constructor(parts) {
    this.#parts = parts;
    parts.retry.addEventListener("click", () => {
      this.hideProblem();
      this.#onRetry();
    });
  }

  /** @param {string} text  @param {number} fraction from 0 to 1 */
  showProgress(text, fraction) {
    this.#parts.progress.hidden = false;
    this.#parts.progressText.textContent = text;
    this.#parts.progressBar.value = Math.min(1, fraction);
  }

  hideProgress() {
    this.#parts.progress.hidden = true;
  }

  /**
   * Covers the canvas with what went wrong and what to do.
   * @param {string} title
   * @param {string} text
   * @param {{label: string, run: () => void}} [retry]
   */
  showProblem(title, text, retry) {
    this.hideProgress();
    this.#parts.problem.hidden = false;
    this.#parts.problemTitle.textContent = title;
    this.#parts.problemText.textContent = text;
    this.#parts.retry.hidden = !retry;
    this.#parts.retry.textContent = retry?.label ?? "";
    this.#onRetry = retry?.run;
  }

  hideProblem() {
    this.#parts.problem.hidden = true;
  }

  /** A short note that goes by itself and that screen readers speak. */
  say(text) {
    clearTimeout(this.#noteTimer);
    this.#parts.note.textContent = text;
    this.#noteTimer = setTimeout(() => {
      this.#parts.note.textContent = "";
    }, NOTE_MS);
  }
}
