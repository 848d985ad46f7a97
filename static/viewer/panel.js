/** The side panel: a column on wide screens, a sheet at the bottom of narrow ones. */

import { distance } from "./geometry.js";
import { formatCount, formatErrorPx, formatLength } from "./format.js";
import { loadImage } from "./loading.js";
import { percentiles } from "./statistics.js";

const SWIPE_PX = 24;
const NARROW = "(max-width: 48rem)";
const SLIDER_STEPS = 100;

function option(value, text) {
  const element = document.createElement("option");
  element.value = value;
  element.textContent = text;
  return element;
}

/** Draws an image into a canvas, whole and in the middle. */
function drawContained(canvas, image) {
  const context = canvas.getContext("2d");
  const factor = Math.min(canvas.width / image.naturalWidth, canvas.height / image.naturalHeight);
  const width = image.naturalWidth * factor;
  const height = image.naturalHeight * factor;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

export class Panel {
  #parts;

  /** @param {Object<string, HTMLElement>} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#listenToHandle();
    this.isOpen = !window.matchMedia(NARROW).matches;
  }

  get isOpen() {
    return this.#parts.panel.dataset.open === "true";
  }

  set isOpen(value) {
    const { panel, panelBody, panelButton, handle } = this.#parts;
    panel.dataset.open = String(value);
    panelBody.inert = !value;
    for (const button of [panelButton, handle]) button.setAttribute("aria-expanded", String(value));
  }

  /** A tap on the handle toggles the sheet, a swipe opens or closes it. */
  #listenToHandle() {
    const { handle } = this.#parts;
    let startY = null;
    handle.addEventListener("pointerdown", (event) => {
      startY = event.clientY;
    });
    handle.addEventListener("click", (event) => {
      // The keyboard's click has no pointer before it.
      const moved = event.detail === 0 || startY === null ? 0 : startY - event.clientY;
      startY = null;
      this.isOpen = Math.abs(moved) < SWIPE_PX ? !this.isOpen : moved > 0;
    });
    handle.addEventListener("pointermove", (event) => {
      if (startY === null || Math.abs(startY - event.clientY) < SWIPE_PX) return;
      this.isOpen = startY > event.clientY;
      handle.setPointerCapture(event.pointerId);
    });
  }

  // ------------------------------------------------------------------ models

  /** @param {{index: number, numPoints: number, numRegistered: number}[]} models */
  listModels(models) {
    const { modelSection, modelSelect } = this.#parts;
    modelSection.hidden = models.length < 2;
    modelSelect.replaceChildren(
      ...models.map(({ index, numPoints, numRegistered }, i) => {
        const size = `${formatCount(numRegistered)} photos, ${formatCount(numPoints)} points`;
        return option(String(index), `Model ${i + 1}: ${size}`);
      }),
    );
  }

  /**
   * Adapts sliders and lists to a model.
   * @param {import("./model.js").Model} model
   * @param {string[]} shapes that it can be shown as
   */
  setModel(model, shapes) {
    const { root, photoSelect } = this.#parts;
    const { points, numPoints } = model;
    for (const choice of root.querySelectorAll("[data-shape]")) {
      choice.hidden = !shapes.includes(choice.dataset.shape);
    }
    for (const group of root.querySelectorAll("[data-shapes]")) group.hidden = shapes.length < 2;
    const [largest] = percentiles(numPoints, (i) => points.errorPx[i], [1]);
    const errorSlider = root.querySelector("input[data-bind=maxErrorPx]");
    const step = largest > 1 ? Math.ceil(largest * 10) / 10 / SLIDER_STEPS : 0.01;
    const roundStep = Math.max(0.01, Number(step.toFixed(2)));
    Object.assign(errorSlider, {
      min: roundStep,
      step: roundStep,
      max: roundStep * Math.ceil(largest / roundStep),
    });
    photoSelect.replaceChildren(
      option("", "None"),
      ...model.cameras.map(({ photo_index: index, photo }) => option(String(index), photo)),
    );
  }

  /**
   * Offers what makes sense for a layer, and what its points span.
   * @param {string} shape one of SHAPES
   * @param {{colours: string[], points?: import("./statistics.js").Points, mostPhotos?: number}} layer
   */
  setLayer(shape, { colours, points, mostPhotos = Infinity }) {
    const { root } = this.#parts;
    for (const element of root.querySelectorAll("[data-for]")) {
      element.hidden = !element.dataset.for.split(" ").includes(shape);
    }
    for (const input of root.querySelectorAll("input[data-bind=colour]")) {
      input.disabled = !colours.includes(input.value);
    }
    if (!points) return;
    const { trackLength } = points;
    const [fewest, most] = percentiles(trackLength.length, (i) => trackLength[i], [0, 0.995]);
    const trackSlider = root.querySelector("input[data-bind=minTrackLength]");
    Object.assign(trackSlider, {
      min: fewest,
      max: Math.min(mostPhotos, Math.max(fewest + 1, most)),
    });
  }

  // ------------------------------------------------------------------ photos

  /** @param {import("./model.js").PosedCamera | null} camera */
  async showPhoto(camera, thumbnailUrl) {
    const { photoCard, photoPoints, photoError, photoSize, photoThumbnail } = this.#parts;
    photoCard.hidden = camera === null;
    this.shownPhoto = camera;
    if (!camera) return;
    photoPoints.textContent = formatCount(camera.num_points);
    photoError.textContent = formatErrorPx(camera.mean_error_px);
    photoSize.textContent = `${formatCount(camera.width_px)} × ${formatCount(camera.height_px)} px`;
    photoThumbnail.getContext("2d").clearRect(0, 0, photoThumbnail.width, photoThumbnail.height);
    const image = await loadImage(thumbnailUrl).catch(() => null);
    if (image && this.shownPhoto === camera) drawContained(photoThumbnail, image);
  }

  // --------------------------------------------------------------- distances

  /**
   * @param {[number[], number[]][]} measurements ends in the world
   * @param {number | null} metresPerUnit
   * @param {(i: number) => void} onRemove
   */
  listDistances(measurements, metresPerUnit, onRemove) {
    this.#parts.distances.replaceChildren(
      ...measurements.map(([from, to], i) => {
        const item = document.createElement("li");
        const length = document.createElement("span");
        length.textContent = formatLength(distance(from, to), metresPerUnit);
        const remove = document.createElement("button");
        Object.assign(remove, { type: "button", className: "viewer__small", textContent: "Remove" });
        remove.setAttribute("aria-label", `Remove distance ${i + 1}`);
        remove.addEventListener("click", () => onRemove(i));
        item.append(length, remove);
        return item;
      }),
    );
  }

  /** What the closed sheet says about the choice. */
  set summary(text) {
    this.#parts.handleText.textContent = text;
  }
}
