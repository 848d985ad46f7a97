/** The mesh: coloured triangles, seen from both sides. */

import * as THREE from "../vendor/three/three.module.js";
import { EVERYTHING } from "./clip_box.js";
import { SHADING_GLSL, Shading, gpuBytesOf } from "./shading.js";

const VERTEX_SHADER = /* glsl */ `
  attribute vec3 rgb;
  varying vec3 surfaceColour;
  varying vec3 place;
  varying vec3 placeInView;
  void main() {
    surfaceColour = rgb;
    place = position;
    vec4 inView = viewMatrix * vec4(position, 1.0);
    placeInView = inView.xyz;
    gl_Position = projectionMatrix * inView;
  }
`;

const FRAGMENT_SHADER = /* glsl */ `
  varying vec3 surfaceColour;
  varying vec3 place;
  varying vec3 placeInView;
  ${SHADING_GLSL}
  void main() {
    if (isClipped(place)) discard;
    vec3 colour = surfaceColour;
    if (colourMode != 0) {
      // The photos bring their own light; a colour map needs some to show the shape.
      vec3 normal = normalize(cross(dFdx(placeInView), dFdy(placeInView)));
      colour = mapped(dot(place, up)) * (0.55 + 0.45 * abs(normal.z));
    }
    gl_FragColor = vec4(colour, 1.0);
  }
`;

export class MeshSurface {
  colours = ["rgb", "height"];
  #shading = new Shading();

  /** @param {{xyz: Float32Array, rgb: Uint8Array, triangles: Uint32Array}} columns */
  constructor({ xyz, rgb, triangles }) {
    this.mesh = { xyz, triangles };
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(xyz, 3));
    geometry.setAttribute("rgb", new THREE.BufferAttribute(rgb, 3, true));
    geometry.setIndex(new THREE.BufferAttribute(triangles, 1));
    const material = new THREE.ShaderMaterial({
      vertexShader: VERTEX_SHADER,
      fragmentShader: FRAGMENT_SHADER,
      uniforms: this.#shading.uniforms,
      side: THREE.DoubleSide,
    });
    this.object = new THREE.Mesh(geometry, material);
    this.object.frustumCulled = false;
  }

  get numTriangles() {
    return this.mesh.triangles.length / 3;
  }

  setFilter({ box = EVERYTHING }) {
    this.#shading.setBox(box);
  }

  /** See Shading. */
  setColour(mode, range, up) {
    this.#shading.setColour(mode, range, up);
  }

  get gpuBytes() {
    return gpuBytesOf([this.object.geometry]);
  }

  dispose() {
    this.object.geometry.dispose();
    this.object.material.dispose();
    this.#shading.dispose();
  }
}
