/**
 * Where the viewer looks from. Three ways: orbiting, flying, and looking through a photo.
 * All of them share one idea of a view, {position, target, zoom}, which links restore.
 */

import * as THREE from "../vendor/three/three.module.js";
import CameraControls from "../vendor/camera-controls/camera-controls.module.js";
import { Flight, evenly, prefersReducedMotion } from "./flight.js";
import { FlyControl } from "./fly_control.js";
import {
  add, clipRange, distance, mixViews, normalize, presetView, scale, subtract, turnView,
} from "./geometry.js";
import { PhotoCamera, poseOf, poseOfPhoto } from "./photo_camera.js";

CameraControls.install({ THREE });

const FOV_DEGREES = 50;
const TAN_HALF_FOV = Math.tan((FOV_DEGREES / 2) * THREE.MathUtils.DEG2RAD);
const FOCUS_FACTOR = 0.45;
const KEY_TURN = Math.PI / 24;

export class Navigation {
  #viewport;
  #onChange;
  #perspective = new THREE.PerspectiveCamera(FOV_DEGREES);
  #orthographic = new THREE.OrthographicCamera();
  #photoCamera = new PhotoCamera();
  #controls;
  #flight = null;
  /** Where the flight under way ends: what a link written meanwhile must say. */
  #destination = null;
  #model = null;
  #control = "orbit";
  #projection = "perspective";
  #photo = null;
  #isPhotoCameraOn = false;
  /** Ends the turn under way; told whether it was whole. */
  #endTurn = null;

  /**
   * @param {HTMLElement} element receives the pointer
   * @param {{width: number, height: number}} viewport
   * @param {() => void} onChange the camera has moved or will
   */
  constructor(element, viewport, onChange) {
    this.#viewport = viewport;
    this.#onChange = onChange;
    this.#controls = new CameraControls(this.#perspective, element);
    this.#controls.dollyToCursor = true;
    this.#controls.infinityDolly = true;
    this.#controls.smoothTime = prefersReducedMotion() ? 0 : 0.15;
    this.#controls.draggingSmoothTime = prefersReducedMotion() ? 0 : 0.08;
    for (const type of ["controlstart", "control"]) {
      this.#controls.addEventListener(type, () => {
        this.#cancelFlight();
        onChange();
      });
    }
    this.fly = new FlyControl(element, this.#perspective, onChange);
  }

  /** The camera to draw with. */
  get camera() {
    return this.#isPhotoCameraOn ? this.#photoCamera.camera : this.#freeCamera;
  }

  get #freeCamera() {
    return this.#projection === "perspective" ? this.#perspective : this.#orthographic;
  }

  get isLookingThrough() {
    return this.#photo !== null;
  }

  /** @param {import("./model.js").Model} model whose frame and up direction apply from now on */
  setModel(model) {
    this.#model = model;
    const { radius } = model.frame;
    for (const camera of [this.#perspective, this.#orthographic]) camera.up.fromArray(model.up);
    this.#controls.updateCameraUp();
    this.#controls.minDistance = 0.01 * radius;
    this.#controls.maxDistance = 100 * radius;
    this.#controls.restThreshold = 0.001 * radius;
    this.fly.sceneRadius = radius;
    this.resize(this.#viewport);
  }

  resize(viewport) {
    this.#viewport = viewport;
    if (!this.#model) return;
    const aspect = viewport.width / viewport.height;
    const halfHeight = this.#model.frame.radius;
    this.#perspective.aspect = aspect;
    Object.assign(this.#orthographic, {
      left: -halfHeight * aspect,
      right: halfHeight * aspect,
      top: halfHeight,
      bottom: -halfHeight,
    });
    if (this.#photo && !this.#flight) {
      this.#photoCamera.setPose(poseOfPhoto(this.#photo, this.#model, viewport));
    }
  }

  // ------------------------------------------------------------------ views

  /** @returns {import("./url_state.js").View} where the free camera is, or is about to arrive */
  get view() {
    return this.#destination ?? this.#currentView;
  }

  get #currentView() {
    if (this.#control === "fly") return this.fly.view;
    return {
      position: this.#controls.getPosition(new THREE.Vector3()).toArray(),
      target: this.#controls.getTarget(new THREE.Vector3()).toArray(),
      zoom: this.#freeCamera.zoom,
    };
  }

  setView(view, { animate = false } = {}) {
    this.#cancelFlight();
    if (!animate || prefersReducedMotion()) {
      this.#apply(view);
    } else {
      const from = this.#currentView;
      const step = (t) => this.#apply(mixViews(from, view, t, this.#model.up));
      this.#start(step, view);
    }
    this.#onChange();
  }

  #apply({ position, target, zoom }) {
    if (this.#control === "fly") {
      this.fly.setView({ position, target });
      return;
    }
    this.#controls.zoomTo(zoom, false);
    this.#controls.setLookAt(...position, ...target, false);
    this.#controls.update(0);
  }

  #start(step, destination, onArrive = () => {}, pace = {}) {
    this.#destination = destination;
    const arrive = () => {
      this.#flight = null;
      this.#destination = null;
      onArrive();
    };
    this.#flight = new Flight(step, arrive, pace);
  }

  #cancelFlight() {
    this.#flight = null;
    this.#destination = null;
    this.#endTurn?.(false);
  }

  /**
   * Once round the target at an even speed; the pointer does nothing meanwhile.
   * @param {number} durationS
   * @param {(share: number) => void} onStep
   * @returns {Promise<boolean>} whether it was a whole turn and nothing ended it before
   */
  turnRound(durationS, onStep) {
    const { view } = this;
    this.#cancelFlight();
    return new Promise((resolve) => {
      this.#endTurn = (isWhole) => {
        this.#endTurn = null;
        this.#enableInput();
        resolve(isWhole);
      };
      const step = (t) => {
        this.#apply(turnView(view, 2 * Math.PI * t, this.#model.up));
        onStep(t);
      };
      this.#start(step, view, () => this.#endTurn(true), { durationS, ease: evenly });
      this.#enableInput();
      this.#onChange();
    });
  }

  /** Back to where the turn began. */
  stopTurning() {
    if (this.#endTurn) this.setView(this.view);
  }

  /** @param {"home" | "front" | "side" | "top"} name */
  setPreset(name, options) {
    this.setView(this.#presetView(name), options);
  }

  #presetView(name) {
    const lens = {
      tanHalfFov: TAN_HALF_FOV,
      aspect: this.#viewport.width / this.#viewport.height,
    };
    const view = { ...presetView(name, this.#model.frame, lens), zoom: 1 };
    return this.#projection === "perspective" ? view : this.#parallelView(view);
  }

  /** Whether a link to this view needs no camera in it. */
  get isHome() {
    const { view } = this;
    const home = this.#presetView("home");
    const tolerance = 1e-4 * this.#model.frame.radius;
    return (
      distance(view.position, home.position) < tolerance &&
      distance(view.target, home.target) < tolerance &&
      Math.abs(view.zoom / home.zoom - 1) < 1e-4
    );
  }

  /** Turns round a point from now on, and goes closer to it. */
  focus(point) {
    const { position, target, zoom } = this.view;
    const offset = subtract(position, target);
    const isParallel = this.#projection === "orthographic";
    const view = {
      target: point,
      position: add(point, scale(offset, isParallel ? 1 : FOCUS_FACTOR)),
      zoom: isParallel ? zoom / FOCUS_FACTOR : zoom,
    };
    this.setView(view, { animate: true });
  }

  // ----------------------------------------------------- control, projection

  /** Flying needs a perspective, so the two change in the order that never combines them wrongly. */
  setMode({ control, projection }) {
    if (control === "orbit") this.#setControl(control);
    this.#setProjection(projection);
    if (control === "fly") this.#setControl(control);
  }

  #setControl(control) {
    if (control === this.#control) return;
    const { view } = this;
    this.#cancelFlight();
    this.#control = control;
    this.#enableInput();
    this.#apply(view);
    this.#onChange();
  }

  #enableInput() {
    const isFree = !this.isLookingThrough && this.#endTurn === null;
    this.#controls.enabled = this.#control === "orbit" && isFree;
    this.fly.isEnabled = this.#control === "fly" && isFree;
  }

  /** Changes the projection and keeps the size of what is at the target. */
  #setProjection(projection) {
    if (projection === this.#projection) return;
    const { view } = this;
    this.#cancelFlight();
    this.#projection = projection;
    this.#controls.camera = this.#freeCamera;
    const { ACTION } = CameraControls;
    const isPerspective = projection === "perspective";
    this.#controls.mouseButtons.wheel = isPerspective ? ACTION.DOLLY : ACTION.ZOOM;
    this.#controls.mouseButtons.middle = isPerspective ? ACTION.DOLLY : ACTION.ZOOM;
    this.#controls.touches.two = isPerspective ? ACTION.TOUCH_DOLLY_TRUCK : ACTION.TOUCH_ZOOM_TRUCK;
    this.#apply(isPerspective ? this.#perspectiveView(view) : this.#parallelView(view));
    this.#onChange();
  }

  #parallelView({ position, target, zoom }) {
    const halfHeight = (distance(position, target) * TAN_HALF_FOV) / zoom;
    return { position, target, zoom: this.#model.frame.radius / halfHeight };
  }

  #perspectiveView({ position, target, zoom }) {
    const reach = this.#model.frame.radius / zoom / TAN_HALF_FOV;
    const direction = normalize(subtract(position, target));
    return { position: add(target, scale(direction, reach)), target, zoom: 1 };
  }

  // ------------------------------------------------------------------ photos

  /**
   * Looks through a photo until `leavePhoto` or `stayAtPhoto`.
   * @param {import("./model.js").PosedCamera} photo
   */
  enterPhoto(photo, { animate = true, onArrive = () => {} } = {}) {
    const { view } = this;
    const from = poseOf(this.camera);
    this.#apply(view); // the free camera waits where it was going
    this.#photo = photo;
    this.#isPhotoCameraOn = true;
    this.#enableInput();
    // Asked for at each step: the window may be resized during the flight.
    const goal = () => poseOfPhoto(photo, this.#model, this.#viewport);
    const step = (t) => this.#photoCamera.setBetween(from, goal(), t);
    this.#start(step, view, onArrive);
    if (!animate || prefersReducedMotion()) this.#flight.finish();
    this.#onChange();
  }

  /** Back to the view from before. */
  leavePhoto({ animate = true } = {}) {
    const { view } = this;
    const from = poseOf(this.#photoCamera.camera);
    this.#photo = null;
    this.#apply(view);
    this.#updateClipping();
    const to = poseOf(this.#freeCamera);
    const step = (t) => this.#photoCamera.setBetween(from, to, t);
    this.#start(step, view, () => {
      this.#isPhotoCameraOn = false;
    });
    this.#enableInput();
    if (!animate || prefersReducedMotion()) this.#flight.finish();
    this.#onChange();
  }

  /** From the photo's place on with free movement. */
  stayAtPhoto() {
    const { camera } = this.#photoCamera;
    const position = camera.position.toArray();
    const forward = camera.getWorldDirection(new THREE.Vector3()).toArray();
    const { centre, radius } = this.#model.frame;
    const reach = Math.max(0.2 * radius, distance(centre, position));
    this.#photo = null;
    this.#isPhotoCameraOn = false;
    this.#enableInput();
    this.setView({ position, target: add(position, scale(forward, reach)), zoom: 1 });
  }

  // ---------------------------------------------------------------- keyboard

  /** One step of the arrow keys: turns in orbit and fly mode. */
  turnStep(right, up) {
    if (this.isLookingThrough) return;
    this.#cancelFlight();
    if (this.#control === "fly") this.fly.turn(right * KEY_TURN, up * KEY_TURN);
    else this.#controls.rotate(-right * KEY_TURN, -up * KEY_TURN, true);
    this.#onChange();
  }

  panStep(right, up) {
    if (this.isLookingThrough || this.#control === "fly") return;
    this.#cancelFlight();
    const step = 0.05 * this.#model.frame.radius;
    this.#controls.truck(right * step, -up * step, true);
    this.#onChange();
  }

  /** @param {number} direction 1 closer, −1 away */
  zoomStep(direction) {
    if (this.isLookingThrough || this.#control === "fly") return;
    this.#cancelFlight();
    const factor = 1.25 ** direction;
    if (this.#projection === "perspective") this.#controls.dollyTo(this.#controls.distance / factor, true);
    else this.#controls.zoomTo(this.#orthographic.zoom * factor, true);
    this.#onChange();
  }

  // ------------------------------------------------------------------ frames

  /** @returns {boolean} whether the camera is still moving */
  update(seconds) {
    let isMoving = false;
    if (this.#flight) {
      isMoving = this.#flight.advance(seconds);
    } else if (this.#control === "fly") {
      isMoving = this.fly.update(seconds);
    } else if (!this.isLookingThrough && seconds > 0) {
      isMoving = this.#controls.update(seconds);
    }
    this.#updateClipping();
    return isMoving;
  }

  #updateClipping() {
    if (!this.#model) return;
    const camera = this.#freeCamera;
    const forward = camera.getWorldDirection(new THREE.Vector3()).toArray();
    const { frame, fullRadius } = this.#model;
    const range = clipRange(camera.position.toArray(), forward, frame, fullRadius);
    camera.near = camera.isOrthographicCamera ? range.parallelNear : range.near;
    camera.far = range.far;
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
  }
}
