/** Fetches with progress and with errors that a person can act on. */

import { FormatError, parseContainer } from "./container.js";
import { parsePly } from "./ply.js";

/** A file could not be loaded; the message is meant for the person at the screen. */
class LoadError extends Error {
  name = "LoadError";
}

const MESSAGES = {
  401: "You are signed out. Sign in again, then reload this page.",
  403: "You may not see this model. Sign in with the account that owns it.",
  404: "The model's files are gone. The job may have been deleted or run again.",
};

async function request(url, signal, priority = "auto") {
  let response;
  try {
    response = await fetch(url, { signal, priority });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new LoadError("The server cannot be reached. Check the connection, then try again.");
  }
  if (!response.ok) {
    const message = MESSAGES[response.status];
    throw new LoadError(message ?? `The server answered with error ${response.status}.`);
  }
  return response;
}

/** @returns {Promise<Object>} */
export async function loadJson(url, signal) {
  const response = await request(url, signal);
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new LoadError("The server's answer cannot be read. Reload the page, then try again.");
  }
}

/**
 * @param {string} url
 * @param {{signal?: AbortSignal, onBytes?: (numBytes: number) => void, isUrgent?: boolean}} options
 *   onBytes receives the decoded bytes so far: Content-Length counts compressed ones
 */
export async function loadContainer(url, { signal, onBytes = () => {}, isUrgent = true } = {}) {
  const response = await request(url, signal, isUrgent ? "auto" : "low");
  let numBytes = 0;
  const counter = new TransformStream({
    transform(chunk, controller) {
      numBytes += chunk.byteLength;
      onBytes(numBytes);
      controller.enqueue(chunk);
    },
  });
  try {
    return parseContainer(await new Response(response.body.pipeThrough(counter)).arrayBuffer());
  } catch (error) {
    if (error.name === "AbortError" || error instanceof FormatError) throw error;
    throw new LoadError("The connection broke off while the model was loading.");
  }
}

/** @returns {Promise<Object<string, ArrayLike<number>>>} the columns of a PLY of ours */
export async function loadPly(url, signal) {
  const response = await request(url, signal);
  try {
    return parsePly(await response.arrayBuffer());
  } catch (error) {
    if (error.name === "AbortError" || error instanceof FormatError) throw error;
    throw new LoadError("The connection broke off while the model was loading.");
  }
}

/** @returns {Promise<HTMLImageElement>} decoded, so that drawing it does not stall a frame */
export async function loadImage(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
