/** What clicks, double clicks and hovering on the canvas mean. */

import { filterOf } from "./effects.js";
import { formatLength, formatPhotos } from "./format.js";
import { distance } from "./geometry.js";
import { pickFrame } from "./picking.js";
import { Pointer } from "./pointer.js";

const MOUSE_TOLERANCE_PX = 8;
const TOUCH_TOLERANCE_PX = 18;
/** How far behind the front point another one may lie and still be the one that is meant. */
const SLACK_RADII = 0.03;

export class Interaction {
  /** Where the mouse is, for the line that follows it. */
  cursor = null;
  #app;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.#app = app;
    new Pointer(app.stage.canvas, {
      onClick: (cursor) => app.isFree && this.#click(cursor),
      onDoubleClick: (cursor) => app.isFree && this.#doubleClick(cursor),
      onHover: (cursor) => app.isFree && this.#hover(cursor),
      onDrag: () => app.navigation.isLookingThrough && app.stayAtPhoto(),
    });
  }

  #pickPlace(cursor) {
    const { model, layers, store, navigation, projector } = this.#app;
    const { state } = store;
    return layers.pick(cursor, {
      state,
      projector,
      projectionMatrix: navigation.camera.projectionMatrix,
      filter: filterOf(state, model.frame),
      tolerancePx: cursor.isTouch ? TOUCH_TOLERANCE_PX : MOUSE_TOLERANCE_PX,
      slack: SLACK_RADII * model.frame.radius,
    });
  }

  #pickPhoto(cursor) {
    const { frusta, projector, model } = this.#app;
    if (!frusta.object.visible) return null;
    const tolerancePx = (cursor.isTouch ? TOUCH_TOLERANCE_PX : MOUSE_TOLERANCE_PX) / 2;
    const found = pickFrame(frusta.frames(), projector, cursor, tolerancePx);
    return found && { photoIndex: model.cameras[found.index].photo_index, depth: found.depth };
  }

  /** The place or the photo under the cursor, whichever is in front. */
  #pick(cursor) {
    const photo = this.#pickPhoto(cursor);
    const point = this.#pickPlace(cursor);
    if (photo && (!point || photo.depth < point.depth)) return { photo: photo.photoIndex };
    return point ? { point: point.place } : {};
  }

  #click(cursor) {
    const { store, messages, model } = this.#app;
    if (store.state.isMeasuring) {
      this.#measure(cursor);
      return;
    }
    const { photo, point } = this.#pick(cursor);
    if (photo !== undefined) {
      store.set({ photo });
      messages.say(model.cameraOf(photo).photo);
    } else if (point !== undefined) {
      store.set({ point });
      messages.say(wordsFor(point, model));
    } else if (!store.state.lookThrough) {
      store.set({ point: null, photo: null });
    }
  }

  #doubleClick(cursor) {
    const { store, navigation } = this.#app;
    const { photo, point } = this.#pick(cursor);
    if (photo !== undefined) {
      store.set({ photo, lookThrough: true });
    } else if (point !== undefined && !navigation.isLookingThrough) {
      store.set({ point });
      this.#app.focus(point);
    }
  }

  #measure(cursor) {
    const { store, messages, model } = this.#app;
    const end = this.#pickPlace(cursor)?.place;
    const { measureStart: start, measurements } = store.state;
    if (end === undefined) {
      messages.say("There is no point. Click on one.");
    } else if (start === null) {
      store.set({ measureStart: end });
      messages.say("Now choose the second point.");
    } else if (end !== start) {
      store.set({ measureStart: null, measurements: [...measurements, [start, end]] });
      const units = distance(model.position(start), model.position(end));
      const length = formatLength(units, this.#app.metresPerUnit);
      messages.say(`The distance is ${length}. Choose the next two points, or press Esc.`);
    }
  }

  #hover(cursor) {
    const { store, stage } = this.#app;
    this.cursor = cursor;
    if (store.state.measureStart !== null) stage.invalidate();
    const canHover = cursor !== null && !store.state.isMeasuring;
    const photo = canHover ? this.#pickPhoto(cursor) : null;
    store.set({ hoveredPhoto: photo?.photoIndex ?? null });
    stage.canvas.style.cursor = photo ? "pointer" : "";
  }
}

function wordsFor(place, model) {
  if (Array.isArray(place)) return "A place on the surface is chosen.";
  return `A point in ${formatPhotos(model.points.trackLength[place])} is chosen.`;
}
