/** The canvas: renderer, size, and drawing only when something has changed. */

import * as THREE from "../vendor/three/three.module.js";
import { DepthShading } from "./depth_shading.js";
import { DrawBudget } from "./draw_budget.js";

const MAX_PIXEL_RATIO = 2;
// The canvas lets the page's own background through.
const TRANSPARENT = [0x000000, 0];
const FIRST_STEP_S = 1 / 60;
// A slow machine shows fewer steps of a movement, not a slower one.
const LONGEST_STEP_S = 0.5;
// After the last movement, until everything is drawn again: a drag often goes on.
const REST_MS = 180;

/** The browser or the graphics card cannot draw in 3D. */
export class NoWebGLError extends Error {
  name = "NoWebGLError";
}

const usualPixelRatio = () => Math.min(window.devicePixelRatio, MAX_PIXEL_RATIO);

function createRenderer(canvas) {
  // Shaders here work on the display's own colours, as photos and points bring them.
  THREE.ColorManagement.enabled = false;
  const wanted = { alpha: true, antialias: true, powerPreference: "high-performance" };
  const context = canvas.getContext("webgl2", wanted);
  if (!context) throw new NoWebGLError("WebGL 2 is not available.");
  const renderer = new THREE.WebGLRenderer({ canvas, context });
  renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
  renderer.autoClear = false;
  renderer.setClearColor(...TRANSPARENT);
  return renderer;
}

export class Stage {
  cloudScene = new THREE.Scene();
  /** Drawn after the points and without depth shading. */
  framesScene = new THREE.Scene();
  usesDepthShading = false;
  numFrames = 0;
  #renderer;
  #depthShading = new DepthShading();
  #frameRequest = 0;
  #lastTime = null;
  #isAtRest = true;
  #restTimer = 0;
  #onFrame;
  #onResize;
  #onShare;
  budget = new DrawBudget();
  /** Called after each frame, while the canvas can still be read. */
  onDrawn = () => {};

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{onFrame: (seconds: number) => {camera: THREE.Camera, isMoving: boolean},
   *   onResize: () => void, onShare?: (share: number) => void}} callbacks onShare is told before
   *   each frame how much of a dense cloud it should draw
   */
  constructor(canvas, { onFrame, onResize, onShare = () => {} }) {
    this.#renderer = createRenderer(canvas);
    this.#onFrame = onFrame;
    this.#onResize = onResize;
    this.#onShare = onShare;
    this.canvas = canvas;
    canvas.addEventListener("webglcontextrestored", () => this.#startAgain());
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
    this.#resize();
  }

  /** Size of the canvas in CSS px, and device px for each of them. */
  get viewport() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    return {
      width: Math.max(1, clientWidth),
      height: Math.max(1, clientHeight),
      pixelRatio: this.#renderer.getPixelRatio(),
    };
  }

  /** three.js uploads everything again by itself, but forgets the transparent background. */
  #startAgain() {
    this.#renderer.setClearColor(...TRANSPARENT);
    this.invalidate();
  }

  #setPixelRatio(pixelRatio) {
    this.#renderer.setPixelRatio(pixelRatio);
    const { width, height } = this.viewport;
    this.#renderer.setSize(width, height, false);
    this.#onResize();
  }

  #resize() {
    this.#setPixelRatio(usualPixelRatio());
    // In this very task: a resized canvas is blank until it is drawn again.
    if (this.numFrames > 0) this.renderNow();
  }

  /** @param {"dense" | "mesh" | "sparse"} shape of what the cloud scene shows */
  set shape(shape) {
    this.#depthShading.shape = shape;
  }

  /** Asks for one frame; more calls before it comes change nothing. */
  invalidate() {
    if (this.#frameRequest === 0) this.#frameRequest = requestAnimationFrame(this.#frame);
  }

  #frame = (time) => {
    this.#frameRequest = 0;
    const elapsed = this.#lastTime === null ? FIRST_STEP_S : (time - this.#lastTime) / 1000;
    if (this.#lastTime !== null) this.budget.frameTook(time - this.#lastTime);
    const isMoving = this.#draw(Math.min(LONGEST_STEP_S, elapsed));
    // When nothing moves, the next frame may be minutes away and starts a new movement.
    this.#lastTime = isMoving ? time : null;
    if (isMoving) this.invalidate();
  };

  /** Draws everything at once, for who must read or show the canvas within this very task. */
  renderNow() {
    this.#isAtRest = true;
    this.#draw(0);
  }

  /**
   * Draws at another resolution, for a picture; the canvas is as before when this returns.
   * @param {number} pixelRatio device px for each CSS px
   * @param {() => void} use reads the canvas
   */
  renderAt(pixelRatio, use) {
    this.#setPixelRatio(pixelRatio);
    this.renderNow();
    use();
    this.#setPixelRatio(usualPixelRatio());
    this.renderNow();
  }

  /** Less of a dense cloud while the camera moves, all of it some time after the last movement. */
  #shareOf({ isMoving }) {
    if (isMoving) {
      clearTimeout(this.#restTimer);
      this.#restTimer = 0;
      this.#isAtRest = false;
    } else if (!this.#isAtRest && this.#restTimer === 0) {
      this.#restTimer = setTimeout(() => this.#rest(), REST_MS);
    }
    return this.#isAtRest ? 1 : this.budget.share;
  }

  #rest() {
    this.#restTimer = 0;
    this.#isAtRest = true;
    if (this.budget.share < 1) this.invalidate();
  }

  #draw(seconds) {
    const { camera, isMoving } = this.#onFrame(seconds);
    this.#onShare(this.#shareOf({ isMoving }));
    this.#renderer.clear();
    if (this.usesDepthShading) this.#depthShading.render(this.#renderer, this.cloudScene, camera);
    else this.#renderer.render(this.cloudScene, camera);
    this.#renderer.render(this.framesScene, camera);
    this.numFrames++;
    this.onDrawn();
    return isMoving;
  }
}
