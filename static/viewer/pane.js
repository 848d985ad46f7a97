/** One model in one canvas, to turn and come closer: for pages that show several. */

import { PointCloud } from "./cloud.js";
import { loadJson, loadPly } from "./loading.js";
import { Model } from "./model.js";
import { Navigation } from "./navigation.js";
import { Stage } from "./stage.js";
import { usualPointSize } from "./statistics.js";

// The canvas is smaller than the viewer's.
const POINT_SIZE_FACTOR = 0.7;
/** Of the engine's results. */
const UP = [0, 0, 1];

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const ZOOMS = { "+": 1, "=": 1, "-": -1 };

export class Pane {
  /** @type {Model | null} */
  model = null;
  #stage;
  #navigation;
  #cloud = null;
  #loading = null;
  #onView;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onView the person, and nobody else, has moved the camera
   * Throws NoWebGLError where the browser cannot draw in 3D.
   */
  constructor(canvas, onView) {
    this.#onView = onView;
    this.#stage = new Stage(canvas, {
      onFrame: (seconds) => this.#frame(seconds),
      onResize: () => this.#resize(),
    });
    this.#navigation = new Navigation(canvas, this.#stage.viewport, () => this.#stage.invalidate());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    // Whoever touches a model leads.
    for (const type of ["pointerdown", "wheel", "keydown"]) {
      canvas.addEventListener(type, () => this.lead(), { capture: true, passive: true });
    }
    this.isLeading = false;
  }

  /** The other panes follow this one from now on. */
  lead() {
    this.isLeading = true;
  }

  get view() {
    return this.#navigation.view;
  }

  /** @param {{pointsUrl: string, camerasUrl: string} | null} source null shows nothing */
  async open(source) {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#clear();
    if (source === null) return;
    const [columns, cameras] = await Promise.all([
      loadPly(source.pointsUrl, signal),
      loadJson(source.camerasUrl, signal),
    ]);
    this.#install(columns, cameras.models[0]?.cameras ?? []);
  }

  #clear() {
    this.model = null;
    this.#cloud?.dispose();
    this.#cloud = null;
    this.#stage.cloudScene.clear();
    this.#stage.invalidate();
  }

  #install(columns, cameras) {
    const meta = { up: UP, bounds: { min: [-1, -1, -1], max: [1, 1, 1] } };
    this.model = new Model({}, { columns, meta }, cameras);
    this.#cloud = new PointCloud(columns, this.model.frame.radius);
    this.#cloud.setFilter({ minTrackLength: 0, maxErrorPx: Infinity });
    this.#cloud.setColour("rgb");
    this.#stage.cloudScene.add(this.#cloud.object);
    this.#navigation.setModel(this.model);
    this.#resize();
    this.home();
  }

  home() {
    if (this.model) this.#navigation.setPreset("home");
  }

  show(view) {
    if (this.model) this.#navigation.setView(view);
  }

  #key(event) {
    if (!this.model || event.ctrlKey || event.metaKey || event.altKey) return;
    if (ARROWS[event.key]) this.#navigation.turnStep(...ARROWS[event.key]);
    else if (ZOOMS[event.key]) this.#navigation.zoomStep(ZOOMS[event.key]);
    else return;
    event.preventDefault();
  }

  #resize() {
    if (!this.#navigation) return; // the stage measures itself before the rest exists
    const { viewport } = this.#stage;
    this.#navigation.resize(viewport);
    const numPoints = this.model?.numPoints ?? 0;
    this.#cloud?.setSize(POINT_SIZE_FACTOR * usualPointSize(numPoints), false, viewport);
    this.#stage.invalidate();
  }

  #frame(seconds) {
    const isMoving = this.#navigation.update(seconds);
    if (this.isLeading && this.model) this.#onView();
    return { camera: this.#navigation.camera, isMoving };
  }
}
