/** A turntable video: once round what is in the middle of the view, recorded from the canvas. */

import { download, fileName } from "./screenshot.js";

const DURATION_S = 10;
const FRAMES_PER_SECOND = 30;
const BITS_PER_SECOND = 12e6;
const LARGEST_SIDE_PX = 1920;
/** The first one that the browser can record. Safari's older versions know the last one only. */
const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

/** @returns {string | undefined} */
function supportedType() {
  const canRecord = typeof MediaRecorder !== "undefined" && HTMLCanvasElement.prototype.captureStream;
  return canRecord ? TYPES.find((type) => MediaRecorder.isTypeSupported(type)) : undefined;
}

/** The largest size with the canvas's shape that players accept: even, and not too large. */
export function filmSize({ width, height }) {
  const factor = Math.min(1, LARGEST_SIDE_PX / Math.max(width, height));
  const even = (side) => Math.max(2, 2 * Math.floor((side * factor) / 2));
  return { width: even(width), height: even(height) };
}

/** A canvas of its own: the viewer's is transparent, and not yet filled with the next frame. */
class Film {
  #canvas = document.createElement("canvas");
  #context = this.#canvas.getContext("2d", { alpha: false });
  #recorder;
  #pieces = [];

  constructor(source, background, type) {
    Object.assign(this.#canvas, filmSize(source));
    this.#context.fillStyle = background;
    this.draw(source);
    const stream = this.#canvas.captureStream(FRAMES_PER_SECOND);
    this.#recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#pieces.push(data));
    this.#recorder.start();
  }

  draw(source) {
    const { width, height } = this.#canvas;
    this.#context.fillRect(0, 0, width, height);
    this.#context.drawImage(source, 0, 0, width, height);
  }

  /** @returns {Promise<Blob>} */
  finish() {
    const { mimeType } = this.#recorder;
    return new Promise((resolve, reject) => {
      this.#recorder.addEventListener("error", ({ error }) => reject(error));
      this.#recorder.addEventListener("stop", () => resolve(new Blob(this.#pieces, { type: mimeType })));
      this.#recorder.stop();
    });
  }
}

export class Recording {
  isOn = false;
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    app.parts.recordCancel.addEventListener("click", () => this.cancel());
  }

  async start() {
    const { messages, config } = this.#app;
    const type = supportedType();
    if (!type) {
      messages.say("This browser cannot record videos. Recent versions of Firefox, Chrome and Edge can.");
      return;
    }
    try {
      const video = await this.#record(type);
      if (video === null) {
        messages.say("The video is cancelled.");
        return;
      }
      download(video, fileName(`${config.jobName} turntable`, type.slice(6).split(";")[0]));
      messages.say("The video is saved with your downloads.");
    } catch (error) {
      messages.say(`The video could not be recorded. ${error.message}`);
    } finally {
      this.#show(false);
    }
  }

  /** @returns {Promise<Blob | null>} null when it was cancelled */
  async #record(type) {
    const { stage, store, palette, navigation } = this.#app;
    store.set({ lookThrough: false, control: "orbit", isMeasuring: false, hoveredPhoto: null });
    this.#show(true);
    stage.renderNow();
    const film = new Film(stage.canvas, palette.background, type);
    stage.onDrawn = () => film.draw(stage.canvas);
    try {
      const isWhole = await navigation.turnRound(DURATION_S, (share) => this.#tell(share));
      const video = await film.finish();
      return isWhole ? video : null;
    } finally {
      stage.onDrawn = () => {};
    }
  }

  cancel() {
    this.#app.navigation.stopTurning();
  }

  #show(isOn) {
    const { parts, messages, stage } = this.#app;
    this.isOn = isOn;
    parts.recordBar.hidden = !isOn;
    if (isOn) {
      this.#tell(0);
      messages.say(`Recording a video of ${DURATION_S} seconds. Esc cancels it.`);
      parts.recordCancel.focus({ preventScroll: true });
    } else if (document.activeElement === document.body || parts.recordBar.contains(document.activeElement)) {
      stage.canvas.focus({ preventScroll: true });
    }
  }

  #tell(share) {
    const { recordProgress, recordText } = this.#app.parts;
    recordProgress.value = share;
    recordText.textContent = `Recording, ${Math.round(100 * share)} %`;
  }
}
