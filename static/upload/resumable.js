// Files go in pieces (tus): what has arrived stays, through lost connections and reloads.
// The library is a plain script; the page loads it before this module.

const { tus } = window;
const PIECE_BYTES = 8 * 1024 * 1024;
const NUM_AT_ONCE = 3;
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 30_000, 30_000];

/**
 * @param {File[]} files
 * @param {{endpoint: string, csrfToken: string, onProgress: (sent: number, total: number) => void}} options
 * @returns {{ids: Promise<string[]>, abort: () => void, forget: () => void}} ids in the files'
 *   order; forget is for when the server has taken them
 */
export function sendInPieces(files, options) {
  const uploads = [];
  const arrived = files.map(() => 0);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let isOver = false;
  let stop = () => {};

  const told = (position) => (bytes) => {
    arrived[position] = bytes;
    options.onProgress(arrived.reduce((sum, one) => sum + one, 0), total);
  };

  async function run() {
    const ids = [];
    let next = 0;
    async function work() {
      while (next < files.length && !isOver) {
        const position = next;
        next += 1;
        ids[position] = await sendFile(files[position], options, told(position), uploads);
        told(position)(files[position].size);
      }
    }
    const stopped = new Promise((_, reject) => {
      stop = () => reject(new DOMException("stopped", "AbortError"));
    });
    const workers = Array.from({ length: NUM_AT_ONCE }, work);
    try {
      await Promise.race([Promise.all(workers), stopped]);
    } catch (error) {
      end();
      throw error;
    }
    return ids;
  }

  function end() {
    isOver = true;
    for (const upload of uploads) upload.abort();
  }

  return {
    ids: run(),
    abort: () => stop(),
    forget: () => uploads.forEach((upload) => forget(upload)),
  };
}

/** @returns {Promise<string>} the upload's id */
function sendFile(file, { endpoint, csrfToken }, onProgress, uploads) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(file, {
      endpoint,
      chunkSize: PIECE_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      headers: { "X-CSRFToken": csrfToken, Accept: "application/json" },
      metadata: { filename: file.name },
      onProgress,
      onError: (error) => reject(refusalOf(error)),
      onSuccess: () => resolve(idOf(upload)),
    });
    uploads.push(upload);
    resume(upload).then(() => upload.start(), reject);
  });
}

/** Where this file was left before the page was loaded anew. */
async function resume(upload) {
  const [previous] = await upload.findPreviousUploads();
  if (previous) upload.resumeFromPreviousUpload(previous);
}

async function forget(upload) {
  for (const previous of await upload.findPreviousUploads()) {
    tus.defaultOptions.urlStorage.removeUpload(previous.urlStorageKey);
  }
}

function idOf(upload) {
  return upload.url.replace(/\/$/, "").split("/").pop();
}

/** What the server says, where it has said anything. */
function refusalOf(error) {
  const refusal = new Error("The server cannot be reached.");
  const text = error.originalResponse?.getBody();
  try {
    const { detail, next_step: nextStep } = JSON.parse(text);
    refusal.message = detail;
    refusal.nextStep = nextStep;
  } catch {
    refusal.nextStep = "What has arrived is kept for a day: choose the same files to go on.";
  }
  return refusal;
}
