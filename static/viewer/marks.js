/** What the overlay draws on top of the model, from the settings. */

import { EDGES, cornersOf } from "./clip_box.js";
import { mix } from "./geometry.js";

/** @param {import("./app.js").App} app */
export function marksOf(app) {
  const { store, frusta, model, palette, interaction, photos, clipForm } = app;
  const { measurements, measureStart, point, photo, hoveredPhoto, clip } = store.state;
  const frame = (photoIndex, colour) => {
    const corners = frusta.object.visible && frusta.frameOf(photoIndex)?.corners;
    return corners ? [{ corners, colour }] : [];
  };
  const at = (place) => (place === null ? null : model.position(place));
  const hovered = frusta.object.visible ? frusta.frameOf(hoveredPhoto) : null;
  return {
    metresPerUnit: app.metresPerUnit,
    measurements: measurements.map((pair) => pair.map(at)),
    start: at(measureStart),
    cursor: interaction.cursor,
    point: at(point),
    frames: [...frame(hoveredPhoto, palette.hover), ...frame(photo, palette.select)],
    edges: clip && clipForm.isInUse ? edgesOf(clip, model.frame) : [],
    label: hovered && {
      text: photos.get(hoveredPhoto).name,
      at: mix(hovered.corners[0], hovered.corners[1], 0.5),
    },
  };
}

function edgesOf(clip, frame) {
  const corners = cornersOf(clip, frame);
  return EDGES.map(([from, to]) => [corners[from], corners[to]]);
}
