/** A camera that stands where a photo was taken and sees what the photo shows. */

import * as THREE from "../vendor/three/three.module.js";
import { centreOf, clipRange, forwardOf, photoProjection } from "./geometry.js";

/** @typedef {{position: THREE.Vector3, quaternion: THREE.Quaternion, projection: THREE.Matrix4}} Pose */

/** @returns {Pose} */
export function poseOf(camera) {
  return {
    position: camera.position.clone(),
    quaternion: camera.quaternion.clone(),
    projection: camera.projectionMatrix.clone(),
  };
}

/**
 * @param {import("./model.js").PosedCamera} photo
 * @param {import("./model.js").Model} model
 * @returns {Pose}
 */
export function poseOfPhoto(photo, model, viewport) {
  const worldFromCam = new THREE.Matrix4().fromArray(photo.worldFromCam);
  const { near, far } = clipRange(
    centreOf(photo.worldFromCam),
    forwardOf(photo.worldFromCam),
    model.frame,
    model.fullRadius,
  );
  return {
    position: new THREE.Vector3().setFromMatrixPosition(worldFromCam),
    quaternion: new THREE.Quaternion().setFromRotationMatrix(worldFromCam),
    projection: new THREE.Matrix4().fromArray(photoProjection(photo, viewport, near, far)),
  };
}

export class PhotoCamera {
  camera = new THREE.PerspectiveCamera();

  /** @param {Pose} pose */
  setPose({ position, quaternion, projection }) {
    this.camera.position.copy(position);
    this.camera.quaternion.copy(quaternion);
    this.camera.projectionMatrix.copy(projection);
    this.camera.projectionMatrixInverse.copy(projection).invert();
    this.camera.updateMatrixWorld();
  }

  /**
   * Between two poses. Mixing the projections lets the field of view and even the step from
   * parallel to perspective change smoothly.
   */
  setBetween(from, to, t) {
    const projection = new THREE.Matrix4();
    projection.elements.forEach((_, i) => {
      projection.elements[i] = from.projection.elements[i] * (1 - t) + to.projection.elements[i] * t;
    });
    this.setPose({
      position: from.position.clone().lerp(to.position, t),
      quaternion: from.quaternion.clone().slerp(to.quaternion, t),
      projection,
    });
  }
}
