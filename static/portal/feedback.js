// A thumb for a result, and why; pressed again, it is taken back.

const section = document.getElementById("feedback");
const form = section?.querySelector("form");
const words = section?.querySelector(".feedback__words");
const thumbs = [...(section?.querySelectorAll("[data-thumb]") ?? [])];

const given = () => thumbs.find((button) => button.getAttribute("aria-pressed") === "true");

async function send(thumb) {
  const options = thumb
    ? { method: "POST", body: JSON.stringify({ thumb, reason: form.reason.value }) }
    : { method: "DELETE" };
  const headers = { "Content-Type": "application/json", "X-CSRFToken": section.dataset.csrf };
  const answer = await fetch(section.dataset.url, { ...options, headers }).catch(() => null);
  if (!answer?.ok) {
    words.textContent = "That did not arrive. Try again.";
    return;
  }
  for (const button of thumbs) {
    button.setAttribute("aria-pressed", String(button.dataset.thumb === thumb));
  }
  form.hidden = !thumb;
  words.textContent = thumb ? "Thank you. You can change your mind." : "Taken back.";
}

for (const button of thumbs) {
  button.addEventListener("click", () => send(button === given() ? null : button.dataset.thumb));
}
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  send(given()?.dataset.thumb ?? null);
});
