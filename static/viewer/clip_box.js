/**
 * The part of the model that is shown: a box along the scene's own axes. Each side is a percentage
 * of the scene's size, so that a link fits whatever the units are. No three.js, so Node can test it.
 */

import { add, cross, dot, scale } from "./geometry.js";

/** In the order of a clip's six numbers: the low and the high side of each axis. */
export const SIDES = ["left", "right", "bottom", "top", "back", "front"];
/** Everything: where each side is when it cuts nothing off. */
export const WHOLE = Object.freeze([0, 100, 0, 100, 0, 100]);

const LEAST_GAP = 2;
/** The sliders reach beyond the robust bounds by this share, since some of the model lies there. */
const REACH = 0.1;
/** Large enough for any model, and a number that GLSL knows. */
const NO_LIMIT = 3e38;

/**
 * @typedef {Object} Box
 * @property {number[][]} axes three unit vectors
 * @property {number[]} low along each axis, in world units
 * @property {number[]} high
 */

/** @type {Box} */
export const EVERYTHING = Object.freeze({
  axes: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  low: [-NO_LIMIT, -NO_LIMIT, -NO_LIMIT],
  high: [NO_LIMIT, NO_LIMIT, NO_LIMIT],
});

/** What the sliders span along each axis. @returns {{axes: number[][], ranges: number[][]}} */
function reachOf(frame) {
  const axes = [cross(frame.up, frame.front), frame.up, frame.front];
  const ranges = axes.map((axis) => {
    const along = frame.corners.map((corner) => dot(corner, axis));
    const low = Math.min(...along);
    const high = Math.max(...along);
    const margin = REACH * (high - low);
    return [low - margin, high + margin];
  });
  return { axes, ranges };
}

const between = ([low, high], percent) => low + ((high - low) * percent) / 100;

/**
 * @param {number[] | null} clip six percentages in the order of SIDES; null shows everything
 * @param {import("./geometry.js").SceneFrame} frame
 * @returns {Box} a side at its end has no limit
 */
export function boxOf(clip, frame) {
  if (clip === null) return EVERYTHING;
  const { axes, ranges } = reachOf(frame);
  return {
    axes,
    low: ranges.map((range, i) => (clip[2 * i] <= 0 ? -NO_LIMIT : between(range, clip[2 * i]))),
    high: ranges.map((range, i) =>
      clip[2 * i + 1] >= 100 ? NO_LIMIT : between(range, clip[2 * i + 1]),
    ),
  };
}

/** The same test as in the shaders. */
export function isInside({ axes, low, high }, x, y, z) {
  for (let i = 0; i < 3; i++) {
    const axis = axes[i];
    const along = axis[0] * x + axis[1] * y + axis[2] * z;
    if (along < low[i] || along > high[i]) return false;
  }
  return true;
}

/** The eight corners, for drawing; corner n is high along axis i where bit i of n is set. */
export function cornersOf(clip, frame) {
  const { axes, ranges } = reachOf(frame);
  return Array.from({ length: 8 }, (_, bits) =>
    axes.reduce((sum, axis, i) => {
      const side = clip[2 * i + ((bits >> i) & 1)];
      return add(sum, scale(axis, between(ranges[i], side)));
    }, [0, 0, 0]),
  );
}

/** Pairs of corners that an edge connects. */
export const EDGES = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((corner) =>
  [1, 2, 4].filter((bit) => !(corner & bit)).map((bit) => [corner, corner | bit]),
);

/**
 * Moves one side, which stops before the opposite one.
 * @param {number[] | null} clip
 * @param {number} side index into SIDES
 * @param {number} percent
 * @returns {number[] | null}
 */
export function withSide(clip, side, percent) {
  const moved = [...(clip ?? WHOLE)];
  const isLow = side % 2 === 0;
  const opposite = moved[isLow ? side + 1 : side - 1];
  const within = Math.min(100, Math.max(0, percent));
  moved[side] = isLow ? Math.min(within, opposite - LEAST_GAP) : Math.max(within, opposite + LEAST_GAP);
  return moved.every((value, i) => value === WHOLE[i]) ? null : moved;
}

/** Whether six numbers are a clip that leaves something over. */
export function isClip(values) {
  return (
    values.length === 6 &&
    values.every((value) => value >= 0 && value <= 100) &&
    [0, 2, 4].every((i) => values[i] < values[i + 1])
  );
}
