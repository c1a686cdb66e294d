// Buttons with data-download="id" save that field as a file, without sending it anywhere.

export function offerDownloads(document) {
  for (const button of document.querySelectorAll("button[data-download]")) {
    const field = document.getElementById(button.dataset.download);
    button.hidden = false;
    button.addEventListener("click", () => save(document, field.value, button.dataset.fileName));
  }
}

function save(document, text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
