/** Everything that a button or a key can do, by name. */

import { UPS } from "./url_state.js";
import { filterOf } from "./effects.js";
import { formatCount } from "./format.js";
import { densePlyOf, plyOf } from "./ply.js";
import { download, fileName } from "./screenshot.js";

const POINT_SIZES = [1, 10];
const POINT_SIZE_STEP = 0.5;
const FRUSTUM_SIZES = [1 / 8, 8];
const FRUSTUM_STEP = 2 ** 0.5;

const COLOUR_WORDS = {
  rgb: "Colours of the photos.",
  height: "Coloured by height.",
  error: "Coloured by sharpness of fit.",
  track: "Coloured by how many photos see each point.",
};
const SHAPE_WORDS = {
  dense: "All points of the surfaces.",
  mesh: "The surfaces as a mesh.",
  sparse: "The points that the photos were placed with.",
};

const after = (list, item) => list[(list.indexOf(item) + 1) % list.length];
const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));

/** @param {import("./app.js").App} app */
function movementActions({ store, navigation, messages }) {
  const animate = { animate: true };
  const preset = (name) => () => {
    if (store.state.lookThrough) store.set({ lookThrough: false });
    navigation.setPreset(name, animate);
  };
  return {
    orbit: () => {
      store.set({ control: "orbit" });
      messages.say("Drag to turn the model.");
    },
    fly: () => {
      store.set({ control: "fly", projection: "perspective", lookThrough: false });
      messages.say("Flying: W A S D to move, Q and E for down and up, drag to look around.");
    },
    home: preset("home"),
    front: preset("front"),
    side: preset("side"),
    top: preset("top"),
    parallel: () => {
      const isParallel = store.state.projection === "orthographic";
      if (isParallel) store.set({ projection: "perspective" });
      else store.set({ projection: "orthographic", control: "orbit", lookThrough: false });
      messages.say(isParallel ? "With perspective." : "Without perspective, as on a plan.");
    },
    nextUp: () => store.set({ up: after(UPS, store.state.up) }),
    zoomIn: () => navigation.zoomStep(1),
    zoomOut: () => navigation.zoomStep(-1),
  };
}

function shapeActions(app) {
  const show = (shape) => () => {
    if (!app.layers.shapes.includes(shape)) {
      app.messages.say("This result does not have that.");
      return;
    }
    app.store.set({ shape });
    if (app.layers.shown === shape) app.messages.say(SHAPE_WORDS[shape]);
  };
  return { showDense: show("dense"), showMesh: show("mesh"), showSparse: show("sparse") };
}

function pointActions(app) {
  const { store, messages, toggle } = app;
  const resize = (change) =>
    store.set({ pointSize: clamp(store.state.pointSize + change, POINT_SIZES) });
  return {
    nextColour: () => {
      store.set({ colour: after(app.layers.current.colours, store.state.colour) });
      messages.say(COLOUR_WORDS[store.state.colour]);
    },
    smallerPoints: () => resize(-POINT_SIZE_STEP),
    largerPoints: () => resize(POINT_SIZE_STEP),
    attenuate: () => toggle("attenuate", "Nearer points look larger.", "All points have the same size."),
    depthShading: () => toggle("depthShading", "Depth shading on.", "Depth shading off."),
    background: () =>
      store.set({ background: store.state.background === "dark" ? "light" : "dark" }),
    clearFilters: () => store.set({ minTrackLength: 0, maxErrorPx: null, clip: null }),
    clearPoint: () => store.set({ point: null }),
  };
}

function photoActions(app) {
  const { store, messages, toggle } = app;
  const resize = (factor) =>
    store.set({ frustumSize: clamp(store.state.frustumSize * factor, FRUSTUM_SIZES) });
  const step = (direction) => {
    const photos = app.model.cameras.map((camera) => camera.photo_index);
    if (photos.length === 0) return;
    const at = photos.indexOf(store.state.photo);
    const first = direction > 0 ? -1 : 0;
    const next = ((at < 0 ? first : at) + direction + photos.length) % photos.length;
    store.set({ photo: photos[next] });
    messages.say(app.model.cameras[next].photo);
  };
  return {
    frusta: () => toggle("frusta", "Photos shown.", "Photos hidden."),
    smallerFrusta: () => resize(1 / FRUSTUM_STEP),
    largerFrusta: () => resize(FRUSTUM_STEP),
    nextPhoto: () => step(1),
    previousPhoto: () => step(-1),
    lookThrough: () => {
      if (store.state.photo === null) step(1);
      if (store.state.photo !== null) store.set({ lookThrough: true });
    },
    leave: () => store.set({ lookThrough: false }),
    stay: () => app.stayAtPhoto(),
  };
}

function toolActions(app) {
  const { store, messages, parts } = app;
  const escape = [
    [() => app.recording.isOn, () => app.recording.cancel()],
    [() => store.state.measureStart !== null, () => store.set({ measureStart: null })],
    [() => store.state.isMeasuring, () => store.set({ isMeasuring: false })],
    [() => store.state.lookThrough, () => store.set({ lookThrough: false })],
    [() => store.state.point !== null, () => store.set({ point: null })],
    [() => store.state.photo !== null, () => store.set({ photo: null })],
    [() => parts.root.classList.contains("viewer--full"), () => parts.root.classList.remove("viewer--full")],
  ];
  return {
    measure: () => {
      const isMeasuring = !store.state.isMeasuring;
      store.set({ isMeasuring, measureStart: null });
      messages.say(isMeasuring ? "Choose two points to measure their distance." : "Measuring off.");
    },
    clearMeasurements: () => store.set({ measurements: [], measureStart: null }),
    picture: async () => {
      store.set({ hoveredPhoto: null });
      download(await app.takePicture(), fileName(app.config.jobName, "png"));
      messages.say("The picture is saved with your downloads.");
    },
    turntable: () => app.recording.start(),
    downloadPoints: () => {
      if (app.config.mayDownload === false) {
        messages.say("This link is for looking only.");
        return;
      }
      if (app.layers.shown === "mesh") {
        messages.say("Choose points first: the mesh is among the downloads of this page.");
        return;
      }
      const filter = filterOf(store.state, app.model.frame);
      const file = app.layers.shown === "dense"
        ? densePlyOf(app.layers.current.points, filter, app.metresPerUnit)
        : plyOf(app.model.columns, filter, app.metresPerUnit);
      download(new Blob([file], { type: "application/octet-stream" }), fileName(app.config.jobName, "ply"));
      messages.say(`${formatCount(app.numVisible)} points are saved with your downloads.`);
    },
    copyLink: () => copyLink(app),
    fullScreen: () => toggleFullScreen(parts.root),
    help: () => parts.help.showModal(),
    panel: () => {
      app.panel.isOpen = !app.panel.isOpen;
    },
    nextModel: () => {
      const indices = app.config.models.map(({ index }) => index);
      store.set({ model: after(indices, store.state.model) });
    },
    escape: () => escape.find(([applies]) => applies())?.[1](),
  };
}

async function copyLink({ urlSync, messages }) {
  try {
    // Missing on pages without HTTPS, as on a server in the local network.
    await navigator.clipboard.writeText(urlSync.url);
    messages.say("The link to this view is copied.");
  } catch {
    window.prompt("The link to this view:", urlSync.url);
  }
}

async function toggleFullScreen(root) {
  if (document.fullscreenElement) {
    await document.exitFullscreen();
    return;
  }
  try {
    await root.requestFullscreen();
  } catch {
    // Phones that know full screen for videos only: fill the window instead.
    root.classList.toggle("viewer--full");
  }
}

/** @param {import("./app.js").App} app  @returns {Object<string, () => void>} */
export function createActions(app) {
  return {
    ...movementActions(app),
    ...shapeActions(app),
    ...pointActions(app),
    ...photoActions(app),
    ...toolActions(app),
    focusPoint: () => {
      const { point } = app.store.state;
      if (point === null) app.messages.say("Choose a point first: click on one.");
      else app.focus(point);
    },
  };
}
