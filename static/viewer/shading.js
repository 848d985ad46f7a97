/** What the shaders of points and meshes share: colour maps and the clip box. */

import * as THREE from "../vendor/three/three.module.js";
import { EVERYTHING } from "./clip_box.js";
import { RAMP_SIZE, colourRamp } from "./colours.js";
import { COLOURS } from "./url_state.js";

/** Needs the uniforms of `Shading`. `colourMode` counts along COLOURS. */
export const SHADING_GLSL = /* glsl */ `
  uniform int colourMode;
  uniform vec2 colourRange;
  uniform vec3 up;
  uniform sampler2D ramp;
  uniform mat3 boxFromWorld;
  uniform vec3 boxLow;
  uniform vec3 boxHigh;

  vec3 mapped(float value) {
    float fraction = clamp((value - colourRange.x) / (colourRange.y - colourRange.x), 0.0, 1.0);
    float texels = float(${RAMP_SIZE});
    return texture2D(ramp, vec2((fraction * (texels - 1.0) + 0.5) / texels, 0.5)).rgb;
  }

  bool isClipped(vec3 place) {
    vec3 along = boxFromWorld * place;
    return any(lessThan(along, boxLow)) || any(greaterThan(along, boxHigh));
  }
`;

export class Shading {
  #ramps = new Map();
  uniforms = {
    colourMode: { value: 0 },
    colourRange: { value: new THREE.Vector2(0, 1) },
    up: { value: new THREE.Vector3() },
    ramp: { value: null },
    boxFromWorld: { value: new THREE.Matrix3() },
    boxLow: { value: new THREE.Vector3() },
    boxHigh: { value: new THREE.Vector3() },
  };

  constructor() {
    this.setBox(EVERYTHING);
  }

  /** @param {string} mode one of COLOURS  @param {[number, number]} [range] of the colour map */
  setColour(mode, range = [0, 1], up = [0, 0, 1]) {
    const { uniforms } = this;
    uniforms.colourMode.value = COLOURS.indexOf(mode);
    uniforms.colourRange.value.fromArray(range);
    uniforms.up.value.fromArray(up);
    if (mode !== "rgb") uniforms.ramp.value = this.#ramp(mode);
  }

  #ramp(mode) {
    if (!this.#ramps.has(mode)) {
      const texture = new THREE.DataTexture(colourRamp(mode), RAMP_SIZE, 1);
      texture.magFilter = THREE.LinearFilter;
      texture.needsUpdate = true;
      this.#ramps.set(mode, texture);
    }
    return this.#ramps.get(mode);
  }

  /** @param {import("./clip_box.js").Box} box */
  setBox({ axes, low, high }) {
    const { uniforms } = this;
    uniforms.boxFromWorld.value.set(...axes.flat());
    uniforms.boxLow.value.fromArray(low);
    uniforms.boxHigh.value.fromArray(high);
  }

  dispose() {
    for (const texture of this.#ramps.values()) texture.dispose();
  }
}

/** Bytes that the attributes of geometries take on the graphics card. */
export function gpuBytesOf(geometries) {
  return geometries
    .flatMap((geometry) => [...Object.values(geometry.attributes), geometry.index ?? []].flat())
    .reduce((sum, { array }) => sum + array.byteLength, 0);
}
