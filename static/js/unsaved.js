// Says that a form has changes that are not saved, and asks before they would be lost.

export function guardUnsaved(document, window) {
  for (const form of document.querySelectorAll("form[data-guard]")) {
    const initial = stateOf(form);
    const look = () => tell(form, "unsaved" in form.dataset || stateOf(form) !== initial);
    for (const kind of ["input", "change", "click"]) {
      form.addEventListener(kind, () => queueMicrotask(look)); // a click may add or remove a row
    }
    form.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) {
        letGo(form);
      }
    });
    form.querySelector("[data-discard]").addEventListener("click", (event) => {
      if (!(event.ctrlKey || event.metaKey || event.shiftKey)) {
        letGo(form); // otherwise it opens elsewhere, and nobody leaves
      }
    });
    window.addEventListener("beforeunload", (event) => {
      const isLetGo = "leaving" in form.dataset;
      delete form.dataset.leaving; // for this time: it may be stopped, and the next one asks again
      if ("dirty" in form.dataset && !isLetGo) {
        event.preventDefault();
      }
    });
    window.addEventListener("pageshow", look);
    look();
  }
}

// Go along with buttons beside the settings, and are none of them.
const BESIDE = ["acts_as", "secret_expires", "secret_expires_on", "key_expires", "key_expires_on"];

function stateOf(form) {
  const sent = [...new FormData(form)].filter(([name]) => !BESIDE.includes(name));
  const fields = sent.map(([name, value]) => [name, value.name ?? value, value.size ?? 0]);
  return JSON.stringify(fields);
}

function tell(form, isDirty) {
  const note = isDirty ? "Changes are not saved yet." : "";
  const place = form.querySelector("[data-unsaved-note]");
  if (place.textContent !== note) {
    place.textContent = note;
  }
  form.querySelector("[data-discard]").hidden = !isDirty;
  form.toggleAttribute("data-dirty", isDirty);
}

function letGo(form) {
  form.dataset.leaving = "yes";
}
