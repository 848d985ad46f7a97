/** Tells clicks and double clicks from drags, for mouse, pen and touch alike. */

const CLICK_MOVE_PX = 6;
const CLICK_MS = 600;
const DOUBLE_CLICK_MS = 350;
const DOUBLE_CLICK_MOVE_PX = 24;

/** @typedef {{x: number, y: number, isTouch: boolean}} Cursor in px of the element */

const isNear = (a, b, reachPx) => Math.hypot(a.x - b.x, a.y - b.y) <= reachPx;

export class Pointer {
  #element;
  #callbacks;
  #active = new Set();
  #down = null;
  #lastClick = null;

  /**
   * @param {HTMLElement} element
   * @param {{onClick: (cursor: Cursor) => void, onDoubleClick: (cursor: Cursor) => void,
   *   onHover: (cursor: Cursor | null) => void, onDrag: () => void}} callbacks
   *   onDrag is called once for each drag, and for the wheel
   */
  constructor(element, callbacks) {
    this.#element = element;
    this.#callbacks = callbacks;
    element.addEventListener("pointerdown", this.#onDown);
    element.addEventListener("pointermove", this.#onMove);
    // A drag may end outside the element.
    document.addEventListener("pointerup", this.#onUp);
    document.addEventListener("pointercancel", this.#onCancel);
    element.addEventListener("pointerleave", () => callbacks.onHover(null));
    element.addEventListener("wheel", () => callbacks.onDrag(), { passive: true });
  }

  #cursorOf(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return {
      x: event.clientX - left,
      y: event.clientY - top,
      isTouch: event.pointerType === "touch",
    };
  }

  #onDown = (event) => {
    this.#active.add(event.pointerId);
    const isSingle = this.#active.size === 1 && event.button === 0;
    this.#down = isSingle ? { ...this.#cursorOf(event), time: event.timeStamp } : null;
  };

  #onMove = (event) => {
    const cursor = this.#cursorOf(event);
    if (this.#active.size === 0) {
      if (!cursor.isTouch) this.#callbacks.onHover(cursor);
    } else if (this.#down && !isNear(this.#down, cursor, CLICK_MOVE_PX)) {
      this.#down = null;
      this.#callbacks.onDrag();
    }
  };

  #onUp = (event) => {
    this.#active.delete(event.pointerId);
    const down = this.#down;
    this.#down = null;
    if (!down || event.timeStamp - down.time > CLICK_MS) return;
    this.#click(this.#cursorOf(event), event.timeStamp);
  };

  #onCancel = (event) => {
    this.#active.delete(event.pointerId);
    this.#down = null;
  };

  #click(cursor, time) {
    const last = this.#lastClick;
    const isDouble =
      last && time - last.time <= DOUBLE_CLICK_MS && isNear(last, cursor, DOUBLE_CLICK_MOVE_PX);
    this.#lastClick = isDouble ? null : { ...cursor, time };
    if (isDouble) this.#callbacks.onDoubleClick(cursor);
    else this.#callbacks.onClick(cursor);
  }
}
