/** The keys, once: for the handler, for the buttons' hints and for the help. */

/** @typedef {{key: string, action: string, label: string}} Shortcut */

/** @type {{title: string, shortcuts: Shortcut[]}[]} */
export const SHORTCUTS = [
  {
    title: "Look around",
    shortcuts: [
      { key: "O", action: "orbit", label: "Turn the model" },
      { key: "F", action: "fly", label: "Fly through the model" },
      { key: "R", action: "home", label: "Back to the first view" },
      { key: "1", action: "front", label: "From the front" },
      { key: "2", action: "side", label: "From the side" },
      { key: "3", action: "top", label: "From above" },
      { key: "P", action: "parallel", label: "With or without perspective" },
      { key: "U", action: "nextUp", label: "Another direction is up" },
      { key: "+", action: "zoomIn", label: "Closer" },
      { key: "-", action: "zoomOut", label: "Farther away" },
    ],
  },
  {
    title: "Model",
    shortcuts: [
      { key: "4", action: "showDense", label: "All points of the surfaces" },
      { key: "5", action: "showMesh", label: "Mesh" },
      { key: "6", action: "showSparse", label: "Points that the photos were placed with" },
      { key: "C", action: "nextColour", label: "Next colouring" },
      { key: "[", action: "smallerPoints", label: "Smaller points" },
      { key: "]", action: "largerPoints", label: "Larger points" },
      { key: "Z", action: "attenuate", label: "Nearer points look larger" },
      { key: "L", action: "depthShading", label: "Depth shading" },
      { key: "0", action: "clearFilters", label: "Show everything again" },
      { key: "J", action: "focusPoint", label: "Centre the view on the chosen point" },
    ],
  },
  {
    title: "Photos",
    shortcuts: [
      { key: "V", action: "frusta", label: "Show or hide where photos were taken" },
      { key: "{", action: "smallerFrusta", label: "Smaller photos" },
      { key: "}", action: "largerFrusta", label: "Larger photos" },
      { key: ",", action: "previousPhoto", label: "Previous photo" },
      { key: ".", action: "nextPhoto", label: "Next photo" },
      { key: "Enter", action: "lookThrough", label: "Look through the chosen photo" },
      { key: "K", action: "stay", label: "Stay here and move freely" },
    ],
  },
  {
    title: "Tools",
    shortcuts: [
      { key: "M", action: "measure", label: "Measure a distance" },
      { key: "X", action: "clearMeasurements", label: "Remove all measurements" },
      { key: "I", action: "picture", label: "Save a picture" },
      { key: "7", action: "turntable", label: "Record a video, once round" },
      { key: "T", action: "downloadPoints", label: "Download the points that are shown" },
      { key: "Y", action: "copyLink", label: "Copy a link to this view" },
      { key: "G", action: "fullScreen", label: "Full screen" },
      { key: "B", action: "background", label: "Light or dark background" },
      { key: "H", action: "panel", label: "Show or hide the controls" },
      { key: "N", action: "nextModel", label: "Next model" },
      { key: "?", action: "help", label: "This list" },
      { key: "Escape", action: "escape", label: "Leave or cancel" },
    ],
  },
];

/** Keys that the pointer's hand does not press; shown in the help only. */
export const MOVEMENT_HELP = [
  ["Drag, one finger", "Turn the model"],
  ["Right drag, two fingers", "Move sideways"],
  ["Wheel, pinch", "Closer or farther away"],
  ["Arrow keys", "Turn; with Shift, move sideways"],
  ["W A S D, Q E", "While flying: move; with Shift, faster"],
  ["Click", "Choose a point or a photo"],
  ["Double click", "Centre on a point, look through a photo"],
];

const FLY_KEYS = { w: "forward", s: "back", a: "left", d: "right", e: "up", q: "down" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const NAMES = { Escape: "Esc" };

/** How a key is called on screen. */
export const keyName = (key) => NAMES[key] ?? key;

const ACTION_OF_KEY = new Map(
  SHORTCUTS.flatMap(({ shortcuts }) => shortcuts).map(({ key, action }) => [key.toLowerCase(), action]),
);

/** Whether the focused element needs the key for itself. */
function isTaken(event) {
  const element = event.target;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  const isText = element.matches("input:not([type=range], [type=checkbox], [type=radio])");
  if (isText) return true;
  if (event.key === "Enter") return element.matches("button, a, summary, input");
  return event.key in ARROWS && element.matches("input");
}

export class Keyboard {
  /** People who speak to their computer may need to switch single keys off. */
  isOn = true;
  #root;
  #callbacks;

  /**
   * @param {HTMLElement} root keys count while the focus is inside, or nowhere
   * @param {{run: (action: string) => void, isFlying: () => boolean,
   *   holdFly: (move: string, isHeld: boolean) => void, setFast: (isFast: boolean) => void,
   *   arrow: (right: number, up: number, isShifted: boolean) => void}} callbacks
   */
  constructor(root, callbacks) {
    this.#root = root;
    this.#callbacks = callbacks;
    document.addEventListener("keydown", this.#onKeyDown);
    document.addEventListener("keyup", this.#onKeyUp);
  }

  #isOurs(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
    if (this.#root.querySelector("dialog[open]")) return false;
    const isInside = event.target === document.body || this.#root.contains(event.target);
    return isInside && !isTaken(event);
  }

  #onKeyDown = (event) => {
    if (!this.#isOurs(event)) return;
    if (event.key === "Shift") this.#callbacks.setFast(true);
    if (event.key in ARROWS && event.target === document.body) return; // scrolls the page
    if (!this.isOn && event.key.length === 1) return;
    if (this.#run(event)) event.preventDefault();
  };

  #run(event) {
    const move = FLY_KEYS[event.key.toLowerCase()];
    if (move && this.#callbacks.isFlying()) {
      this.#callbacks.holdFly(move, true);
      return true;
    }
    if (event.key in ARROWS) {
      this.#callbacks.arrow(...ARROWS[event.key], event.shiftKey);
      return true;
    }
    const action = ACTION_OF_KEY.get(event.key.toLowerCase());
    if (action) this.#callbacks.run(action);
    return action !== undefined;
  }

  // Wherever the focus is by now: a key that is up must not go on moving the camera.
  #onKeyUp = (event) => {
    if (event.key === "Shift") this.#callbacks.setFast(false);
    const move = FLY_KEYS[event.key.toLowerCase()];
    if (move) this.#callbacks.holdFly(move, false);
  };
}
