/** From three.js's camera to the plain numbers that picking and the overlay work with. */

import * as THREE from "../vendor/three/three.module.js";

/** @returns {import("./picking.js").Projector} for the camera as it was last drawn */
export function projectorOf(camera, { width, height }) {
  const clipFromWorld = new THREE.Matrix4().multiplyMatrices(
    camera.projectionMatrix,
    camera.matrixWorldInverse,
  );
  const { near, far } = camera;
  const parallelDepth = (clipZ) => near + ((clipZ + 1) / 2) * (far - near);
  const perspectiveDepth = (_clipZ, clipW) => clipW;
  const depth = camera.isOrthographicCamera ? parallelDepth : perspectiveDepth;
  return { clipFromWorld: clipFromWorld.elements, width, height, depth };
}
