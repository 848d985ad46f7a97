/** What the model is drawn as: its sparse points, a dense cloud that refines, or a mesh. */

import { EVERYTHING } from "./clip_box.js";
import { PointCloud } from "./cloud.js";
import { DenseCloud, USUAL_DENSE_SIZE } from "./dense_cloud.js";
import { formatCount } from "./format.js";
import { loadContainer } from "./loading.js";
import { MeshSurface } from "./mesh_surface.js";
import { pickMesh } from "./mesh_picking.js";
import { pickPoint } from "./picking.js";
import { colourRanges, countVisible, heightRange, usualPointSize } from "./statistics.js";

/** Between two chunks of the full cloud, so that no frame waits for more than one of them. */
const CHUNK_INTERVAL_MS = 30;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Layers {
  #model;
  #scene;
  #byShape = new Map();
  #ranges = new Map();
  #mesh = null;
  shown = "sparse";
  /** From 0 to 1 while the full cloud comes in; null before and after. */
  progress = null;

  /**
   * @param {import("./model.js").Model} model
   * @param {import("three").Scene} scene
   */
  constructor(model, scene) {
    this.#model = model;
    this.#scene = scene;
    this.#add("sparse", new PointCloud(model.columns, model.frame.radius));
    if (model.surface) this.#add("dense", new DenseCloud(model.surface, model.frame));
    this.show(this.shapes.find((shape) => this.has(shape)));
  }

  #add(shape, layer) {
    this.#byShape.set(shape, layer);
    layer.object.visible = false;
    this.#scene.add(layer.object);
  }

  /** What there is to choose from, the best first. */
  get shapes() {
    const { info, surface } = this.#model;
    return [...(surface ? ["dense"] : []), ...(info.meshUrl ? ["mesh"] : []), "sparse"];
  }

  get current() {
    return this.#byShape.get(this.shown);
  }

  has(shape) {
    return this.#byShape.has(shape);
  }

  show(shape) {
    this.shown = shape;
    for (const [name, layer] of this.#byShape) layer.object.visible = name === shape;
  }

  // ----------------------------------------------------------------- loading

  /**
   * Brings in the full dense cloud behind the preview that is on screen.
   * @param {AbortSignal} signal
   * @param {{onProgress: () => void, onPoints: () => void}} callbacks onPoints: there is more to draw
   */
  async refine(signal, { onProgress, onPoints }) {
    const { denseUrl, denseBytes } = this.#model.info;
    const dense = this.#byShape.get("dense");
    const tell = (progress) => {
      this.progress = progress;
      onProgress();
    };
    tell(0);
    try {
      const onBytes = (numBytes) => tell(Math.min(1, numBytes / denseBytes));
      const { columns } = await loadContainer(denseUrl, { signal, onBytes, isUrgent: false });
      dense.columns = columns;
      while (!signal.aborted && dense.addChunk()) {
        onPoints();
        await sleep(CHUNK_INTERVAL_MS);
      }
    } finally {
      if (!signal.aborted) tell(null);
    }
  }

  /** Loads the mesh unless it is there or under way. @param {AbortSignal} signal */
  loadMesh(signal, onBytes) {
    this.#mesh ??= this.#loadMesh(signal, onBytes).catch((error) => {
      this.#mesh = null; // so that a second try asks the server again
      throw error;
    });
    return this.#mesh;
  }

  async #loadMesh(signal, onBytes) {
    const { columns } = await loadContainer(this.#model.info.meshUrl, { signal, onBytes });
    this.#add("mesh", new MeshSurface(columns));
  }

  // ---------------------------------------------------------------- settings

  setFilter(filter) {
    for (const layer of this.#byShape.values()) layer.setFilter(filter);
  }

  setSize(sizePx, attenuate, viewport) {
    for (const layer of this.#byShape.values()) layer.setSize?.(sizePx, attenuate, viewport);
  }

  /** @returns {string} the mode that is drawn: not every layer knows every one */
  setColour(wanted, up) {
    const mode = this.current.colours.includes(wanted) ? wanted : "rgb";
    this.current.setColour(mode, this.rangesAlong(up)[mode], up);
    return mode;
  }

  /** @param {number} share of the points to draw, for a movement that would be slow otherwise */
  setShare(share) {
    this.#byShape.get("dense")?.setShare(share);
  }

  /** Points among which a slow machine may leave some out while the camera moves. */
  get numThinnable() {
    return this.shown === "dense" ? this.current.numPoints : 0;
  }

  // ------------------------------------------------------------------- facts

  /** What the colours of the layer that is shown span; they stay when the cloud is refined. */
  rangesAlong(up) {
    if (this.shown === "sparse") return this.#model.ranges;
    const key = `${this.shown} ${up}`;
    if (!this.#ranges.has(key)) {
      const { points, mesh, mostPhotos } = this.current;
      const ranges = points ? colourRanges(points, up) : { height: heightRange(mesh.xyz, up) };
      if (points) ranges.track = [ranges.track[0], Math.min(ranges.track[1], mostPhotos)];
      this.#ranges.set(key, ranges);
    }
    return this.#ranges.get(key);
  }

  /** Points or triangles of the layer that is shown. */
  get total() {
    return this.current.numTriangles ?? this.current.numPoints;
  }

  /** How many of them the filter leaves; triangles are not counted one by one. */
  count(filter) {
    if (this.shown === "mesh") return this.total;
    const passesAll = filter.minTrackLength === 0 && filter.maxErrorPx === Infinity;
    const isWhole = passesAll && filter.box === EVERYTHING;
    return isWhole ? this.total : countVisible(this.current.points, filter);
  }

  /** For the corner of the view. */
  describe(numVisible) {
    if (this.shown === "mesh") return `${formatCount(this.total)} triangles`;
    const all = formatCount(this.total);
    const some = numVisible === this.total ? all : `${formatCount(numVisible)} of ${all}`;
    const isRefining = this.shown === "dense" && this.progress !== null;
    return isRefining ? `${some} points, finer ones: ${Math.round(100 * this.progress)} %` : `${some} points`;
  }

  usualPointSizeOf(shape) {
    const isSparse = shape === "sparse" || !this.has("dense");
    return isSparse ? usualPointSize(this.#model.numPoints) : USUAL_DENSE_SIZE;
  }

  get gpuBytes() {
    return [...this.#byShape.values()].reduce((sum, layer) => sum + layer.gpuBytes, 0);
  }

  // ----------------------------------------------------------------- picking

  /**
   * @param {{x: number, y: number}} cursor
   * @param {{projector: Object, projectionMatrix: Object, filter: Object, state: Object,
   *   tolerancePx: number, slack: number}} view
   * @returns {{place: import("./url_state.js").Place, depth: number} | null}
   */
  pick(cursor, { projector, projectionMatrix, filter, state, tolerancePx, slack }) {
    if (this.shown === "mesh") return pickMesh(this.current.mesh, filter.box, projector, cursor);
    const { points, largestRadiusPx } = this.current;
    const { pointSize, attenuate } = state;
    const found = pickPoint(points, filter, projector, cursor, {
      tolerancePx,
      slack,
      drawnRadiusPx: this.current.drawnRadius(pointSize, attenuate, projectionMatrix, projector.height),
      largestRadiusPx: attenuate ? largestRadiusPx : pointSize / 2,
    });
    if (found === null || this.shown === "sparse") return found && { place: found.index, depth: found.depth };
    const place = Array.from(points.xyz.subarray(3 * found.index, 3 * found.index + 3));
    return { place, depth: found.depth };
  }

  dispose() {
    for (const layer of this.#byShape.values()) {
      this.#scene.remove(layer.object);
      layer.dispose();
    }
  }
}
