// Buttons that copy what a field holds: <button data-copy="field-id" hidden>.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // it is selected: the keyboard copies it
    }
    button.textContent = "Copied";
  });
}
