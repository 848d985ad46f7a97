/** The chosen place: its numbers, and every photo that shows it with a crop. */

import { formatErrorPx, formatNumber, formatCount } from "./format.js";
import { loadImage } from "./loading.js";

const CROPS_AT_FIRST = 12;
const CROP_PX = { width: 176, height: 132 };
/** How much of the photo's width a crop shows. */
const CROP_FRACTION = 0.16;
const RING_RADIUS_PX = 13;

/**
 * The part of the image round an observation, moved inwards at the border.
 * @returns {{left: number, top: number, width: number, height: number}} in image px
 */
export function cropRectangle(imageWidth, imageHeight, { x, y }) {
  const aspect = CROP_PX.height / CROP_PX.width;
  const width = Math.min(imageWidth * CROP_FRACTION, imageHeight / aspect);
  const height = width * aspect;
  const inside = (centre, size, limit) => Math.min(limit - size, Math.max(0, centre - size / 2));
  return {
    left: inside(x * imageWidth, width, imageWidth),
    top: inside(y * imageHeight, height, imageHeight),
    width,
    height,
  };
}

function drawCrop(canvas, image, observation) {
  const { naturalWidth, naturalHeight } = image;
  const { left, top, width, height } = cropRectangle(naturalWidth, naturalHeight, observation);
  const context = canvas.getContext("2d");
  context.drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
  const factor = canvas.width / width;
  const centre = [
    (observation.x * naturalWidth - left) * factor,
    (observation.y * naturalHeight - top) * factor,
  ];
  for (const [lineWidth, colour] of [[6, "rgb(0 0 0 / 60%)"], [3, "#ffffff"]]) {
    context.beginPath();
    context.arc(...centre, RING_RADIUS_PX, 0, 2 * Math.PI);
    context.lineWidth = lineWidth;
    context.strokeStyle = colour;
    context.stroke();
  }
}

export class PointPanel {
  #parts;
  #photos;
  #onPhoto;
  #shown = null;
  #retry = () => {};
  #showMore = () => {};
  // Previews are large: one is loaded when its crop comes into sight.
  #watcher = new IntersectionObserver((entries) => this.#loadSeen(entries));
  #pending = new WeakMap();

  /**
   * @param {Object<string, HTMLElement>} parts
   * @param {Map<number, {name: string, previewUrl: string}>} photos by index
   * @param {(photoIndex: number) => void} onPhoto
   */
  constructor(parts, photos, onPhoto) {
    this.#parts = parts;
    this.#photos = photos;
    this.#onPhoto = onPhoto;
    parts.tracksRetry.addEventListener("click", () => this.#retry());
    parts.moreCrops.addEventListener("click", () => this.#showMore());
  }

  /**
   * @param {import("./model.js").Model} model
   * @param {import("./url_state.js").Place | null} place
   */
  show(model, place) {
    const { pointSection, pointErrorRow, pointTrack, pointPhotos, pointError, pointPosition } = this.#parts;
    this.#shown = place;
    pointSection.hidden = place === null;
    if (place === null) return;
    const isSurface = Array.isArray(place);
    pointErrorRow.hidden = isSurface;
    pointTrack.hidden = isSurface;
    pointPhotos.textContent = isSurface ? "…" : formatCount(model.points.trackLength[place]);
    pointError.textContent = isSurface ? "" : formatErrorPx(model.points.errorPx[place]);
    pointPosition.textContent = model.position(place).map(formatNumber).join(", ");
    this.#parts.panelBody.scrollTop = 0;
    this.#retry = () => this.#showObservations(model, place);
    this.#retry();
  }

  async #showObservations(model, place) {
    this.#fill([], 0);
    this.#say("Looking up the photos that see this point…");
    try {
      const observations = await model.observations(place);
      if (this.#shown !== place) return;
      this.#parts.pointPhotos.textContent = formatCount(observations.length);
      this.#say(observations.length === 0 ? "No photo shows this place well." : "");
      this.#fill(observations, CROPS_AT_FIRST);
    } catch (error) {
      if (this.#shown !== place) return;
      this.#say(`The photos that see this point could not be loaded. ${error.message}`, { retry: true });
    }
  }

  #say(text, { retry = false } = {}) {
    this.#parts.tracksStatus.textContent = text;
    this.#parts.tracksRetry.hidden = !retry;
  }

  #fill(observations, limit) {
    const { crops, moreCrops } = this.#parts;
    this.#watcher.disconnect();
    crops.replaceChildren(...observations.slice(0, limit).map((observation) => this.#item(observation)));
    moreCrops.hidden = observations.length <= limit;
    moreCrops.textContent = `Show all ${formatCount(observations.length)} photos`;
    this.#showMore = () => this.#fill(observations, Infinity);
  }

  #item(observation) {
    const photo = this.#photos.get(observation.photoIndex);
    const canvas = Object.assign(document.createElement("canvas"), CROP_PX);
    const name = document.createElement("span");
    name.textContent = photo.name;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "viewer__crop", title: `Look through ${photo.name}` });
    button.append(canvas, name);
    button.addEventListener("click", () => this.#onPhoto(observation.photoIndex));
    this.#pending.set(canvas, { url: photo.previewUrl, observation });
    this.#watcher.observe(canvas);
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  #loadSeen(entries) {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#watcher.unobserve(target);
      const { url, observation } = this.#pending.get(target);
      loadImage(url).then(
        (image) => drawCrop(target, image, observation),
        () => target.classList.add("viewer__crop-missing"),
      );
    }
  }
}
