// The page "New scene".

import { filesOf } from "./dropped.js";
import { sendInPieces } from "./resumable.js";
import { Selection, formatMb } from "./selection.js";
import { send } from "./send.js";
import { Speed, formatDuration } from "./speed.js";

const MAX_PREVIEWS = 60;

const form = document.getElementById("upload-form");
const elements = Object.fromEntries(
  [
    "dropzone", "files", "chosen", "chosen-words", "chosen-photos", "clear", "problem", "send",
    "upload-progress", "upload-bar", "upload-words", "stop",
  ].map((id) => [id, document.getElementById(id)]),
);

const selection = new Selection({
  suffixes: new Set(form.dataset.suffixes.split(",")),
  minPhotos: Number(form.dataset.minPhotos),
  maxPhotos: Number(form.dataset.maxPhotos),
  maxBytes: Number(form.dataset.maxMb) * 1024 * 1024,
});

let upload = null;

function showSelection() {
  elements.chosen.hidden = selection.isEmpty;
  elements["chosen-words"].textContent = selection.isEmpty ? "" : selection.words;
  elements.send.disabled = selection.isEmpty || selection.problem !== "" || upload !== null;
  showProblem(selection.problem);
  showPreviews();
}

function showPreviews() {
  const list = elements["chosen-photos"];
  for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
  list.replaceChildren(...selection.photos.slice(0, MAX_PREVIEWS).map(previewOf));
  const numMore = selection.photos.length - MAX_PREVIEWS;
  if (numMore > 0) {
    const more = document.createElement("li");
    more.className = "chosen__more";
    more.textContent = `and ${numMore} more`;
    list.append(more);
  }
}

function previewOf(photo) {
  const item = document.createElement("li");
  const image = document.createElement("img");
  image.src = URL.createObjectURL(photo);
  image.alt = "";
  image.loading = "lazy";
  // Browsers cannot show TIFF or HEIC; the name stands in.
  image.addEventListener("error", () => image.replaceWith(document.createTextNode(photo.name)));
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "chosen__remove";
  remove.title = `Leave out ${photo.name}`;
  remove.setAttribute("aria-label", remove.title);
  remove.textContent = "×";
  remove.addEventListener("click", () => {
    selection.remove(photo);
    showSelection();
  });
  item.append(image, remove);
  return item;
}

function showProblem(words, nextStep = "") {
  elements.problem.hidden = words === "";
  elements.problem.textContent = [words, nextStep].filter(Boolean).join(" ");
}

function add(files) {
  selection.add(files);
  showSelection();
}

async function start() {
  const speed = new Speed();
  upload = sendInPieces(selection.files, {
    endpoint: form.dataset.uploadsUrl,
    csrfToken: form.elements.csrfmiddlewaretoken.value,
    onProgress: (sent, total) => showProgress(sent, total, speed.add(sent, performance.now())),
  });
  setSending(true);
  try {
    const { status, body: answer } = await submit(await upload.ids);
    if (status === 202) {
      upload.forget();
      location.assign(`/jobs/${answer.id}/`);
      return;
    }
    showProblem(answer.detail ?? "The upload was refused.", answer.next_step);
  } catch (error) {
    if (error.name !== "AbortError") {
      showProblem(error.message, error.nextStep ?? "Check the connection and try again.");
    }
  }
  upload = null;
  setSending(false);
  elements.problem.scrollIntoView({ block: "center" });
}

/** Files have arrived; have a job made of them. */
function submit(ids) {
  const body = new FormData();
  body.append("name", form.elements.name.value);
  body.append("preset", form.elements.preset.value);
  for (const id of ids) body.append("uploads", id);
  const { answer } = send(form.dataset.jobsUrl, body, {
    csrfToken: form.elements.csrfmiddlewaretoken.value,
    idempotencyKey: crypto.randomUUID?.() ?? String(Math.random()),
    onProgress: () => {},
  });
  return answer;
}

function setSending(isSending) {
  elements["upload-progress"].hidden = !isSending;
  elements.send.hidden = isSending;
  elements.send.disabled = isSending;
  for (const control of [elements.files, elements.clear]) control.disabled = isSending;
}

function showProgress(sent, total, bytesPerS) {
  elements["upload-bar"].value = (100 * sent) / total;
  if (sent === total) {
    elements["upload-words"].textContent = "Uploaded. Checking what arrived …";
    return;
  }
  const rate = bytesPerS ? `, ${formatMb(bytesPerS)}/s, ${formatDuration((total - sent) / bytesPerS)} left` : "";
  elements["upload-words"].textContent = `${formatMb(sent)} of ${formatMb(total)}${rate}`;
}

elements.files.addEventListener("change", () => {
  add([...elements.files.files]);
  elements.files.value = "";
});
elements.clear.addEventListener("click", () => {
  selection.clear();
  showSelection();
});
elements.stop.addEventListener("click", () => upload?.abort());
elements.send.disabled = true; // until something is chosen
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!elements.send.disabled) start();
});

// The whole window takes drops, so that a near miss does not open a photo instead.
addEventListener("dragover", (event) => {
  event.preventDefault();
  elements.dropzone.classList.add("dropzone--over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) elements.dropzone.classList.remove("dropzone--over");
});
addEventListener("drop", async (event) => {
  event.preventDefault();
  elements.dropzone.classList.remove("dropzone--over");
  if (!upload) add(await filesOf(event.dataTransfer));
});
