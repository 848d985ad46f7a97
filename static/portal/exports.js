// The job page's list of downloads: a file that is being prepared becomes a link by itself.

const POLL_MS = 2000;
const downloads = document.querySelector(".downloads");
const UNDER_WAY = ["waiting", "preparing"];

const isUnderWay = (row) => UNDER_WAY.includes(row.dataset.status);
const pending = () => [...downloads.querySelectorAll("[data-export]")].filter(isUnderWay);

async function refresh() {
  const answer = await fetch(downloads.dataset.jobUrl).catch(() => null);
  if (answer?.ok) {
    const { exports } = await answer.json();
    const changed = pending().filter((row) => statusOf(exports, row) !== row.dataset.status);
    if (changed.length > 0) await replace(changed);
  }
  if (pending().length > 0) setTimeout(refresh, POLL_MS);
}

const statusOf = (exports, row) =>
  exports.find(({ name }) => name === row.dataset.export)?.status ?? "";

/** The server knows how a row looks, so changed rows come from the page as it is now. */
async function replace(rows) {
  const answer = await fetch(location.pathname).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const row of rows) {
    const fresh = page.querySelector(`[data-export="${row.dataset.export}"]`);
    if (fresh) row.replaceWith(fresh);
  }
  const words = page.querySelector(".downloads__scale");
  if (words) downloads.querySelector(".downloads__scale").replaceWith(words);
}

if (downloads) {
  if (pending().length > 0) setTimeout(refresh, POLL_MS);
  // Files that were prepared in the old scale are gone.
  window.addEventListener("scene3d:scale", () =>
    replace(downloads.querySelectorAll("[data-export]")),
  );
}
