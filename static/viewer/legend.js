/** What the colours mean: a bar with ticks, on the page and in pictures. */

import { RAMP_SIZE, colourRamp, niceTicks } from "./colours.js";
import { formatCount, formatNumber } from "./format.js";

const WIDTH = 224;
const HEIGHT = 58;
const BAR = { left: 12, top: 26, width: WIDTH - 24, height: 10 };

const TITLES = {
  height: "Height (units)",
  error: "Sharpness of fit (px)",
  track: "Photos that see a point",
};

/**
 * @typedef {Object} LegendScale
 * @property {string} mode
 * @property {[number, number]} range as the legend counts: heights start at 0
 */

/** @param {string} mode  @param {[number, number]} range of the colour map */
export function legendScale(mode, [low, high]) {
  return { mode, range: mode === "height" ? [0, high - low] : [low, high] };
}

/** The same in words, for people who cannot see the bar. */
function describeLegend({ mode, range: [low, high] }) {
  const format = mode === "track" ? formatCount : formatNumber;
  return `${TITLES[mode]}: colours go from ${format(low)} to ${format(high)}`;
}

function drawBar(context, mode) {
  const rgba = new Uint8ClampedArray(colourRamp(mode));
  const strip = document.createElement("canvas");
  strip.width = RAMP_SIZE;
  strip.height = 1;
  strip.getContext("2d").putImageData(new ImageData(rgba, RAMP_SIZE, 1), 0, 0);
  context.drawImage(strip, BAR.left, BAR.top, BAR.width, BAR.height);
}

/**
 * Draws into a context whose unit is the CSS px, with the top left corner at 0, 0.
 * @param {LegendScale} scale
 * @param {import("./overlay.js").Palette} palette
 */
function drawLegend(context, { mode, range: [low, high] }, palette) {
  const isCount = mode === "track";
  context.fillStyle = palette.panel;
  context.beginPath();
  context.roundRect(0, 0, WIDTH, HEIGHT, 8);
  context.fill();
  drawBar(context, mode);
  context.fillStyle = palette.ink;
  context.font = '500 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  context.textAlign = "left";
  context.fillText(TITLES[mode], BAR.left, 17);
  context.font = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  for (const tick of niceTicks(low, high, 4, isCount)) {
    const x = BAR.left + ((tick - low) / (high - low)) * BAR.width;
    context.fillRect(x - 0.5, BAR.top + BAR.height, 1, 4);
    const text = isCount ? formatCount(tick) : String(tick);
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(WIDTH - 2 * half - 4, Math.max(4, x - half)), HEIGHT - 6);
  }
}

export class Legend {
  #drawn = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {LegendScale | null} scale null hides the legend */
  update(scale, palette, pixelRatio) {
    this.canvas.hidden = scale === null;
    this.#drawn = scale && { scale, palette };
    if (scale === null) return;
    this.canvas.width = WIDTH * pixelRatio;
    this.canvas.height = HEIGHT * pixelRatio;
    const context = this.canvas.getContext("2d");
    context.scale(pixelRatio, pixelRatio);
    drawLegend(context, scale, palette);
    this.canvas.setAttribute("aria-label", describeLegend(scale));
  }

  /** Into the bottom right corner of a picture whose unit is the CSS px of the viewport. */
  drawInto(context, { width, height }) {
    if (!this.#drawn) return;
    context.save();
    context.translate(width - WIDTH, height - HEIGHT);
    drawLegend(context, this.#drawn.scale, this.#drawn.palette);
    context.restore();
  }
}
