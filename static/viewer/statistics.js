/** Which points pass the filters, and the ranges that colours and sliders span. */

import { EVERYTHING, isInside } from "./clip_box.js";

const BOX_FRACTIONS = [0.02, 0.98];
const MAX_SAMPLES = 50_000;

/**
 * @typedef {Object} PointFilter
 * @property {number} minTrackLength fewest photos that must see a point
 * @property {number} maxErrorPx largest mean reprojection error; Infinity for no limit
 * @property {import("./clip_box.js").Box} [box] what lies outside is not shown
 */

/**
 * @typedef {Object} Points
 * @property {Float32Array} xyz
 * @property {ArrayLike<number>} trackLength in how many photos each was seen
 * @property {Float32Array} [errorPx] points of a dense cloud have none, and pass that filter
 */

/** The same test as in the point shader. */
export function passesFilter({ xyz, errorPx, trackLength }, index, filter) {
  const { minTrackLength, maxErrorPx, box = EVERYTHING } = filter;
  if (!(trackLength[index] >= minTrackLength) || errorPx?.[index] > maxErrorPx) return false;
  if (box === EVERYTHING) return true;
  return isInside(box, xyz[3 * index], xyz[3 * index + 1], xyz[3 * index + 2]);
}

/** @param {Points} points  @param {PointFilter} filter */
export function countVisible(points, filter) {
  let numVisible = 0;
  for (let i = 0; i < points.trackLength.length; i++) {
    if (passesFilter(points, i, filter)) numVisible++;
  }
  return numVisible;
}

/**
 * Values at the given fractions of the sorted values, from an even sample of at most 50,000.
 * @param {number} count
 * @param {(index: number) => number} valueAt
 * @param {number[]} fractions
 */
export function percentiles(count, valueAt, fractions) {
  if (count === 0) return fractions.map(() => 0);
  const stride = Math.max(1, Math.floor(count / MAX_SAMPLES));
  const sample = new Float32Array(Math.ceil(count / stride));
  for (let i = 0; i < sample.length; i++) sample[i] = valueAt(i * stride);
  sample.sort();
  return fractions.map((fraction) => sample[Math.round(fraction * (sample.length - 1))]);
}

/** Height of a point along `up`. */
export function heightAt(xyz, index, up) {
  return xyz[3 * index] * up[0] + xyz[3 * index + 1] * up[1] + xyz[3 * index + 2] * up[2];
}

/**
 * Where the bulk of the points lies along three directions; a box that follows "up" is much
 * tighter than one along the axes of the model, which mean nothing.
 * @param {number[][]} axes three unit vectors
 */
export function robustBox(xyz, axes) {
  const along = axes.map((axis) =>
    percentiles(xyz.length / 3, (i) => heightAt(xyz, i, axis), BOX_FRACTIONS),
  );
  return { axes, min: along.map(([low]) => low), max: along.map(([, high]) => high) };
}

/**
 * The range that each colour map spans. Outliers are left outside so that they do not
 * squeeze everything else into one colour.
 */
export function colourRanges({ xyz, errorPx, trackLength }, up) {
  const count = trackLength.length;
  const [largestError] = percentiles(errorPx ? count : 0, (i) => errorPx[i], [0.98]);
  const [fewest, most] = percentiles(count, (i) => trackLength[i], [0, 0.98]);
  return {
    height: heightRange(xyz, up),
    error: widen(0, largestError),
    track: widen(fewest, most),
  };
}

/** See `colourRanges`. */
export function heightRange(xyz, up) {
  const [lowest, highest] = percentiles(xyz.length / 3, (i) => heightAt(xyz, i, up), [0.01, 0.99]);
  return widen(lowest, highest);
}

function widen(low, high) {
  return high > low ? [low, high] : [low, low + 1];
}

/** The farthest point from `centre`, outliers included. */
export function boundingRadius(xyz, centre) {
  let largest = 0;
  for (let i = 0; i < xyz.length; i += 3) {
    const dx = xyz[i] - centre[0];
    const dy = xyz[i + 1] - centre[1];
    const dz = xyz[i + 2] - centre[2];
    largest = Math.max(largest, dx * dx + dy * dy + dz * dz);
  }
  return Math.sqrt(largest);
}

/**
 * How large points are drawn until someone chooses: a sparse cloud reads as surfaces only when its
 * points nearly touch, a dense one drowns in large points.
 * @returns {number} pixels, in the steps of the slider
 */
export function usualPointSize(numPoints) {
  const size = 60 * Math.max(numPoints, 1) ** -0.3;
  return Math.round(2 * Math.min(Math.max(size, 2), 7)) / 2;
}
