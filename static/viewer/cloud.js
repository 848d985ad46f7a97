/** The sparse point cloud: one draw call, coloured and filtered in the shader. */

import * as THREE from "../vendor/three/three.module.js";
import { EVERYTHING } from "./clip_box.js";
import { SHADING_GLSL, Shading, gpuBytesOf } from "./shading.js";
import { COLOURS } from "./url_state.js";

/** Attenuated points have this size in scene radii for each px of the size setting. */
const RADII_PER_SIZE = 0.003;
const SMALLEST_PX = 1;
const LARGEST_PX = 48;

const VERTEX_SHADER = /* glsl */ `
  attribute vec3 rgb;
  attribute float errorPx;
  attribute float trackLength;
  uniform float minTrackLength;
  uniform float maxErrorPx;
  uniform float fixedPx;
  uniform float worldSize;
  uniform float halfViewportPx;
  uniform vec2 limitsPx;
  varying vec3 pointColour;
  ${SHADING_GLSL}

  void main() {
    bool passes = trackLength >= minTrackLength && errorPx <= maxErrorPx;
    if (!passes || isClipped(position)) {
      gl_Position = vec4(2.0, 2.0, 2.0, 1.0); // outside the clip volume: never drawn
      gl_PointSize = 0.0;
      return;
    }
    gl_Position = projectionMatrix * viewMatrix * vec4(position, 1.0);
    float perspectivePx = worldSize * projectionMatrix[1][1] * halfViewportPx / gl_Position.w;
    gl_PointSize = clamp(worldSize > 0.0 ? perspectivePx : fixedPx, limitsPx.x, limitsPx.y);
    if (colourMode == 0) pointColour = rgb;
    else if (colourMode == 1) pointColour = mapped(dot(position, up));
    else if (colourMode == 2) pointColour = mapped(errorPx);
    else pointColour = mapped(trackLength);
  }
`;

export const DISC_SHADER = /* glsl */ `
  varying vec3 pointColour;
  void main() {
    if (length(gl_PointCoord - 0.5) > 0.5) discard;
    gl_FragColor = vec4(pointColour, 1.0);
  }
`;

export class PointCloud {
  colours = COLOURS;
  /** No point is drawn with a larger radius than this, in CSS px. */
  largestRadiusPx = LARGEST_PX / 2;
  #material;
  #shading = new Shading();

  /**
   * @param {{xyz: Float32Array, rgb: Uint8Array, error_px: Float32Array,
   *   track_length: Uint16Array}} columns go to the GPU as they are
   * @param {number} sceneRadius
   */
  constructor(columns, sceneRadius) {
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(columns.xyz, 3));
    geometry.setAttribute("rgb", new THREE.BufferAttribute(columns.rgb, 3, true));
    geometry.setAttribute("errorPx", new THREE.BufferAttribute(columns.error_px, 1));
    geometry.setAttribute("trackLength", new THREE.BufferAttribute(columns.track_length, 1));
    this.#material = new THREE.ShaderMaterial({
      vertexShader: VERTEX_SHADER,
      fragmentShader: DISC_SHADER,
      uniforms: {
        ...this.#shading.uniforms,
        minTrackLength: { value: 0 },
        maxErrorPx: { value: Infinity },
        fixedPx: { value: 1 },
        worldSize: { value: 0 },
        halfViewportPx: { value: 1 },
        limitsPx: { value: new THREE.Vector2() },
      },
    });
    this.object = new THREE.Points(geometry, this.#material);
    this.object.frustumCulled = false;
    this.sceneRadius = sceneRadius;
    /** Under the names that the pure functions use. */
    this.points = {
      xyz: columns.xyz,
      errorPx: columns.error_px,
      trackLength: columns.track_length,
    };
  }

  get numPoints() {
    return this.points.trackLength.length;
  }

  /** @param {import("./statistics.js").PointFilter} filter */
  setFilter({ minTrackLength, maxErrorPx, box = EVERYTHING }) {
    const { uniforms } = this.#material;
    uniforms.minTrackLength.value = minTrackLength;
    // Infinity is not a number that GLSL has to know.
    uniforms.maxErrorPx.value = Math.min(maxErrorPx, 3e38);
    this.#shading.setBox(box);
  }

  /** @param {number} sizePx in CSS px  @param {{height: number, pixelRatio: number}} viewport */
  setSize(sizePx, attenuate, { height, pixelRatio }) {
    const { uniforms } = this.#material;
    uniforms.fixedPx.value = sizePx * pixelRatio;
    uniforms.worldSize.value = attenuate ? sizePx * RADII_PER_SIZE * this.sceneRadius : 0;
    uniforms.halfViewportPx.value = (height * pixelRatio) / 2;
    uniforms.limitsPx.value.set(SMALLEST_PX * pixelRatio, LARGEST_PX * pixelRatio);
  }

  /** See Shading. */
  setColour(mode, range, up) {
    this.#shading.setColour(mode, range, up);
  }

  /**
   * The radius at which a point is drawn, in CSS px: the shader's rule, for picking.
   * @returns {(w: number) => number} from the clip-space w
   */
  drawnRadius(sizePx, attenuate, projectionMatrix, viewportHeight) {
    const worldSize = sizePx * RADII_PER_SIZE * this.sceneRadius;
    const perspectivePx = (worldSize * projectionMatrix.elements[5] * viewportHeight) / 2;
    return (w) => {
      const diameter = attenuate ? perspectivePx / w : sizePx;
      return Math.min(LARGEST_PX, Math.max(SMALLEST_PX, diameter)) / 2;
    };
  }

  get gpuBytes() {
    return gpuBytesOf([this.object.geometry]);
  }

  dispose() {
    this.object.geometry.dispose();
    this.#material.dispose();
    this.#shading.dispose();
  }
}
