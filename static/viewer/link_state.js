/** What of a link a model can show, and what of a view a link has to say. */

// Phones draw the shading too slowly.
const usesDepthShadingHere = () => !window.matchMedia("(pointer: coarse)").matches;
/** Frames in front of a surface would hide what one came to see. */
const showsFrusta = (model) => model.surface === null;

/** Settings as they are where neither a link nor a person has chosen. */
function usual({ shape }, model, layers) {
  return {
    shape: layers.shapes[0],
    depthShading: usesDepthShadingHere(),
    frusta: showsFrusta(model),
    pointSize: layers.usualPointSizeOf(shape),
  };
}

/**
 * A state without what this model does not have, as after a new reconstruction, and with all that
 * a link leaves open.
 * @param {import("./model.js").Model} model
 * @param {import("./layers.js").Layers} layers
 */
export function possibleState(state, model, layers) {
  const shape = layers.shapes.includes(state.shape) ? state.shape : layers.shapes[0];
  const photo = model.cameraOf(state.photo) ? state.photo : null;
  const chosen = { ...state, shape };
  for (const [name, value] of Object.entries(usual(chosen, model, layers))) chosen[name] ??= value;
  return {
    ...chosen,
    model: model.info.index,
    photo,
    lookThrough: state.lookThrough && photo !== null,
    point: state.point !== null && model.hasPlace(state.point) ? state.point : null,
    measurements: state.measurements.filter((pair) => pair.every((place) => model.hasPlace(place))),
    control: state.projection === "orthographic" ? "orbit" : state.control,
  };
}

/** The other way: null for what the model and the device choose themselves. */
export function stateForLink(state, model, layers) {
  const link = { ...state };
  for (const [name, value] of Object.entries(usual(state, model, layers))) {
    if (link[name] === value) link[name] = null;
  }
  return link;
}
