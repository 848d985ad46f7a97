/** Flying: keys or buttons move the camera, dragging turns it, the wheel goes forward and back. */

import * as THREE from "../vendor/three/three.module.js";

const RADII_PER_SECOND = 0.35;
const FAST_FACTOR = 4;
const RADIANS_PER_PX = 0.003;
const RADII_PER_WHEEL_PX = 0.0008;
const STEEPEST = Math.PI / 2 - 0.02;

/** Direction of each movement as [right, up, forward]. */
const MOVES = {
  forward: [0, 0, 1],
  back: [0, 0, -1],
  left: [-1, 0, 0],
  right: [1, 0, 0],
  up: [0, 1, 0],
  down: [0, -1, 0],
};

export class FlyControl {
  isFast = false;
  #camera;
  #isEnabled = false;
  #held = new Set();
  #drag = null;
  #onInput;
  #sceneRadius = 1;
  /** How far ahead the orbit target lies, so that orbiting goes on from here. */
  #reach = 1;

  /**
   * @param {HTMLElement} element
   * @param {THREE.PerspectiveCamera} camera
   * @param {() => void} onInput
   */
  constructor(element, camera, onInput) {
    this.#camera = camera;
    this.#onInput = onInput;
    element.addEventListener("pointerdown", this.#onPointerDown);
    element.addEventListener("pointermove", this.#onPointerMove);
    element.addEventListener("pointerup", this.#onPointerEnd);
    element.addEventListener("pointercancel", this.#onPointerEnd);
    element.addEventListener("wheel", this.#onWheel, { passive: false });
    window.addEventListener("blur", () => this.#held.clear());
  }

  set isEnabled(value) {
    this.#isEnabled = value;
    this.#held.clear();
    this.#drag = null;
  }

  set sceneRadius(value) {
    this.#sceneRadius = value;
  }

  /** @param {import("./url_state.js").View} view */
  setView({ position, target }) {
    this.#camera.position.fromArray(position);
    const goal = new THREE.Vector3().fromArray(target);
    this.#reach = this.#camera.position.distanceTo(goal);
    this.#camera.lookAt(goal);
  }

  /** @returns {import("./url_state.js").View} */
  get view() {
    const forward = this.#camera.getWorldDirection(new THREE.Vector3());
    const target = this.#camera.position.clone().addScaledVector(forward, this.#reach);
    return { position: this.#camera.position.toArray(), target: target.toArray(), zoom: 1 };
  }

  /** @param {keyof MOVES} move */
  hold(move, isHeld) {
    if (isHeld && this.#isEnabled) this.#held.add(move);
    else this.#held.delete(move);
    this.#onInput();
  }

  turn(radiansRight, radiansUp) {
    const { up } = this.#camera;
    const forward = this.#camera.getWorldDirection(new THREE.Vector3());
    const elevation = Math.asin(THREE.MathUtils.clamp(forward.dot(up), -1, 1));
    const wanted = THREE.MathUtils.clamp(elevation + radiansUp, -STEEPEST, STEEPEST);
    const right = new THREE.Vector3().crossVectors(forward, up).normalize();
    forward.applyAxisAngle(right, wanted - elevation).applyAxisAngle(up, -radiansRight);
    this.#camera.lookAt(forward.add(this.#camera.position));
    this.#onInput();
  }

  /** @returns {boolean} whether the camera goes on moving */
  update(seconds) {
    const direction = new THREE.Vector3();
    for (const move of this.#held) {
      const [right, up, forward] = MOVES[move];
      direction.add(new THREE.Vector3(right, up, -forward));
    }
    if (direction.lengthSq() === 0) return this.#held.size > 0;
    const speed = RADII_PER_SECOND * this.#sceneRadius * (this.isFast ? FAST_FACTOR : 1);
    direction.normalize().applyQuaternion(this.#camera.quaternion);
    this.#camera.position.addScaledVector(direction, speed * seconds);
    return true;
  }

  #onPointerDown = (event) => {
    if (!this.#isEnabled || this.#drag !== null) return;
    this.#drag = { pointerId: event.pointerId, x: event.clientX, y: event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
  };

  #onPointerMove = (event) => {
    if (this.#drag?.pointerId !== event.pointerId) return;
    const dx = event.clientX - this.#drag.x;
    const dy = event.clientY - this.#drag.y;
    Object.assign(this.#drag, { x: event.clientX, y: event.clientY });
    this.turn(dx * RADIANS_PER_PX, -dy * RADIANS_PER_PX);
  };

  #onPointerEnd = (event) => {
    if (this.#drag?.pointerId === event.pointerId) this.#drag = null;
  };

  #onWheel = (event) => {
    if (!this.#isEnabled) return;
    event.preventDefault();
    const forward = this.#camera.getWorldDirection(new THREE.Vector3());
    const metres = -event.deltaY * RADII_PER_WHEEL_PX * this.#sceneRadius;
    this.#camera.position.addScaledVector(forward, metres);
    this.#onInput();
  };
}

/** The buttons of `pad` move the camera while they are held. */
export function connectFlyPad(pad, fly) {
  for (const button of pad.querySelectorAll("[data-fly]")) {
    const hold = (isHeld) => () => fly.hold(button.dataset.fly, isHeld);
    button.addEventListener("pointerdown", hold(true));
    for (const type of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) {
      button.addEventListener(type, hold(false));
    }
    button.addEventListener("keydown", ({ key }) => {
      if (key === " " || key === "Enter") hold(true)();
    });
  }
}
