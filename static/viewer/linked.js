/** The same view of two models that share no coordinates. */

import { add, cross, dot, scale, subtract } from "./geometry.js";

/**
 * A view of one model as seen in another: about its centre, in its size, and turned so that the
 * sides from which the photos were taken agree.
 * @param {import("./url_state.js").View} view
 * @param {import("./geometry.js").SceneFrame} from of the model that the view shows
 * @param {import("./geometry.js").SceneFrame} to
 * @returns {import("./url_state.js").View}
 */
export function carryView({ position, target, zoom }, from, to) {
  const carry = (point) => carryPoint(point, from, to);
  return { position: carry(position), target: carry(target), zoom };
}

function carryPoint(point, from, to) {
  const offset = subtract(point, from.centre);
  const along = axesOf(from).map((axis) => dot(offset, axis) / from.radius);
  return axesOf(to).reduce(
    (sum, axis, i) => add(sum, scale(axis, along[i] * to.radius)),
    to.centre,
  );
}

function axesOf({ up, front }) {
  return [cross(up, front), up, front];
}
