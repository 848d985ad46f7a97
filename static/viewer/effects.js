/** What each setting does to the view. An effect runs when one of its settings changes. */

import { boxOf } from "./clip_box.js";
import { formatCount } from "./format.js";
import { legendScale } from "./legend.js";

/** What is shown of the model, as the settings say it. */
export function filterOf({ minTrackLength, maxErrorPx, clip }, frame) {
  return { minTrackLength, maxErrorPx: maxErrorPx ?? Infinity, box: boxOf(clip, frame) };
}

/** Colours of the canvas, which follow its background and not the page's theme. */
function readPalette(stageElement) {
  const style = getComputedStyle(stageElement);
  const colour = (name) => style.getPropertyValue(`--viewer-${name}`).trim();
  const names = ["background", "ink", "halo", "panel", "mark", "measure", "line", "hover", "select"];
  return Object.fromEntries(names.map((name) => [name, colour(name)]));
}

/** How the layer that is shown is drawn: they run again when it is another one. */
export function drawingEffects(app) {
  const { stage, parts, legend } = app;
  return [
    [["pointSize", "attenuate"], (state) => {
      app.layers.setSize(state.pointSize, state.attenuate, stage.viewport);
    }],
    [["minTrackLength", "maxErrorPx", "clip", "up"], (state) => {
      app.layers.setFilter(filterOf(state, app.model.frame));
      app.showCounts();
    }],
    [["background"], (state) => {
      parts.stage.dataset.background = state.background;
      app.palette = readPalette(parts.stage);
      app.overlay.palette = app.palette;
      app.frusta.setColours(app.palette);
    }],
    [["colour", "background", "up"], ({ colour }) => {
      const mode = app.layers.setColour(colour, app.model.up);
      const range = app.layers.rangesAlong(app.model.up)[mode];
      const scale = range ? legendScale(mode, range) : null;
      legend.update(scale, app.palette, stage.viewport.pixelRatio);
    }],
    [["depthShading"], ({ depthShading }) => {
      stage.usesDepthShading = depthShading;
      stage.shape = app.layers.shown;
    }],
  ];
}

function cameraEffects(app) {
  const { navigation, parts } = app;
  return [
    [["up"], ({ up }) => {
      const { view } = navigation;
      app.model.setUp(up);
      navigation.setModel(app.model);
      navigation.setView(view);
    }],
    [["control", "projection"], ({ control, projection }) => {
      navigation.setMode({ control, projection });
      parts.flyPad.hidden = control !== "fly";
    }],
  ];
}

function photoEffects(app) {
  const { parts, panel, photoOverlay } = app;
  return [
    [["frusta", "lookThrough"], ({ frusta, lookThrough }) => {
      // In front of the lens they would hide the photo.
      app.frusta.object.visible = frusta && !lookThrough;
      if (frusta) app.loadThumbnails();
    }],
    [["frustumSize"], ({ frustumSize }) => app.frusta.setSize(frustumSize)],
    [["hoveredPhoto"], ({ hoveredPhoto }) => app.frusta.setHovered(hoveredPhoto)],
    [["photo"], ({ photo }) => {
      app.frusta.setSelected(photo);
      panel.showPhoto(app.model.cameraOf(photo), app.photos.get(photo)?.thumbnailUrl);
    }],
    [["photo", "lookThrough"], ({ photo, lookThrough }) => {
      const camera = lookThrough ? app.model.cameraOf(photo) : null;
      parts.lookBar.hidden = camera === null;
      parts.lookName.textContent = camera?.photo ?? "";
      app.lookThrough(camera);
    }],
    [["photoOpacity"], ({ photoOpacity }) => photoOverlay.setOpacity(photoOpacity)],
  ];
}

function selectionEffects(app) {
  const { store, parts, panel, pointPanel } = app;
  return [
    [["point"], ({ point }) => pointPanel.show(app.model, point)],
    [["point", "photo"], (state) => {
      panel.summary = summaryOf(app.model, state);
    }],
    [["measurements", "metresPerUnit"], (state) => {
      const ends = state.measurements.map((pair) => pair.map((place) => app.model.position(place)));
      const without = (i) => store.state.measurements.filter((_, j) => j !== i);
      panel.listDistances(ends, app.metresPerUnit, (i) => store.set({ measurements: without(i) }));
      app.scaleForm.show(state, app.isLargestModel);
    }],
    [["clip"], (state) => app.clipForm.show(state)],
    [["isMeasuring"], ({ isMeasuring }) => {
      parts.stage.dataset.measuring = String(isMeasuring);
    }],
  ];
}

function summaryOf(model, { point, photo }) {
  if (Array.isArray(point)) return "Chosen place";
  if (point !== null) return `Point in ${formatCount(model.points.trackLength[point])} photos`;
  return model.cameraOf(photo)?.photo ?? "Controls";
}

/**
 * @param {import("./app.js").App} app
 * @param {[string[], (state: Object) => void][]} drawing of `drawingEffects`
 * @returns {[string[], (state: Object) => void][]} in the order in which a new model needs them
 */
export function createEffects(app, drawing) {
  return [
    ...cameraEffects(app),
    ...drawing,
    [["shape"], ({ shape }) => app.showShape(shape)],
    ...photoEffects(app),
    ...selectionEffects(app),
  ];
}
