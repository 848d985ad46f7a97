/** The photo itself, laid over the points while looking through it. */

import { photoRectangle } from "./geometry.js";
import { loadImage } from "./loading.js";

export class PhotoOverlay {
  #holder;
  #image = null;
  #camera = null;
  #opacity = 1;

  /** @param {HTMLElement} holder covers the canvas */
  constructor(holder) {
    this.#holder = holder;
  }

  /**
   * @param {import("./model.js").PosedCamera} camera
   * @param {string} previewUrl
   * @returns {Promise<void>} rejects when the photo cannot be loaded
   */
  async show(camera, previewUrl, viewport) {
    this.hide();
    this.#camera = camera;
    const image = await loadImage(previewUrl);
    if (this.#camera !== camera) return; // left, or on to the next photo
    this.#image = image;
    image.alt = "";
    image.className = "viewer__photo";
    this.setOpacity(this.#opacity);
    this.place(viewport);
    this.#holder.append(image);
  }

  hide() {
    this.#camera = null;
    this.#image?.remove();
    this.#image = null;
  }

  setOpacity(opacity) {
    this.#opacity = opacity;
    if (this.#image) this.#image.style.opacity = String(opacity);
  }

  /** Puts the photo where the photo camera's projection expects it. */
  place(viewport) {
    if (!this.#image) return;
    const { left, top, width, height } = photoRectangle(this.#camera, viewport);
    Object.assign(this.#image.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }

  /** @param {CanvasRenderingContext2D} context whose unit is the CSS px of the viewport */
  drawInto(context, viewport) {
    if (!this.#image) return;
    const { left, top, width, height } = photoRectangle(this.#camera, viewport);
    context.globalAlpha = this.#opacity;
    context.drawImage(this.#image, left, top, width, height);
    context.globalAlpha = 1;
  }
}
