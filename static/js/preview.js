// The picture and the name that are being chosen, as the consent page would show them.

const MOST_BYTES = 1024 * 1024;
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export function previewLogos(document) {
  for (const preview of document.querySelectorAll("[data-preview]")) {
    const form = preview.closest("form");
    const saved = preview.querySelector("[data-preview-picture]").getAttribute("src") ?? "";
    const look = async () => show(preview, await chosen(preview, form, saved));
    form.elements.logo.addEventListener("change", look);
    form.elements.remove_logo?.addEventListener("change", look);
    form.elements.name.addEventListener("input", () => name(preview, form.elements.name.value));
  }
}

async function chosen(preview, form, saved) {
  const file = form.elements.logo.files[0];
  const problem = file ? problemOf(file) : "";
  preview.querySelector("[data-preview-note]").textContent = problem;
  if (file && !problem) {
    return read(file);
  }
  return form.elements.remove_logo?.checked ? "" : saved;
}

// A first word beforehand; the server judges the file itself.
function problemOf(file) {
  if (!TYPES.includes(file.type)) {
    return "This file is not a PNG, JPEG, GIF or WebP image.";
  }
  return file.size > MOST_BYTES ? "This file is larger than 1 MB." : "";
}

function read(file) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => resolve(""));
    reader.readAsDataURL(file);
  });
}

function show(preview, address) {
  for (const picture of preview.querySelectorAll("[data-preview-picture]")) {
    picture.hidden = !address;
    if (address) {
      picture.src = address;
    } else {
      picture.removeAttribute("src");
    }
  }
  for (const initial of preview.querySelectorAll("[data-preview-initial]")) {
    initial.hidden = Boolean(address);
  }
}

function name(preview, text) {
  for (const place of preview.querySelectorAll("[data-preview-name]")) {
    place.textContent = text;
  }
  for (const initial of preview.querySelectorAll("[data-preview-initial]")) {
    initial.textContent = [...text.trim()][0]?.toUpperCase() ?? "";
  }
}
