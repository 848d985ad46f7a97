// Progress of the scenes on the list, while any of them is active.

const EVERY_MS = 4000;
const list = document.getElementById("scenes");

async function refresh() {
  const active = [...list.querySelectorAll("[data-state=queued], [data-state=running]")];
  await Promise.all(active.map(refreshCard));
  if (active.length > 0) setTimeout(refresh, EVERY_MS);
}

async function refreshCard(card) {
  const answer = await fetch(`${list.dataset.listUrl}${card.dataset.job}/`).catch(() => null);
  if (!answer?.ok) return;
  const job = await answer.json();
  if (job.state !== card.dataset.state) {
    location.reload();
    return;
  }
  const bar = card.querySelector("progress");
  if (bar) bar.value = job.progress.percent;
}

if (list?.hasAttribute("data-live")) setTimeout(refresh, EVERY_MS);
