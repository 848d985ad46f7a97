// The page of an experiment that is not over: asks every two seconds, and changes what has changed.

import { bind } from "./confirm.js";

const POLL_MS = 2000;
const root = document.getElementById("experiment");
const news = document.getElementById("stage-news");

async function poll() {
  const answer = await fetch(root.dataset.liveUrl).catch(() => null);
  if (answer?.status === 404) return; // deleted, or no right to see it any more
  const live = answer?.ok ? await answer.json() : null;
  if (live) await show(live);
  if (live?.is_active ?? true) setTimeout(poll, POLL_MS);
}

async function show(live) {
  const isOther = live.state !== root.dataset.state;
  const moved = live.stages.filter(showStage);
  document.title = titleOf(live);
  if (!isOther && moved.length === 0) return;
  root.dataset.state = live.state;
  const words = moved.map((stage) => `${stage.title}: ${stage.label.toLowerCase()}`);
  if (isOther) words.push(`The experiment: ${live.label.toLowerCase()}`);
  news.textContent = words.join(". ");
  await swap();
}

const name = root.querySelector("h1").textContent;

function titleOf({ label, stages }) {
  const running = stages.find((stage) => stage.state === "running");
  return `${running ? running.title : label} · ${name}`;
}

/** @returns {boolean} whether its state is another than before */
function showStage(stage) {
  const item = root.querySelector(`[data-stage="${stage.name}"]`);
  const hasMoved = item.dataset.state !== stage.state;
  const isRunning = stage.state === "running";
  item.dataset.state = stage.state;
  item.className = `stage stage--${stage.state}`;
  if (isRunning) item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
  const part = (key) => item.querySelector(`[data-part=${key}]`);
  part("state").textContent = stateWords(stage);
  part("words").textContent = progressWords(stage);
  const bar = part("bar");
  bar.hidden = !isRunning || stage.total === 0;
  bar.max = stage.total || 1;
  bar.value = stage.done;
  return hasMoved;
}

function stateWords({ label, seconds }) {
  return seconds === null ? label : `${label}, ${durationWords(seconds)}`;
}

function progressWords({ state, words, done, total }) {
  if (state === "failed") return words;
  if (state !== "running") return "";
  return [total > 0 ? `${done} of ${total}` : "", words].filter(Boolean).join(" · ");
}

/** As the server writes it. */
function durationWords(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return whole % 60 > 0 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
}

/** What a stage that ended has found, as the server shows it; what is being read stays in place. */
async function swap() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of root.querySelectorAll("[data-swap]")) {
    const part = fresh.querySelector(`[data-swap="${old.dataset.swap}"]`);
    if (!part || part.innerHTML === old.innerHTML || old.querySelector("dialog[open]")) continue;
    old.replaceWith(part);
    bind(part);
  }
}

if (root.hasAttribute("data-live")) poll();
