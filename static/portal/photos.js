// Narrows the photo table to what a person wants to see.

const table = document.getElementById("photos");

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    for (const row of table.querySelectorAll("tbody tr")) {
      row.hidden = button.dataset.show !== "all" && row.dataset.status !== button.dataset.show;
    }
    for (const other of document.querySelectorAll("[data-show]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}
