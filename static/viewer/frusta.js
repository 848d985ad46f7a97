/** Where the photos were taken: an outline for each camera and its photo on the image plane. */

import * as THREE from "../vendor/three/three.module.js";
import { add, centreOf, cornerRays, distance, mix, scale } from "./geometry.js";
import { MAX_ATLAS_PHOTOS, PhotoAtlas } from "./photo_atlas.js";

const NONE = -1;

// `position` is the camera's centre; `ray` leads to the image plane, whose depth is a uniform:
// the size slider rebuilds nothing.
const VERTEX_SHADER = /* glsl */ `
  attribute vec3 ray;
  attribute float slot;
  attribute vec2 atlasUv;
  uniform float planeDepth;
  varying float vertexSlot;
  varying vec2 vertexUv;
  void main() {
    vertexSlot = slot;
    vertexUv = atlasUv;
    gl_Position = projectionMatrix * viewMatrix * vec4(position + ray * planeDepth, 1.0);
  }
`;

const LINE_SHADER = /* glsl */ `
  uniform float hovered;
  uniform float selected;
  uniform vec3 lineColour;
  uniform vec3 hoverColour;
  uniform vec3 selectColour;
  varying float vertexSlot;
  void main() {
    vec3 colour = lineColour;
    if (abs(vertexSlot - selected) < 0.5) colour = selectColour;
    else if (abs(vertexSlot - hovered) < 0.5) colour = hoverColour;
    gl_FragColor = vec4(colour, 1.0);
  }
`;

const PHOTO_SHADER = /* glsl */ `
  uniform sampler2D atlas;
  uniform float hovered;
  uniform float selected;
  varying float vertexSlot;
  varying vec2 vertexUv;
  void main() {
    bool isBright = abs(vertexSlot - selected) < 0.5 || abs(vertexSlot - hovered) < 0.5;
    gl_FragColor = vec4(texture2D(atlas, vertexUv).rgb * (isBright ? 1.0 : 0.82), 1.0);
  }
`;

/** Half the usual gap between neighbouring cameras, within what is visible and not in the way. */
function usualPlaneDepth(centres, sceneRadius) {
  const gaps = centres.map((centre, i) =>
    Math.min(...centres.filter((_, j) => j !== i).map((other) => distance(centre, other))),
  );
  gaps.sort((a, b) => a - b);
  const gap = gaps.length > 1 ? gaps[gaps.length >> 1] : sceneRadius;
  return Math.min(0.14 * sceneRadius, Math.max(0.03 * sceneRadius, 0.5 * gap));
}

/** The four edges from the centre, the image border, and a roof that marks the photo's top. */
function outline([topLeft, topRight, bottomRight, bottomLeft]) {
  const apex = [0, 0, 0];
  const middle = mix(topLeft, topRight, 0.5);
  const peak = add(middle, scale(add(topLeft, scale(bottomLeft, -1)), 0.18));
  return [
    apex, topLeft, apex, topRight, apex, bottomRight, apex, bottomLeft,
    topLeft, topRight, topRight, bottomRight, bottomRight, bottomLeft, bottomLeft, topLeft,
    mix(topLeft, topRight, 0.3), peak, peak, mix(topLeft, topRight, 0.7),
  ];
}

function geometryOf(vertices) {
  const geometry = new THREE.BufferGeometry();
  const attribute = (size, values) => new THREE.Float32BufferAttribute(values.flat(), size);
  geometry.setAttribute("position", attribute(3, vertices.map(({ centre }) => centre)));
  geometry.setAttribute("ray", attribute(3, vertices.map(({ ray }) => ray)));
  geometry.setAttribute("slot", attribute(1, vertices.map(({ slot }) => slot)));
  geometry.setAttribute("atlasUv", attribute(2, vertices.map(({ uv }) => uv ?? [0, 0])));
  return geometry;
}

export class Frusta {
  object = new THREE.Group();
  #cameras;
  #usualDepth;
  #atlas = null;
  #isLoading = false;
  #uniforms = {
    planeDepth: { value: 1 },
    hovered: { value: NONE },
    selected: { value: NONE },
    lineColour: { value: new THREE.Color() },
    hoverColour: { value: new THREE.Color() },
    selectColour: { value: new THREE.Color() },
    atlas: { value: null },
  };

  /**
   * @param {import("./model.js").PosedCamera[]} cameras slot i belongs to cameras[i]
   * @param {number} sceneRadius
   * @param {{withPhotos?: boolean}} options without them, outlines are all there is
   */
  constructor(cameras, sceneRadius, { withPhotos = true } = {}) {
    this.#cameras = cameras.map((camera) => ({
      ...camera,
      centre: centreOf(camera.worldFromCam),
      rays: cornerRays(camera, camera.worldFromCam),
    }));
    this.#usualDepth = usualPlaneDepth(this.#cameras.map(({ centre }) => centre), sceneRadius);
    this.#addLines();
    if (!withPhotos) return;
    this.#atlas = new PhotoAtlas(Math.min(cameras.length, MAX_ATLAS_PHOTOS));
    this.#uniforms.atlas.value = this.#atlas.texture;
    this.#addPhotos();
  }

  #material(fragmentShader, options) {
    const uniforms = this.#uniforms;
    return new THREE.ShaderMaterial({ vertexShader: VERTEX_SHADER, fragmentShader, uniforms, ...options });
  }

  #addLines() {
    const vertices = this.#cameras.flatMap(({ centre, rays }, slot) =>
      outline(rays).map((ray) => ({ centre, ray, slot })),
    );
    this.#add(new THREE.LineSegments(geometryOf(vertices), this.#material(LINE_SHADER)));
  }

  #addPhotos() {
    const vertices = this.#cameras.slice(0, MAX_ATLAS_PHOTOS).flatMap(({ centre, rays }, slot) => {
      const [left, top, right, bottom] = this.#atlas.corners(slot);
      const uvs = [[left, top], [right, top], [right, bottom], [left, bottom]];
      return rays.map((ray, corner) => ({ centre, ray, slot, uv: uvs[corner] }));
    });
    const geometry = geometryOf(vertices);
    geometry.setIndex(vertices.flatMap((_, i) => (i % 4 ? [] : [i, i + 1, i + 2, i, i + 2, i + 3])));
    // Pushed back a little, so that the outline stays visible on the border.
    const options = {
      side: THREE.DoubleSide,
      polygonOffset: true,
      polygonOffsetFactor: 1,
      polygonOffsetUnits: 1,
    };
    this.#add(new THREE.Mesh(geometry, this.#material(PHOTO_SHADER, options)));
  }

  #add(drawable) {
    drawable.frustumCulled = false;
    this.object.add(drawable);
  }

  /** Loads the thumbnails, the first time that the frames are shown. */
  loadPhotos(thumbnailUrls, onUpdate) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#atlas.load(thumbnailUrls.slice(0, MAX_ATLAS_PHOTOS), onUpdate);
  }

  /** @param {number} factor 1 for the usual size */
  setSize(factor) {
    this.#uniforms.planeDepth.value = this.#usualDepth * factor;
  }

  /** @param {{line: string, hover: string, select: string}} colours as CSS colours */
  setColours({ line, hover, select }) {
    this.#uniforms.lineColour.value.set(line);
    this.#uniforms.hoverColour.value.set(hover);
    this.#uniforms.selectColour.value.set(select);
  }

  /** @param {number | null} photoIndex */
  setSelected(photoIndex) {
    this.#uniforms.selected.value = this.#slotOf(photoIndex);
  }

  setHovered(photoIndex) {
    this.#uniforms.hovered.value = this.#slotOf(photoIndex);
  }

  #slotOf(photoIndex) {
    return this.#cameras.findIndex((camera) => camera.photo_index === photoIndex);
  }

  /** The frames as they are drawn, in world coordinates: for picking. */
  frames() {
    return this.#cameras.map((camera) => this.#frame(camera));
  }

  /** @param {number | null} photoIndex */
  frameOf(photoIndex) {
    const slot = photoIndex === null ? NONE : this.#slotOf(photoIndex);
    return slot === NONE ? null : this.#frame(this.#cameras[slot]);
  }

  #frame({ centre, rays }) {
    const depth = this.#uniforms.planeDepth.value;
    return { apex: centre, corners: rays.map((ray) => add(centre, scale(ray, depth))) };
  }

  dispose() {
    for (const drawable of this.object.children) {
      drawable.geometry.dispose();
      drawable.material.dispose();
    }
    this.#atlas?.dispose();
  }
}
