/** Entry: reads the page's configuration and starts the viewer on #viewer. */

import { App } from "./app.js";
import { Messages } from "./messages.js";
import { NoWebGLError } from "./stage.js";

function collectParts(root) {
  const parts = { root };
  for (const element of root.querySelectorAll("[data-part]")) parts[element.dataset.part] = element;
  return parts;
}

/** Says why there is nothing to see, and takes away the controls that would do nothing. */
function showNothing(parts, title, text) {
  parts.root.classList.add("viewer--empty");
  new Messages(parts).showProblem(title, text);
  return null;
}

function startViewer(root) {
  const parts = collectParts(root);
  const config = JSON.parse(document.getElementById("viewer-config").textContent);
  if (config.mayDownload === false) root.querySelector("[data-action=downloadPoints]").remove();
  if (config.models.length === 0) {
    const text = "Too few photos fit together. The photo list tells why for each one.";
    return showNothing(parts, "There is no model to show", text);
  }
  try {
    return new App(parts, config);
  } catch (error) {
    if (!(error instanceof NoWebGLError)) throw error;
    const text =
      "This browser cannot draw in 3D (WebGL 2). Try another browser, or switch on hardware " +
      "acceleration in its settings. All results can still be downloaded from this page.";
    return showNothing(parts, "The 3D view cannot start", text);
  }
}

const app = startViewer(document.getElementById("viewer"));

/** `ready` resolves once the model is on screen, and rejects after a problem has been shown. */
window.scene3dViewer = {
  ready: app ? app.start() : Promise.reject(new Error("The viewer has not started.")),
  stats: () => app?.stats() ?? null,
};
// Whoever waits for `ready` sees the rejection; nobody else has to.
window.scene3dViewer.ready.catch(() => {});
