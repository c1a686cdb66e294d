// Changes colors without leaving the page, so that nothing typed into it is lost.

export function offerColorSchemes(document) {
  for (const form of document.querySelectorAll("[data-color-scheme-form]")) {
    form.addEventListener("submit", async (event) => {
      const button = event.submitter;
      event.preventDefault();
      const sent = new FormData(form, button);
      const answer = await fetch(form.action, { method: "POST", body: sent, redirect: "manual" });
      if (answer.type === "opaqueredirect") {
        show(document, form, button);
      }
    });
  }
}

function show(document, form, chosen) {
  if (chosen.value) {
    document.documentElement.dataset.colorScheme = chosen.value;
  } else {
    delete document.documentElement.dataset.colorScheme;
  }
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
}
