/**
 * Colour maps made in OKLCH, where equal steps look equal: lightness rises evenly, the hue
 * turns evenly. They start lighter than viridis does, because the canvas is dark.
 */

const RAMPS = {
  // blue → teal → green → yellow
  height: { lightness: [0.48, 0.93], hueDegrees: [285, 100], chroma: 0.15 },
  track: { lightness: [0.48, 0.93], hueDegrees: [285, 100], chroma: 0.15 },
  // violet → red → orange → pale yellow: warm means a poor fit
  error: { lightness: [0.45, 0.93], hueDegrees: [285, 455], chroma: 0.17 },
};

export const RAMP_SIZE = 256;

/** @returns {[number, number, number]} linear-light sRGB; outside 0..1 when not displayable */
function linearFromOklch(lightness, chroma, hueDegrees) {
  const hue = (hueDegrees * Math.PI) / 180;
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function isDisplayable(linear) {
  return linear.every((value) => value >= -1e-4 && value <= 1 + 1e-4);
}

/** The most colourful displayable colour of this lightness and hue, up to `chroma`. */
function displayable(lightness, chroma, hueDegrees) {
  let low = 0;
  let high = chroma;
  if (isDisplayable(linearFromOklch(lightness, high, hueDegrees))) low = high;
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (isDisplayable(linearFromOklch(lightness, middle, hueDegrees))) low = middle;
    else high = middle;
  }
  return linearFromOklch(lightness, low, hueDegrees);
}

function byteFromLinear(value) {
  const clamped = Math.min(1, Math.max(0, value));
  const encoded = clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055;
  return Math.round(255 * encoded);
}

const mix = ([from, to], fraction) => from + (to - from) * fraction;

/**
 * @param {"height" | "track" | "error"} name
 * @returns {Uint8Array} RAMP_SIZE sRGB colours as RGBA
 */
export function colourRamp(name) {
  const { lightness, hueDegrees, chroma } = RAMPS[name];
  const rgba = new Uint8Array(4 * RAMP_SIZE).fill(255);
  for (let i = 0; i < RAMP_SIZE; i++) {
    const fraction = i / (RAMP_SIZE - 1);
    const linear = displayable(mix(lightness, fraction), chroma, mix(hueDegrees, fraction));
    rgba.set(linear.map(byteFromLinear), 4 * i);
  }
  return rgba;
}

/**
 * Round numbers inside [low, high], about `count` of them.
 * @returns {number[]}
 */
export function niceTicks(low, high, count, integersOnly = false) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999);
  const step = integersOnly ? Math.max(1, Math.round(factor * power)) : factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
