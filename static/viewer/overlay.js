/** Marks and labels drawn over the 3D canvas: crisp text and lines, and easy to put in a picture. */

import { distance, mix } from "./geometry.js";
import { formatLength } from "./format.js";
import { projectPoint } from "./picking.js";

const FONT = '500 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const LABEL_GAP_PX = 10;
const EDGE_PX = 6;

/** @typedef {{ink: string, halo: string, mark: string, measure: string}} Palette CSS colours */

export class Overlay {
  #context;
  #viewport = { width: 1, height: 1 };
  /** @type {Palette} */
  palette = { ink: "", halo: "", mark: "", measure: "" };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /** @param {{width: number, height: number, pixelRatio: number}} viewport */
  resize(viewport) {
    this.#viewport = viewport;
    this.canvas.width = Math.round(viewport.width * viewport.pixelRatio);
    this.canvas.height = Math.round(viewport.height * viewport.pixelRatio);
    this.#context.setTransform(viewport.pixelRatio, 0, 0, viewport.pixelRatio, 0, 0);
  }

  /**
   * @param {import("./picking.js").Projector} projector
   * @param {{measurements: [number[], number[]][], start: number[] | null,
   *   cursor: {x: number, y: number} | null, point: number[] | null,
   *   frames: {corners: number[][], colour: string}[], edges: [number[], number[]][],
   *   label: {text: string, at: number[]} | null, metresPerUnit: number | null}} marks positions
   *   in the world
   */
  draw(projector, marks) {
    const { measurements, start, cursor, point, frames, edges, label, metresPerUnit } = marks;
    const context = this.#context;
    context.clearRect(0, 0, this.#viewport.width, this.#viewport.height);
    // Chromium may go on showing the old marks when a frame does nothing but clear.
    this.canvas.hidden = !(measurements.length || start || point || frames.length || edges.length || label);
    context.font = FONT;
    for (const [from, to] of edges) this.#drawEdge(projectPoint(projector, from), projectPoint(projector, to));
    for (const { corners, colour } of frames) this.#drawFrame(projector, corners, colour);
    for (const [from, to] of measurements) {
      const text = formatLength(distance(from, to), metresPerUnit);
      this.#drawMeasurement(projector, from, to, text);
    }
    if (start) this.#drawStart(projectPoint(projector, start), cursor);
    if (point) this.#drawRing(projectPoint(projector, point));
    if (label) this.#drawLabel(projectPoint(projector, label.at), label.text);
  }

  /** A line readable on any background: a wide halo below, the colour on top. */
  #stroke(colour, dash = []) {
    const context = this.#context;
    context.lineCap = "round";
    context.setLineDash([]);
    context.lineWidth = 4.5;
    context.strokeStyle = this.palette.halo;
    context.stroke();
    context.setLineDash(dash);
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  }

  #line(from, to, dash) {
    this.#context.beginPath();
    this.#context.moveTo(from.x, from.y);
    this.#context.lineTo(to.x, to.y);
    this.#stroke(this.palette.measure, dash);
  }

  #drawEdge(from, to) {
    if (from && to) this.#line(from, to);
  }

  #dot({ x, y }) {
    this.#context.beginPath();
    this.#context.arc(x, y, 3.5, 0, 2 * Math.PI);
    this.#stroke(this.palette.measure);
  }

  /** A clear border round a photo: lines in WebGL are one pixel wide. */
  #drawFrame(projector, corners, colour) {
    const projected = corners.map((corner) => projectPoint(projector, corner));
    if (projected.includes(null)) return;
    this.#context.beginPath();
    for (const { x, y } of projected) this.#context.lineTo(x, y);
    this.#context.closePath();
    this.#stroke(colour);
  }

  #drawMeasurement(projector, from, to, text) {
    const ends = [projectPoint(projector, from), projectPoint(projector, to)];
    if (ends.includes(null)) return;
    this.#line(...ends);
    ends.forEach((end) => this.#dot(end));
    const middle = projectPoint(projector, mix(from, to, 0.5));
    this.#drawText(text, middle.x, middle.y - LABEL_GAP_PX, "center");
  }

  #drawStart(start, cursor) {
    if (!start) return;
    if (cursor) this.#line(start, cursor, [5, 6]);
    this.#dot(start);
  }

  #drawRing(at) {
    if (!at) return;
    const context = this.#context;
    context.beginPath();
    context.arc(at.x, at.y, 9, 0, 2 * Math.PI);
    this.#stroke(this.palette.mark);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(at.x + 9 * dx, at.y + 9 * dy);
      context.lineTo(at.x + 15 * dx, at.y + 15 * dy);
    }
    this.#stroke(this.palette.mark);
  }

  #drawLabel(at, text) {
    if (at) this.#drawText(text, at.x, at.y - LABEL_GAP_PX, "center");
  }

  /** Text that stays inside the canvas. */
  #drawText(text, x, y, align) {
    const context = this.#context;
    const halfWidth = context.measureText(text).width / 2 + EDGE_PX;
    const insideX = Math.min(this.#viewport.width - halfWidth, Math.max(halfWidth, x));
    const insideY = Math.min(this.#viewport.height - EDGE_PX, Math.max(20, y));
    context.textAlign = align;
    context.setLineDash([]);
    context.lineJoin = "round";
    context.lineWidth = 5;
    context.strokeStyle = this.palette.halo;
    context.strokeText(text, insideX, insideY);
    context.fillStyle = this.palette.ink;
    context.fillText(text, insideX, insideY);
  }
}
