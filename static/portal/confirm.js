// Asks before something is lost: <form data-confirm="dialog-id">.

/** @param {ParentNode} root whose forms ask from now on */
export function bind(root) {
  for (const form of root.querySelectorAll("form[data-confirm]")) {
    const dialog = document.getElementById(form.dataset.confirm);
    form.addEventListener("submit", (event) => {
      if (dialog.returnValue === "yes") return;
      event.preventDefault();
      dialog.showModal();
    });
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "yes") form.requestSubmit();
    });
  }
}

bind(document);
