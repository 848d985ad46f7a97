/** One reconstructed model: its points, its cameras and, when asked for, its tracks. */

import {
  centreOf,
  cross,
  distance,
  groundAxes,
  sceneFrame,
  threeWorldFromColmapCam,
} from "./geometry.js";
import { loadContainer } from "./loading.js";
import { boundingRadius, colourRanges, robustBox } from "./statistics.js";
import { nearestRow, photosShowing } from "./visibility.js";

/** How wide a sight line is, for what stands in its way: in scene radii. */
const SIGHT_LINE = 0.008;

/**
 * @typedef {Object} PosedCamera one entry of cameras.json with its pose for three.js
 * @property {number} photo_index
 * @property {string} photo
 * @property {number} width_px
 * @property {number} height_px
 * @property {[number, number]} focal_xy_px
 * @property {[number, number]} principal_point_xy_px
 * @property {number[]} worldFromCam 4×4
 */

const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };

export class Model {
  #tracks = null;

  /**
   * @param {Object} info of the page's configuration
   * @param {{columns: Object, meta: Object}} container the parsed points file
   * @param {Object[]} cameras of cameras.json
   * @param {Object | null} surface columns of the dense cloud's preview, which then frames the scene
   */
  constructor(info, { columns, meta }, cameras, surface = null) {
    this.info = info;
    this.columns = columns;
    this.surface = surface;
    this.meta = meta;
    this.numPoints = columns.track_length.length;
    /** Under the names that the pure functions use. */
    this.points = {
      xyz: columns.xyz,
      errorPx: columns.error_px,
      trackLength: columns.track_length,
    };
    /** @type {PosedCamera[]} */
    this.cameras = cameras.map((camera) => ({
      ...camera,
      worldFromCam: threeWorldFromColmapCam(camera.cam_from_world),
    }));
    for (const camera of this.cameras) camera.centre = centreOf(camera.worldFromCam);
    this.setUp("auto");
  }

  /** First where the photographers stand, then a box that faces them. */
  #frameAlong(centres) {
    const { xyz } = this.surface ?? this.columns;
    if (xyz.length === 0) return sceneFrame(this.meta.bounds, this.up, centres);
    const { front } = sceneFrame(robustBox(xyz, [...groundAxes(this.up), this.up]), this.up, centres);
    const axes = [cross(this.up, front), this.up, front];
    return sceneFrame(robustBox(xyz, axes), this.up, centres);
  }

  /** @param {string} up one of UPS: the model's own or an axis of its frame */
  setUp(up) {
    const axis = AXES[up.replace("-", "")];
    const chosen = axis?.map((value) => (up.startsWith("-") ? -value : value));
    const centres = this.cameras.map(({ centre }) => centre);
    this.up = chosen ?? this.meta.up;
    this.frame = this.#frameAlong(centres);
    this.ranges = colourRanges(this.points, this.up);
    this.fullRadius = Math.max(
      boundingRadius(this.columns.xyz, this.frame.centre),
      this.surface ? boundingRadius(this.surface.xyz, this.frame.centre) : 0,
      ...centres.map((centre) => 1.2 * distance(centre, this.frame.centre)),
    );
  }

  /** @param {import("./url_state.js").Place} place */
  position(place) {
    if (Array.isArray(place)) return place;
    return Array.from(this.columns.xyz.subarray(3 * place, 3 * place + 3));
  }

  /** Whether the model has such a place. */
  hasPlace(place) {
    return Array.isArray(place) || place < this.numPoints;
  }

  cameraOf(photoIndex) {
    return this.cameras.find((camera) => camera.photo_index === photoIndex) ?? null;
  }

  /**
   * The photos that show a place, and where. Of a sparse point it is those that it was made of,
   * and the first call loads them; of a dense one those in which nothing hides it, the best first.
   * @param {import("./url_state.js").Place} place
   * @returns {Promise<{photoIndex: number, x: number, y: number}[]>} x, y from 0 to 1, from the top left
   */
  async observations(place) {
    return Array.isArray(place) ? this.#photosShowing(place) : this.#trackOf(place);
  }

  #photosShowing(place) {
    const { xyz, normal } = this.surface ?? this.columns;
    const row = normal ? nearestRow(xyz, place) : -1;
    const normalThere = row < 0 ? null : Array.from(normal.subarray(3 * row, 3 * row + 3), (n) => n / 127);
    return photosShowing(place, normalThere, this.cameras, xyz, SIGHT_LINE * this.frame.radius);
  }

  async #trackOf(pointIndex) {
    this.#tracks ??= loadContainer(this.info.tracksUrl);
    let columns;
    try {
      ({ columns } = await this.#tracks);
    } catch (error) {
      this.#tracks = null; // so that a second try asks the server again
      throw error;
    }
    const observations = [];
    for (let i = columns.offset[pointIndex]; i < columns.offset[pointIndex + 1]; i++) {
      const [x, y] = columns.xy.subarray(2 * i, 2 * i + 2);
      observations.push({ photoIndex: columns.photo[i], x: x / 65535, y: y / 65535 });
    }
    return observations;
  }
}
