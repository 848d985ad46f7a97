/** All thumbnails in one texture, so that all photo frames are one draw call. */

import * as THREE from "../vendor/three/three.module.js";
import { loadImage } from "./loading.js";

const ATLAS_PX = 2048;
const MAX_CELLS_A_SIDE = 32;
const PARALLEL_LOADS = 6;
// Each upload sends the whole atlas, so several thumbnails share one.
const UPLOAD_INTERVAL_MS = 400;

/** More photos than this are shown by their outlines only. */
export const MAX_ATLAS_PHOTOS = MAX_CELLS_A_SIDE ** 2;

export class PhotoAtlas {
  #canvas = document.createElement("canvas");
  #cellsASide;
  #isDisposed = false;

  /** @param {number} numPhotos at most MAX_ATLAS_PHOTOS */
  constructor(numPhotos) {
    // Powers of two keep cells apart in the smaller versions of the texture too.
    this.#cellsASide = 2 ** Math.ceil(Math.log2(Math.max(8, Math.ceil(Math.sqrt(numPhotos)))));
    const cellPx = ATLAS_PX / this.#cellsASide;
    this.#canvas.width = ATLAS_PX;
    this.#canvas.height = cellPx * Math.max(1, Math.ceil(numPhotos / this.#cellsASide));
    const context = this.#canvas.getContext("2d");
    context.fillStyle = "#3a4644";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.texture = new THREE.CanvasTexture(this.#canvas);
    this.texture.flipY = false;
    this.texture.anisotropy = 4;
  }

  /** Texture coordinates of a photo's top left and bottom right corner. */
  corners(slot) {
    const cellPx = ATLAS_PX / this.#cellsASide;
    const left = (slot % this.#cellsASide) * cellPx;
    const top = Math.floor(slot / this.#cellsASide) * cellPx;
    const { width, height } = this.#canvas;
    return [left / width, top / height, (left + cellPx) / width, (top + cellPx) / height];
  }

  /**
   * Fills the atlas; a thumbnail that does not load leaves its cell grey.
   * @param {string[]} urls by slot
   * @param {() => void} onUpdate
   */
  async load(urls, onUpdate) {
    const waiting = urls.map((url, slot) => ({ url, slot }));
    let lastUpload = 0;
    const work = async () => {
      for (let next = waiting.shift(); next && !this.#isDisposed; next = waiting.shift()) {
        await this.#loadOne(next);
        if (performance.now() - lastUpload < UPLOAD_INTERVAL_MS) continue;
        lastUpload = performance.now();
        this.#upload(onUpdate);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_LOADS }, work));
    this.#upload(onUpdate);
  }

  async #loadOne({ url, slot }) {
    const cellPx = ATLAS_PX / this.#cellsASide;
    const left = (slot % this.#cellsASide) * cellPx;
    const top = Math.floor(slot / this.#cellsASide) * cellPx;
    try {
      const image = await loadImage(url);
      this.#canvas.getContext("2d").drawImage(image, left, top, cellPx, cellPx);
    } catch {
      // The frame keeps its place and its name; only the picture is missing.
    }
  }

  #upload(onUpdate) {
    if (this.#isDisposed) return;
    this.texture.needsUpdate = true;
    onUpdate();
  }

  dispose() {
    this.#isDisposed = true;
    this.texture.dispose();
  }
}
