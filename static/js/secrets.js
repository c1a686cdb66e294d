// A page that shows something once asks before it is left in any way but Done.

export function askBeforeSecretsAreLost(document, window) {
  const wayOut = document.querySelector("[data-shown-once]"); // a form or a link
  if (!wayOut) {
    return;
  }
  let isDone = false;
  wayOut.addEventListener(wayOut.localName === "form" ? "submit" : "click", (event) => {
    isDone = !event.defaultPrevented;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!isDone) {
      event.preventDefault();
    }
    isDone = false; // whoever stops the request is still here
  });
}

// A browser may keep a page for its Back button, even one marked no-store: what must not be seen twice is emptied
// before that.

export function wipeSecretsOnLeaving(window) {
  window.addEventListener("pagehide", () => {
    for (const field of window.document.querySelectorAll("[data-secret]")) {
      field.value = "";
      field.defaultValue = "";
    }
  });
}
