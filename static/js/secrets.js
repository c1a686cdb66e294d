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
