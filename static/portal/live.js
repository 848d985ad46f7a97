// The model in the making: a small view that grows with every preview the server has.

import * as THREE from "../vendor/three/three.module.js";
import { PointCloud } from "../viewer/cloud.js";
import { Flight, prefersReducedMotion } from "../viewer/flight.js";
import { formatCount } from "../viewer/format.js";
import { Frusta } from "../viewer/frusta.js";
import { clipRange, mix, mixViews, normalize, presetView, subtract } from "../viewer/geometry.js";
import { loadContainer } from "../viewer/loading.js";
import { Model } from "../viewer/model.js";
import { Stage } from "../viewer/stage.js";
import { usualPointSize } from "../viewer/statistics.js";

const FOV_DEGREES = 50;
const TAN_HALF_FOV = Math.tan((FOV_DEGREES / 2) * THREE.MathUtils.DEG2RAD);
// The canvas is small, and a model in the making is sparse.
const POINT_SIZE_FACTOR = 0.7;
// The usual view frames the points; here the cameras are half of what happens.
const STEP_BACK = 1.35;

export class LiveView {
  #figure;
  #facts;
  #stage;
  #camera = new THREE.PerspectiveCamera(FOV_DEGREES);
  #model = null;
  #cloud = null;
  #frusta = null;
  #view = null;
  #flight = null;
  #isLoading = false;
  #isStale = false;

  /**
   * @param {HTMLElement} figure with a canvas and a place for the facts
   * Throws NoWebGLError where the browser cannot draw in 3D.
   */
  constructor(figure) {
    this.#figure = figure;
    this.#facts = figure.querySelector("[data-part=facts]");
    figure.hidden = false; // a hidden canvas has no size
    try {
      this.#stage = new Stage(figure.querySelector("canvas"), {
        onFrame: (seconds) => this.#frame(seconds),
        onResize: () => this.#resize(),
      });
    } catch (error) {
      figure.hidden = true;
      throw error;
    }
  }

  /** Shows what the server has now; calls that come meanwhile are answered by one more look. */
  async refresh() {
    this.#isStale = true;
    if (this.#isLoading) return;
    this.#isLoading = true;
    while (this.#isStale) {
      this.#isStale = false;
      // What is missed shows with the next preview.
      const container = await loadContainer(this.#figure.dataset.url).catch(() => null);
      if (container) this.#show(container);
    }
    this.#isLoading = false;
  }

  #show(container) {
    const before = new Set(this.#model?.cameras.map((camera) => camera.photo_index));
    const model = new Model({}, container, container.meta.cameras);
    this.#model = model;
    this.#clear();
    this.#cloud = new PointCloud(container.columns, model.frame.radius);
    this.#cloud.setFilter({ minTrackLength: 0, maxErrorPx: Infinity });
    this.#cloud.setColour("rgb");
    this.#frusta = new Frusta(model.cameras, model.frame.radius, { withPhotos: false });
    this.#frusta.setSize(1);
    this.#frusta.setColours(this.#colours());
    const added = model.cameras.find((camera) => !before.has(camera.photo_index));
    this.#frusta.setSelected(before.size > 0 && added ? added.photo_index : null);
    this.#stage.cloudScene.add(this.#cloud.object);
    this.#stage.framesScene.add(this.#frusta.object);
    this.#facts.textContent =
      `${formatCount(model.cameras.length)} photos placed · ${formatCount(model.numPoints)} points`;
    this.#resize();
    this.#fly();
  }

  #clear() {
    this.#stage.cloudScene.clear();
    this.#stage.framesScene.clear();
    this.#cloud?.dispose();
    this.#frusta?.dispose();
  }

  #colours() {
    const style = getComputedStyle(this.#figure);
    const colour = (name) => style.getPropertyValue(`--live-${name}`).trim();
    return { line: colour("line"), hover: colour("line"), select: colour("select") };
  }

  /** To where the whole model is in view. */
  #fly() {
    const { width, height } = this.#stage.viewport;
    const lens = { tanHalfFov: TAN_HALF_FOV, aspect: width / height };
    const { position, target } = presetView("home", this.#model.frame, lens);
    const goal = { position: mix(target, position, STEP_BACK), target, zoom: 1 };
    const start = this.#view;
    if (start === null || prefersReducedMotion()) {
      this.#flight = null;
      this.#view = goal;
    } else {
      const { up } = this.#model;
      this.#flight = new Flight((t) => {
        this.#view = mixViews(start, goal, t, up);
      });
    }
    this.#stage.invalidate();
  }

  #resize() {
    if (!this.#cloud) return;
    const { viewport } = this.#stage;
    this.#cloud.setSize(POINT_SIZE_FACTOR * usualPointSize(this.#model.numPoints), false, viewport);
    this.#camera.aspect = viewport.width / viewport.height;
    this.#stage.invalidate();
  }

  #frame(seconds) {
    const isMoving = this.#flight?.advance(seconds) ?? false;
    if (!isMoving) this.#flight = null;
    if (this.#model) this.#aim();
    return { camera: this.#camera, isMoving };
  }

  #aim() {
    const { position, target } = this.#view;
    const { frame, fullRadius, up } = this.#model;
    const forward = normalize(subtract(target, position));
    const { near, far } = clipRange(position, forward, frame, fullRadius);
    Object.assign(this.#camera, { near, far });
    this.#camera.up.fromArray(up);
    this.#camera.position.fromArray(position);
    this.#camera.lookAt(...target);
    this.#camera.updateProjectionMatrix();
    this.#camera.updateMatrixWorld();
  }
}
