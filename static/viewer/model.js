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
   */
  constructor(info, { columns, meta }, cameras) {
    this.info = info;
    this.columns = columns;
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
    this.setUp("auto");
  }

  /** First where the photographers stand, then a box that faces them. */
  #frameAlong(centres) {
    const { xyz } = this.columns;
    if (xyz.length === 0) return sceneFrame(this.meta.bounds, this.up, centres);
    const { front } = sceneFrame(robustBox(xyz, [...groundAxes(this.up), this.up]), this.up, centres);
    const axes = [cross(this.up, front), this.up, front];
    return sceneFrame(robustBox(xyz, axes), this.up, centres);
  }

  /** @param {string} up one of UPS: the model's own or an axis of its frame */
  setUp(up) {
    const axis = AXES[up.replace("-", "")];
    const chosen = axis?.map((value) => (up.startsWith("-") ? -value : value));
    const centres = this.cameras.map(({ worldFromCam }) => centreOf(worldFromCam));
    this.up = chosen ?? this.meta.up;
    this.frame = this.#frameAlong(centres);
    this.ranges = colourRanges(this.points, this.up);
    this.fullRadius = Math.max(
      boundingRadius(this.columns.xyz, this.frame.centre),
      ...centres.map((centre) => 1.2 * distance(centre, this.frame.centre)),
    );
  }

  position(pointIndex) {
    return Array.from(this.columns.xyz.subarray(3 * pointIndex, 3 * pointIndex + 3));
  }

  cameraOf(photoIndex) {
    return this.cameras.find((camera) => camera.photo_index === photoIndex) ?? null;
  }

  /**
   * The photos that see a point, and where. Loads the tracks on the first call.
   * @returns {Promise<{photoIndex: number, x: number, y: number}[]>} x, y from 0 to 1, from the top left
   */
  async observations(pointIndex) {
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
