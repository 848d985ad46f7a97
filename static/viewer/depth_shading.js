/**
 * Eye-dome lighting: darkens a pixel by how far it lies behind its neighbours. It gives points,
 * which have no surface to light, readable edges and depth. Pinholes in a dense cloud, behind nearly
 * all of their neighbours, are closed with the neighbours' colour.
 */

import * as THREE from "../vendor/three/three.module.js";

const FRAGMENT_SHADER = /* glsl */ `
  uniform sampler2D colourMap;
  uniform sampler2D depthMap;
  uniform vec2 stepUv;
  uniform mat4 eyeProjection;
  uniform bool isParallel;
  uniform float parallelScale;
  varying vec2 uv01;

  uniform float strength;
  uniform bool closesHoles;
  const float DARKEST = 0.35;
  const float HOLE_STEP = 0.015;
  const float HOLE_NEIGHBOURS = 6.0;

  float eyeDepth(float windowDepth) {
    float ndc = 2.0 * windowDepth - 1.0;
    if (isParallel) return (eyeProjection[3][2] - ndc) / eyeProjection[2][2];
    return eyeProjection[3][2] / (ndc + eyeProjection[2][2]);
  }

  void main() {
    float windowDepth = texture2D(depthMap, uv01).r;
    bool isEmpty = windowDepth == 1.0;
    if (isEmpty && !closesHoles) discard;
    float depth = eyeDepth(windowDepth);
    float scale = isParallel ? parallelScale : depth;
    float occlusion = 0.0;
    float numNearer = 0.0;
    float nearerDepth = 0.0;
    vec3 nearerColour = vec3(0.0);
    for (int i = 0; i < 8; i++) {
      float angle = float(i) * 0.7853981634;
      vec2 beside = uv01 + stepUv * vec2(cos(angle), sin(angle));
      float neighbour = texture2D(depthMap, beside).r;
      if (neighbour == 1.0) continue;
      float step = (depth - eyeDepth(neighbour)) / scale;
      occlusion += clamp(step, 0.0, 0.2);
      if (closesHoles && (isEmpty || step > HOLE_STEP)) {
        numNearer += 1.0;
        nearerDepth += neighbour;
        nearerColour += texture2D(colourMap, beside).rgb;
      }
    }
    bool isHole = numNearer >= HOLE_NEIGHBOURS;
    if (isEmpty && !isHole) discard;
    float shade = max(DARKEST, exp(-strength * occlusion / 8.0));
    vec3 colour = isHole ? nearerColour / numNearer : texture2D(colourMap, uv01).rgb * shade;
    gl_FragColor = vec4(colour, 1.0);
    // what is drawn next is hidden by the points as usual
    gl_FragDepth = isHole ? nearerDepth / numNearer : windowDepth;
  }
`;

const VERTEX_SHADER = /* glsl */ `
  varying vec2 uv01;
  void main() {
    uv01 = uv;
    gl_Position = vec4(position.xy, 0.0, 1.0);
  }
`;

const RADIUS_PX = 1.5;
/** Lone points need edges; where they touch, so much would show each of them instead of the surface. */
const STRENGTHS = { sparse: 14, dense: 5, mesh: 8 };

export class DepthShading {
  #target = new THREE.WebGLRenderTarget(1, 1, {
    depthTexture: new THREE.DepthTexture(1, 1),
    magFilter: THREE.NearestFilter,
    minFilter: THREE.NearestFilter,
  });
  #material = new THREE.ShaderMaterial({
    vertexShader: VERTEX_SHADER,
    fragmentShader: FRAGMENT_SHADER,
    depthFunc: THREE.AlwaysDepth,
    uniforms: {
      colourMap: { value: this.#target.texture },
      depthMap: { value: this.#target.depthTexture },
      stepUv: { value: new THREE.Vector2() },
      eyeProjection: { value: new THREE.Matrix4() },
      isParallel: { value: false },
      parallelScale: { value: 1 },
      strength: { value: STRENGTHS.sparse },
      closesHoles: { value: false },
    },
  });
  #screen = new THREE.Mesh(new THREE.PlaneGeometry(2, 2), this.#material);
  #size = new THREE.Vector2();

  constructor() {
    this.#screen.frustumCulled = false;
  }

  /** @param {"dense" | "mesh" | "sparse"} shape of what is shaded */
  set shape(shape) {
    const { uniforms } = this.#material;
    uniforms.strength.value = STRENGTHS[shape];
    uniforms.closesHoles.value = shape === "dense";
  }

  /** Draws the scene with shading into the current, cleared canvas, depth included. */
  render(renderer, scene, camera) {
    renderer.getDrawingBufferSize(this.#size);
    this.#target.setSize(this.#size.x, this.#size.y);
    const { uniforms } = this.#material;
    const radiusPx = RADIUS_PX * renderer.getPixelRatio();
    uniforms.stepUv.value.set(radiusPx / this.#size.x, radiusPx / this.#size.y);
    uniforms.eyeProjection.value.copy(camera.projectionMatrix);
    uniforms.isParallel.value = camera.isOrthographicCamera === true;
    uniforms.parallelScale.value = 2 / camera.projectionMatrix.elements[5];
    renderer.setRenderTarget(this.#target);
    renderer.clear();
    renderer.render(scene, camera);
    renderer.setRenderTarget(null);
    renderer.render(this.#screen, camera);
  }
}
