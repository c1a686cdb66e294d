// Buttons that open a dialog by `command`, in browsers that know no commands yet: there they are links to a page.

export function replaceUnknownCommands(document) {
  if ("commandForElement" in HTMLButtonElement.prototype) {
    return;
  }
  for (const button of document.querySelectorAll("button[data-page]")) {
    const link = document.createElement("a");
    link.className = button.className;
    link.href = button.dataset.page;
    link.append(...button.childNodes);
    button.replaceWith(link);
  }
}
