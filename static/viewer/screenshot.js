/** A PNG of what is on the canvas: points, photo, marks and the legend. */

const LEGEND_MARGIN_PX = 12;

/**
 * @param {Object} layers
 * @param {import("./stage.js").Stage} layers.stage
 * @param {import("./photo_overlay.js").PhotoOverlay} layers.photoOverlay
 * @param {import("./overlay.js").Overlay} layers.overlay
 * @param {import("./legend.js").Legend} layers.legend
 * @param {string} layers.background CSS colour
 * @returns {Promise<Blob>}
 */
export function takePicture({ stage, photoOverlay, overlay, legend, background }) {
  stage.renderNow();
  const { viewport } = stage;
  const picture = document.createElement("canvas");
  picture.width = stage.canvas.width;
  picture.height = stage.canvas.height;
  const context = picture.getContext("2d");
  context.fillStyle = background;
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(stage.canvas, 0, 0);
  context.scale(viewport.pixelRatio, viewport.pixelRatio);
  photoOverlay.drawInto(context, viewport);
  context.drawImage(overlay.canvas, 0, 0, viewport.width, viewport.height);
  if (!legend.canvas.hidden) drawLegend(context, legend.canvas, viewport);
  return new Promise((resolve) => picture.toBlob(resolve, "image/png"));
}

function drawLegend(context, canvas, viewport) {
  const width = canvas.width / viewport.pixelRatio;
  const height = canvas.height / viewport.pixelRatio;
  const left = viewport.width - width - LEGEND_MARGIN_PX;
  const top = viewport.height - height - LEGEND_MARGIN_PX;
  context.drawImage(canvas, left, top, width, height);
}

/** "Old mill, west side" → "old-mill-west-side.png" */
export function fileName(jobName, suffix) {
  const words = jobName.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["model"];
  return `${words.join("-").slice(0, 80)}.${suffix}`;
}

export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
