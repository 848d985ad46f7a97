// The page of a job that is not over: follows its events, or asks now and then.

import { formatDuration } from "../upload/speed.js";
import { showDrift } from "./drift.js";

const POLL_MS = 3000;
const tracker = document.getElementById("tracker");
const figure = document.getElementById("live");
let live = null;

function show(job) {
  if (job.state !== tracker.dataset.state) {
    location.reload();
    return;
  }
  const { progress } = job;
  document.getElementById("percent").textContent = `${progress.percent} %`;
  document.getElementById("percent-bar").value = progress.percent;
  document.getElementById("when").textContent = whenWords(job);
  document.title = `${progress.percent} % · ${tracker.dataset.name}`;
  showSteps(progress);
}

function whenWords(job) {
  const left = job.progress.eta_s === null ? "" : `about ${formatDuration(job.progress.eta_s)} left`;
  if (job.state !== "queued") return left;
  const place = job.queue_position === 1 ? "next in the queue" : `place ${job.queue_position} in the queue`;
  return [place, left].filter(Boolean).join(", ");
}

function showSteps(progress) {
  let isBefore = progress.stage !== null;
  for (const step of tracker.querySelectorAll("[data-stage]")) {
    const isHere = step.dataset.stage === progress.stage;
    if (isHere) isBefore = false;
    const state = isHere ? "working" : isBefore ? "done" : "waiting";
    step.className = `step step--${state}`;
    if (isHere) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    step.querySelector(".step__facts").textContent = isHere ? factsOf(step, progress) : "";
  }
}

function factsOf(step, { done, total, counts }) {
  const facts = Object.entries(counts).map(
    ([name, value]) => `${value.toLocaleString("en")} ${nounOf(name, value)}`,
  );
  return [`${done} of ${total} ${step.dataset.unit}`, ...facts.filter((fact) => !fact.endsWith(step.dataset.unit))].join(" · ");
}

function nounOf(name, value) {
  const noun = name.replace(/^num_/, "").replaceAll("_", " ");
  return value === 1 ? noun.replace(/s$/, "") : noun;
}

function showPhotos() {
  const strip = document.getElementById("live-photos");
  if (strip && strip.childElementCount === 0) location.reload();
}

/** The 3D library is loaded when there is something to draw; without WebGL nothing is shown. */
async function showModel() {
  live ??= import("./live.js").then(({ LiveView }) => new LiveView(figure)).catch(() => null);
  (await live)?.refresh();
}

function showPreflight(preflight) {
  const verdict = preflight.advice.length ? "keep this in mind." : "no problem seen.";
  document.getElementById("preflight-words").textContent =
    `First look at ${preflight.num_photos} photos: ${verdict} Expect about ${formatDuration(preflight.expected_seconds)}.`;
  document.getElementById("preflight-advice").replaceChildren(...preflight.advice.map(adviceItem));
  document.getElementById("preflight").hidden = false;
}

function adviceItem({ message, photos }) {
  const item = document.createElement("li");
  const names = document.createElement("span");
  names.textContent = photos.join(", ");
  item.append(`${message} `, names);
  return item;
}

function follow() {
  const source = new EventSource(tracker.dataset.eventsUrl);
  const onEvent = (event) => {
    const data = JSON.parse(event.data);
    if (data.job) show(data.job);
    if (event.type === "photos") showPhotos();
    if (event.type === "model") showModel();
    if (event.type === "preflight") showPreflight(data);
    if (event.type === "drift") showDrift(document.getElementById("drift"), tracker.dataset.jobUrl, data);
  };
  const kinds = ["state", "stage", "progress", "photos", "model", "preflight", "drift"];
  for (const kind of kinds) source.addEventListener(kind, onEvent);
  source.addEventListener("deleted", () => location.assign("/jobs/"));
  source.addEventListener("error", () => {
    // A browser gives up on answers that are no stream: a proxy's page, a lost session.
    if (source.readyState === EventSource.CLOSED) poll();
  });
}

async function poll() {
  const answer = await fetch(tracker.dataset.jobUrl).catch(() => null);
  if (answer?.ok) show(await answer.json());
  setTimeout(poll, POLL_MS);
}

if (tracker) {
  follow();
  if (figure.hasAttribute("data-has-model")) showModel();
}
