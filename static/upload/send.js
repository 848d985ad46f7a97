// One multipart request with progress; fetch() cannot tell how much it has sent.

/**
 * @param {string} url
 * @param {FormData} form
 * @param {{csrfToken: string, idempotencyKey: string, onProgress: (sent: number, total: number) => void}} options
 * @returns {{answer: Promise<{status: number, body: any, location: string}>, abort: () => void}}
 */
export function send(url, form, { csrfToken, idempotencyKey, onProgress }) {
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    request.addEventListener("load", () => resolve(read(request)));
    request.addEventListener("error", () => reject(new Error("The server cannot be reached.")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
  });
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", csrfToken);
  request.setRequestHeader("Idempotency-Key", idempotencyKey);
  request.setRequestHeader("Accept", "application/json");
  request.send(form);
  return { answer, abort: () => request.abort() };
}

function read(request) {
  let body = {};
  try {
    body = JSON.parse(request.responseText);
  } catch {
    body = { detail: `The server answered with status ${request.status}.` };
  }
  return { status: request.status, body };
}
