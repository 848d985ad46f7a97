/**
 * How far apart the points of a dense cloud lie, place by place, so that each can be drawn just
 * large enough to touch its neighbours. No three.js, so Node can test it.
 *
 * The rows of a dense cloud are in random order, so a few of them tell where it is dense. Points
 * lie on surfaces: c of them in a cell of side s are about s / √c apart.
 */

const CELLS_A_SIDE = 64;
/** The spacing of every point is the cloud's usual one times a power of this. */
const STEP = 2 ** (1 / 3);
/** The code of the usual spacing; the others span a fifth of it to six times as much. */
const USUAL = 7;
export const SPACING_LEVELS = 16;
/** More photos than this count as so many: it is the highest number that fits beside the spacing. */
export const MOST_VIEWS = 256 / SPACING_LEVELS - 1;

const UNKNOWN = 255;

export class DensityGrid {
  #counts = new Uint32Array(CELLS_A_SIDE ** 3);
  /** Of each cell, once it has been asked for. */
  #codes = new Uint8Array(CELLS_A_SIDE ** 3).fill(UNKNOWN);
  #low;
  #cell;
  /** Of half of the points; the spacing that the cloud has with as many points as were counted. */
  usualSpacing;

  /**
   * @param {Float32Array} xyz
   * @param {{centre: number[], radius: number}} frame points beyond are counted at the border
   */
  constructor(xyz, { centre, radius }) {
    this.#cell = (2 * radius) / CELLS_A_SIDE;
    this.#low = centre.map((value) => value - radius);
    for (let i = 0; i < xyz.length; i += 3) this.#counts[this.#index(xyz, i)]++;
    this.usualSpacing = this.#median(xyz);
  }

  #along(value, axis) {
    const cell = Math.floor((value - this.#low[axis]) / this.#cell);
    return Math.min(CELLS_A_SIDE - 1, Math.max(0, cell));
  }

  #index(xyz, i) {
    const x = this.#along(xyz[i], 0);
    const y = this.#along(xyz[i + 1], 1);
    return (this.#along(xyz[i + 2], 2) * CELLS_A_SIDE + y) * CELLS_A_SIDE + x;
  }

  #spacingAt(index) {
    return this.#cell / Math.sqrt(Math.max(1, this.#counts[index]));
  }

  /** Cells at the edge of a surface are half empty, so each asks its neighbours too. */
  #smoothSpacing(index) {
    let points = 0;
    let cells = 0;
    for (const step of [0, 1, CELLS_A_SIDE, CELLS_A_SIDE ** 2]) {
      for (const neighbour of step === 0 ? [index] : [index - step, index + step]) {
        const count = this.#counts[neighbour] ?? 0;
        points += count;
        if (count > 0) cells++;
      }
    }
    return cells === 0 ? this.#cell : this.#cell * Math.sqrt(cells / points);
  }

  #median(xyz) {
    const stride = 3 * Math.max(1, Math.floor(xyz.length / 3 / 20_000));
    const sample = [];
    for (let i = 0; i < xyz.length; i += stride) sample.push(this.#spacingAt(this.#index(xyz, i)));
    if (sample.length === 0) return this.#cell;
    sample.sort((a, b) => a - b);
    return sample[sample.length >> 1];
  }

  /**
   * The spacing of each point as a small number, for the GPU.
   * @param {Float32Array} xyz any rows of the same cloud
   * @returns {Uint8Array} below SPACING_LEVELS; `spacingOf` is the way back
   */
  codes(xyz) {
    const codes = new Uint8Array(xyz.length / 3);
    for (let point = 0; point < codes.length; point++) {
      const index = this.#index(xyz, 3 * point);
      if (this.#codes[index] === UNKNOWN) {
        this.#codes[index] = codeOf(this.#smoothSpacing(index) / this.usualSpacing);
      }
      codes[point] = this.#codes[index];
    }
    return codes;
  }
}

function codeOf(ratio) {
  const code = USUAL + Math.round(Math.log(ratio) / Math.log(STEP));
  return Math.min(SPACING_LEVELS - 1, Math.max(0, code));
}

/** The spacing behind a code, as a multiple of the usual one. */
export const spacingOf = (code) => STEP ** (code - USUAL);

/** `spacingOf` for a shader. */
export const SPACING_GLSL = /* glsl */ `
  float spacingOf(float code) {
    return exp2((code - ${USUAL}.0) / 3.0);
  }
`;

/** How much wider apart the points lie when `numDrawn` are drawn of a cloud of which `numCounted` were counted. */
export const thinning = (numCounted, numDrawn) => Math.sqrt(numCounted / Math.max(1, numDrawn));

/**
 * Four bytes a point for the GPU: its colour, and the number of photos beside the spacing's code.
 * @param {Uint8Array} rgb
 * @param {Uint8Array} views
 * @param {Uint8Array} codes of DensityGrid
 */
export function packLook(rgb, views, codes) {
  const look = new Uint8Array(4 * codes.length);
  for (let i = 0, j = 0; i < codes.length; i++, j += 4) {
    look[j] = rgb[3 * i];
    look[j + 1] = rgb[3 * i + 1];
    look[j + 2] = rgb[3 * i + 2];
    look[j + 3] = Math.min(MOST_VIEWS, views[i]) * SPACING_LEVELS + codes[i];
  }
  return look;
}
