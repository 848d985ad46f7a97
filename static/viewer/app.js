/** The viewer: its parts, and what happens from a link to a picture and back. */

import { createActions } from "./actions.js";
import { bindActions, bindInputs, bindPressed } from "./bindings.js";
import { ClipForm } from "./clip_form.js";
import { createEffects, drawingEffects, filterOf } from "./effects.js";
import { connectFlyPad } from "./fly_control.js";
import { Frusta } from "./frusta.js";
import { setUpHelp } from "./help.js";
import { Interaction } from "./interaction.js";
import { Keyboard } from "./keyboard.js";
import { Layers } from "./layers.js";
import { possibleState, stateForLink } from "./link_state.js";
import { Legend } from "./legend.js";
import { loadContainer, loadJson } from "./loading.js";
import { marksOf } from "./marks.js";
import { Messages } from "./messages.js";
import { Model } from "./model.js";
import { Navigation } from "./navigation.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { PhotoOverlay } from "./photo_overlay.js";
import { PointPanel } from "./point_panel.js";
import { projectorOf } from "./projector.js";
import { Recording } from "./recording.js";
import { ScaleForm } from "./scale.js";
import { takePicture } from "./screenshot.js";
import { Stage } from "./stage.js";
import { Store } from "./store.js";
import { DEFAULTS } from "./url_state.js";
import { UrlSync } from "./url_sync.js";
import { formatCount } from "./format.js";

// xyz, colour, error and track length: what the progress bar expects for each point.
const BYTES_PER_POINT = 21;

/** Settings that belong to the session and not to a link. */
const SESSION = { isMeasuring: false, measureStart: null, hoveredPhoto: null };
/** Settings that make no sense in another model. */
const MODEL_SETTINGS = [
  "shape", "photo", "lookThrough", "point", "measurements", "minTrackLength", "maxErrorPx", "clip",
  "pointSize", "frusta",
];

export class App {
  /** @type {Model | null} */
  model = null;
  /** @type {Layers | null} */
  layers = null;
  frusta = null;
  palette = null;
  numVisible = 0;
  /** The cameras of all models, once they have been loaded. */
  #camerasJson = null;
  #loading = null;
  #isRestoring = false;
  #effects;
  /** Those of them that say how the layers are drawn. */
  #drawing;
  #showInputs;

  /** @param {Object<string, HTMLElement>} parts  @param {Object} config of the page */
  constructor(parts, config) {
    this.parts = parts;
    this.config = config;
    this.photos = new Map(config.photos.map((photo) => [photo.index, photo]));
    this.store = new Store({
      ...DEFAULTS,
      ...SESSION,
      metresPerUnit: config.metresPerUnit,
      pointSize: 1, // until a model has chosen
    });
    this.messages = new Messages(parts);
    this.panel = new Panel(parts);
    this.overlay = new Overlay(parts.overlay);
    this.legend = new Legend(parts.legend);
    this.photoOverlay = new PhotoOverlay(parts.photoHolder);
    this.pointPanel = new PointPanel(parts, this.photos, (photo) =>
      this.store.set({ photo, lookThrough: true }),
    );
    this.stage = new Stage(parts.canvas, {
      onFrame: (seconds) => this.#frame(seconds),
      onResize: () => this.#resize(),
      onShare: (share) => this.layers?.setShare(share),
    });
    this.navigation = new Navigation(parts.canvas, this.stage.viewport, this.#cameraChanged);
    this.interaction = new Interaction(this);
    this.scaleForm = new ScaleForm(this);
    this.clipForm = new ClipForm(parts.root, this.store, () => this.stage.invalidate());
    this.recording = new Recording(this);
    this.urlSync = new UrlSync(() => this.#linkState(), (state) => this.restore(state));
    this.#connectSettings();
    this.#connectControls();
    this.#resize();
  }

  #connectSettings() {
    this.#drawing = drawingEffects(this);
    this.#effects = createEffects(this, this.#drawing);
    for (const [names, effect] of this.#effects) {
      this.store.on(names, (state) => this.model && !this.#isRestoring && effect(state));
    }
    this.store.on(["model"], () => !this.#isRestoring && this.#changeModel());
    this.store.on([], this.#cameraChanged);
    this.#showInputs = bindInputs(this.parts.root, this.store);
    bindPressed(this.parts.root, this.store);
    this.panel.listModels(this.config.models);
  }

  #connectControls() {
    const actions = createActions(this);
    const run = (name) => (this.isFree || name === "help" || name === "escape") && actions[name]();
    bindActions(this.parts.root, run);
    const { fly } = this.navigation;
    const keyboard = new Keyboard(this.parts.root, {
      run,
      isFlying: () => this.store.state.control === "fly",
      holdFly: (move, isHeld) => fly.hold(move, isHeld),
      setFast: (isFast) => {
        fly.isFast = isFast;
      },
      arrow: (right, up, isShifted) => {
        if (!this.isFree) return;
        if (isShifted) this.navigation.panStep(right, up);
        else this.navigation.turnStep(right, up);
      },
    });
    setUpHelp(this.parts, keyboard);
    connectFlyPad(this.parts.flyPad, fly);
    this.#watchGraphics();
  }

  /** The system may take the graphics card away, for example after sleep. */
  #watchGraphics() {
    const { canvas } = this.stage;
    canvas.addEventListener("webglcontextlost", () => {
      const text = "The graphics card was reset. The view usually comes back within seconds.";
      const reload = { label: "Reload the page", run: () => window.location.reload() };
      this.messages.showProblem("The 3D view has stopped", text, reload);
    });
    canvas.addEventListener("webglcontextrestored", () => this.messages.hideProblem());
  }

  #cameraChanged = () => {
    this.stage.invalidate();
    if (this.model && !this.#isRestoring) this.urlSync.schedule();
  };

  // ------------------------------------------------------------------ frames

  get projector() {
    return projectorOf(this.navigation.camera, this.stage.viewport);
  }

  #frame(seconds) {
    const isMoving = this.navigation.update(seconds);
    if (isMoving) this.#cameraChanged();
    if (this.model) this.overlay.draw(this.projector, marksOf(this));
    return { camera: this.navigation.camera, isMoving };
  }

  #resize() {
    if (!this.navigation) return; // the stage measures itself before the rest exists
    const { viewport } = this.stage;
    const { state } = this.store;
    this.navigation.resize(viewport);
    this.overlay.resize(viewport);
    this.photoOverlay.place(viewport);
    this.layers?.setSize(state.pointSize, state.attenuate, viewport);
  }

  // ------------------------------------------------------------------ models

  /** Shows what the page's link asks for. */
  async start() {
    const isShown = await this.restore(UrlSync.initialState());
    if (!isShown) throw new Error("The model could not be loaded.");
  }

  /** Loads a model unless it is there already. */
  async #openModel(index) {
    const info = this.config.models.find((model) => model.index === index) ?? this.config.models[0];
    if (this.model?.info === info) return;
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const surfaceUrl = info.previewUrl ?? info.denseUrl;
    const onBytes = (numBytes) => this.#showProgress(info, numBytes);
    const [points, surface, camerasJson] = await Promise.all([
      loadContainer(info.pointsUrl, { signal, onBytes: surfaceUrl ? () => {} : onBytes }),
      surfaceUrl ? loadContainer(surfaceUrl, { signal, onBytes }) : null,
      this.#camerasJson ?? loadJson(this.config.camerasUrl, signal),
    ]);
    this.#camerasJson = camerasJson;
    const { cameras } = camerasJson.models.find((model) => model.index === info.index);
    this.#install(new Model(info, points, cameras, surface?.columns));
    this.messages.hideProgress();
    // Who saves data keeps the preview.
    if (info.previewUrl && info.denseUrl && !navigator.connection?.saveData) this.#refine(this.layers, signal);
  }

  #showProgress(info, numBytes) {
    const surfaceBytes = info.previewBytes ?? info.denseBytes;
    if (surfaceBytes) {
      this.messages.showProgress("Loading the model…", numBytes / surfaceBytes);
    } else {
      const text = `Loading ${formatCount(info.numPoints)} points…`;
      this.messages.showProgress(text, numBytes / (info.numPoints * BYTES_PER_POINT));
    }
  }

  #install(model) {
    this.layers?.dispose();
    this.frusta?.dispose();
    this.model = model;
    this.layers = new Layers(model, this.stage.cloudScene);
    this.frusta = new Frusta(model.cameras, model.frame.radius);
    this.stage.framesScene.clear().add(this.frusta.object);
    this.panel.setModel(model, this.layers.shapes);
    this.navigation.setModel(model);
  }

  /** Behind the preview, which can be used meanwhile. */
  async #refine(layers, signal) {
    try {
      await layers.refine(signal, {
        onProgress: () => this.showCounts(),
        onPoints: () => this.stage.invalidate(),
      });
    } catch (error) {
      if (error.name === "AbortError") return;
      this.messages.say(`This is a preview: the finer points could not be loaded. ${error.message}`);
    }
  }

  /** Draws another layer; a mesh only once it has been loaded. */
  async showShape(shape) {
    const { layers } = this;
    if (shape === "mesh" && !layers.has("mesh")) {
      this.messages.say("Loading the mesh…");
      try {
        await layers.loadMesh(this.#loading.signal);
      } catch (error) {
        if (error.name !== "AbortError") this.messages.say(`The mesh could not be loaded. ${error.message}`);
        if (this.layers === layers) this.store.set({ shape: layers.shown });
        return;
      }
      if (this.layers !== layers || this.store.state.shape !== "mesh") return;
      this.messages.say("The mesh is shown.");
    }
    const isUsualSize = this.store.state.pointSize === layers.usualPointSizeOf(layers.shown);
    layers.show(shape);
    this.panel.setLayer(shape, layers.current);
    if (isUsualSize && !this.#isRestoring) this.store.set({ pointSize: layers.usualPointSizeOf(shape) });
    for (const [, effect] of this.#drawing) effect(this.store.state);
    this.#showInputs();
    this.stage.invalidate();
  }

  /** How much of the model is on screen, in the corner of the view. */
  showCounts() {
    const { layers } = this;
    this.numVisible = layers.count(filterOf(this.store.state, this.model.frame));
    this.parts.hud.textContent = layers.describe(this.numVisible);
    this.stage.budget.numPoints = layers.numThinnable;
  }

  loadThumbnails() {
    const urls = this.model.cameras.map((camera) => this.photos.get(camera.photo_index).thumbnailUrl);
    this.frusta.loadPhotos(urls, () => this.stage.invalidate());
  }

  /** The person has chosen another model. */
  async #changeModel() {
    const fresh = Object.fromEntries(MODEL_SETTINGS.map((name) => [name, DEFAULTS[name]]));
    await this.restore({ ...this.store.state, ...fresh, view: null });
    this.urlSync.schedule();
  }

  // ------------------------------------------------------------------- links

  /**
   * Shows a whole state: loads its model, then applies every setting without animation.
   * @param {typeof DEFAULTS} state
   * @returns {Promise<boolean>} whether it is on screen; if not, the person has been told why
   */
  async restore(state) {
    this.urlSync.cancel();
    this.#isRestoring = true;
    try {
      await this.#openModel(state.model);
      this.#applyState(possibleState(state, this.model, this.layers));
      return true;
    } catch (error) {
      if (error.name === "AbortError") return false; // another link came meanwhile
      const retry = { label: "Try again", run: () => this.restore(state) };
      this.messages.showProblem("The model could not be loaded", error.message, retry);
      return false;
    } finally {
      this.#isRestoring = false;
    }
  }

  #applyState({ view, ...settings }) {
    if (this.navigation.isLookingThrough) this.navigation.leavePhoto({ animate: false });
    this.store.set({ ...settings, ...SESSION });
    for (const [, effect] of this.#effects) effect(this.store.state);
    this.#showInputs();
    // While looking through a photo, this is the view to which leaving it returns.
    if (view) this.navigation.setView(view);
    else this.navigation.setPreset("home");
  }

  #linkState() {
    const link = stateForLink(this.store.state, this.model, this.layers);
    return { ...link, view: this.navigation.isHome ? null : this.navigation.view };
  }

  // ------------------------------------------------------------ what actions do

  /** Switches a setting and says so. */
  toggle = (name, textOn, textOff) => {
    this.store.set({ [name]: !this.store.state[name] });
    this.messages.say(this.store.state[name] ? textOn : textOff);
  };

  /** Whether there is a model, and nothing that must not be disturbed. */
  get isFree() {
    return this.model !== null && !this.recording.isOn;
  }

  get isLargestModel() {
    return this.model.info.index === 0;
  }

  /** Of the model on screen; every model has its own units. */
  get metresPerUnit() {
    return this.isLargestModel ? this.store.state.metresPerUnit : null;
  }

  focus(place) {
    this.store.set({ lookThrough: false });
    this.navigation.focus(this.model.position(place));
  }

  /** @param {import("./model.js").PosedCamera | null} camera null to leave */
  lookThrough(camera) {
    const animate = !this.#isRestoring;
    this.photoOverlay.hide();
    if (camera) {
      this.navigation.enterPhoto(camera, { animate, onArrive: () => this.#showPhoto(camera) });
    } else if (this.navigation.isLookingThrough) {
      this.navigation.leavePhoto({ animate });
    }
  }

  #showPhoto(camera) {
    const { previewUrl } = this.photos.get(camera.photo_index);
    this.photoOverlay.show(camera, previewUrl, this.stage.viewport).catch(() => {
      this.messages.say(`The photo ${camera.photo} could not be loaded.`);
    });
  }

  stayAtPhoto() {
    if (!this.navigation.isLookingThrough) return;
    this.navigation.stayAtPhoto();
    this.store.set({ lookThrough: false });
  }

  takePicture() {
    const { stage, photoOverlay, overlay, legend, palette } = this;
    return takePicture({ stage, photoOverlay, overlay, legend, background: palette.background });
  }

  /** For tests and for the curious. */
  stats() {
    return {
      numPoints: this.layers?.total ?? 0,
      numVisible: this.numVisible,
      isRefining: this.layers !== null && this.layers.progress !== null,
      gpuBytes: this.layers?.gpuBytes ?? 0,
      shareWhileMoving: this.stage.budget.share,
      frames: this.stage.numFrames,
      model: this.model?.info.index ?? null,
      isLookingThrough: this.navigation.isLookingThrough,
      view: this.navigation.view,
      settings: { ...this.store.state },
    };
  }
}
