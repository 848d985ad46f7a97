/**
 * The dense point cloud: 16 bytes a point, in chunks that arrive one after the other. The rows are
 * in random order, so the first chunks are the whole model, only thinner: that is what is drawn
 * while the camera moves on a slow machine.
 */

import * as THREE from "../vendor/three/three.module.js";
import { DISC_SHADER } from "./cloud.js";
import { EVERYTHING } from "./clip_box.js";
import {
  DensityGrid, MOST_VIEWS, SPACING_GLSL, SPACING_LEVELS, packLook, thinning,
} from "./density.js";
import { SHADING_GLSL, Shading, gpuBytesOf } from "./shading.js";

export const CHUNK_POINTS = 200_000;
/** The size setting at which discs just cover the gaps between their neighbours. */
export const USUAL_DENSE_SIZE = 3;
const COVERING = 1.8;
const LIMITS_PX = [1, 28];

const VERTEX_SHADER = /* glsl */ `
  attribute vec4 look; // rgb, and the number of photos beside the code of the spacing
  uniform float minTrackLength;
  uniform float fixedPx;
  uniform float worldSize;
  uniform float halfViewportPx;
  uniform vec2 limitsPx;
  varying vec3 pointColour;
  ${SHADING_GLSL}
  ${SPACING_GLSL}

  void main() {
    float both = floor(look.a * 255.0 + 0.5);
    float views = floor(both / ${SPACING_LEVELS}.0);
    if (views < minTrackLength || isClipped(position)) {
      gl_Position = vec4(2.0, 2.0, 2.0, 1.0); // outside the clip volume: never drawn
      gl_PointSize = 0.0;
      return;
    }
    gl_Position = projectionMatrix * viewMatrix * vec4(position, 1.0);
    float spacing = worldSize * spacingOf(both - views * ${SPACING_LEVELS}.0);
    float perspectivePx = spacing * projectionMatrix[1][1] * halfViewportPx / gl_Position.w;
    gl_PointSize = clamp(worldSize > 0.0 ? perspectivePx : fixedPx, limitsPx.x, limitsPx.y);
    if (colourMode == 0) pointColour = look.rgb;
    else if (colourMode == 1) pointColour = mapped(dot(position, up));
    else pointColour = mapped(views);
  }
`;

export class DenseCloud {
  object = new THREE.Group();
  colours = ["rgb", "height", "track"];
  /** More photos than this are neither coloured nor filtered apart. */
  mostPhotos = MOST_VIEWS;
  largestRadiusPx = LIMITS_PX[1] / 2;
  #columns;
  #numPoints = 0;
  #numDrawn = 0;
  #numCounted;
  #grid;
  #shading = new Shading();
  #material;
  #size = null;

  /**
   * @param {{xyz: Float32Array, rgb: Uint8Array, normal: Int8Array, views: Uint8Array}} columns
   *   of the first rows of the cloud, or of all of it
   * @param {{centre: number[], radius: number}} frame
   */
  constructor(columns, frame) {
    this.#columns = columns;
    this.#grid = new DensityGrid(columns.xyz, frame);
    this.#numCounted = columns.views.length;
    this.#material = new THREE.ShaderMaterial({
      vertexShader: VERTEX_SHADER,
      fragmentShader: DISC_SHADER,
      uniforms: {
        ...this.#shading.uniforms,
        minTrackLength: { value: 0 },
        fixedPx: { value: 1 },
        worldSize: { value: 0 },
        halfViewportPx: { value: 1 },
        limitsPx: { value: new THREE.Vector2(...LIMITS_PX) },
      },
    });
    while (this.addChunk());
  }

  /** Under the names that the pure functions use: the rows that have been added so far. */
  get points() {
    return {
      xyz: this.#columns.xyz.subarray(0, 3 * this.#numPoints),
      trackLength: this.#columns.views.subarray(0, this.#numPoints),
      rgb: this.#columns.rgb,
      normal: this.#columns.normal,
    };
  }

  get numPoints() {
    return this.#numPoints;
  }

  /** All rows of the cloud whose first rows are here; `addChunk` brings them in. */
  set columns(columns) {
    this.#columns = columns;
  }

  /** Adds the next rows. @returns {boolean} whether there were any */
  addChunk() {
    const { xyz, rgb, views } = this.#columns;
    const from = this.#numPoints;
    const to = Math.min(views.length, from + CHUNK_POINTS);
    if (from >= to) return false;
    const positions = xyz.subarray(3 * from, 3 * to);
    const look = packLook(
      rgb.subarray(3 * from, 3 * to),
      views.subarray(from, to),
      this.#grid.codes(positions),
    );
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(positions, 3));
    geometry.setAttribute("look", new THREE.BufferAttribute(look, 4, true));
    const chunk = new THREE.Points(geometry, this.#material);
    chunk.frustumCulled = false; // each chunk is everywhere
    this.object.add(chunk);
    this.#numPoints = to;
    this.setShare(1);
    return true;
  }

  /** @param {number} share of the points that are drawn, from 0 to 1 */
  setShare(share) {
    this.#numDrawn = Math.ceil(share * this.#numPoints);
    let left = this.#numDrawn;
    for (const chunk of this.object.children) {
      const count = Math.min(left, chunk.geometry.attributes.position.count);
      chunk.visible = count > 0;
      chunk.geometry.setDrawRange(0, count);
      left -= count;
    }
    this.#updateSize();
  }

  /** See PointCloud. With `attenuate`, each point covers the gap to its neighbours. */
  setSize(sizePx, attenuate, viewport) {
    this.#size = { sizePx, attenuate, viewport };
    this.#updateSize();
  }

  #updateSize() {
    if (!this.#size) return;
    const { sizePx, attenuate, viewport } = this.#size;
    const { pixelRatio, height } = viewport;
    const { uniforms } = this.#material;
    uniforms.fixedPx.value = sizePx * pixelRatio;
    uniforms.worldSize.value = attenuate ? this.#worldSize(sizePx) : 0;
    uniforms.halfViewportPx.value = (height * pixelRatio) / 2;
    uniforms.limitsPx.value.set(...LIMITS_PX.map((limit) => limit * pixelRatio));
  }

  /** Of a point whose spacing is the usual one. */
  #worldSize(sizePx) {
    return ((COVERING * sizePx) / USUAL_DENSE_SIZE) * this.spacing;
  }

  /** The usual distance between neighbours that are drawn, in world units. */
  get spacing() {
    return this.#grid.usualSpacing * thinning(this.#numCounted, this.#numDrawn);
  }

  /** See PointCloud: here for a point whose spacing is the usual one. */
  drawnRadius(sizePx, attenuate, projectionMatrix, viewportHeight) {
    const perspectivePx = (this.#worldSize(sizePx) * projectionMatrix.elements[5] * viewportHeight) / 2;
    return (w) => {
      const diameter = attenuate ? perspectivePx / w : sizePx;
      return Math.min(LIMITS_PX[1], Math.max(LIMITS_PX[0], diameter)) / 2;
    };
  }

  /** @param {import("./statistics.js").PointFilter} filter */
  setFilter({ minTrackLength, box = EVERYTHING }) {
    this.#material.uniforms.minTrackLength.value = Math.min(minTrackLength, MOST_VIEWS);
    this.#shading.setBox(box);
  }

  /** See Shading. */
  setColour(mode, range, up) {
    this.#shading.setColour(mode, range, up);
  }

  get gpuBytes() {
    return gpuBytesOf(this.object.children.map(({ geometry }) => geometry));
  }

  dispose() {
    for (const { geometry } of this.object.children) geometry.dispose();
    this.#material.dispose();
    this.#shading.dispose();
  }
}
