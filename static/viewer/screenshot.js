/** A PNG of what is on the canvas: the model, the photo, marks and the legend, but no controls. */

const LEGEND_MARGIN_PX = 12;
/** Wide enough to be shared, however small the window is. */
const LEAST_WIDTH_PX = 1920;

/**
 * @param {Object} layers
 * @param {import("./stage.js").Stage} layers.stage
 * @param {import("./photo_overlay.js").PhotoOverlay} layers.photoOverlay
 * @param {import("./overlay.js").Overlay} layers.overlay
 * @param {import("./legend.js").Legend} layers.legend
 * @param {string} layers.background CSS colour
 * @returns {Promise<Blob>}
 */
export function takePicture({ stage, ...layers }) {
  const { width, pixelRatio } = stage.viewport;
  const picture = document.createElement("canvas");
  const least = Math.ceil(LEAST_WIDTH_PX / width * 64) / 64; // so that no rounding goes below
  stage.renderAt(Math.max(pixelRatio, least), () => compose(picture, stage, layers));
  return new Promise((resolve) => picture.toBlob(resolve, "image/png"));
}

function compose(picture, stage, { photoOverlay, overlay, legend, background }) {
  const { viewport } = stage;
  picture.width = stage.canvas.width;
  picture.height = stage.canvas.height;
  const context = picture.getContext("2d");
  context.fillStyle = background;
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(stage.canvas, 0, 0);
  context.scale(viewport.pixelRatio, viewport.pixelRatio);
  photoOverlay.drawInto(context, viewport);
  context.drawImage(overlay.canvas, 0, 0, viewport.width, viewport.height);
  context.translate(-LEGEND_MARGIN_PX, -LEGEND_MARGIN_PX);
  legend.drawInto(context, viewport);
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
