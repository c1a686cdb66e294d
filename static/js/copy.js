// Buttons with data-copy="id" copy that field, or the text of that element. They are hidden in the page, because without this they do nothing.

const SHOWN_FOR = 2500;

export function offerCopying(document) {
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  const buttons = document.querySelectorAll("button[data-copy]");
  if (buttons.length > 0) {
    (document.querySelector("main") ?? document.body).append(status);
  }
  for (const button of buttons) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(field);
      say(button, status, done ? "Copied" : "Press Ctrl+C");
    });
  }
}

async function copy(field) {
  select(field);
  try {
    await navigator.clipboard.writeText(field.value ?? field.textContent);
    return true;
  } catch {
    // No permission, or no https: the selection is there for the keyboard.
    return false;
  }
}

function select(field) {
  if (field.select) {
    field.select();
  } else {
    field.ownerDocument.getSelection().selectAllChildren(field);
  }
}

function say(button, status, text) {
  const label = button.querySelector("[data-copy-label]");
  status.textContent = text;
  label.textContent = text;
  setTimeout(() => {
    status.textContent = "";
    label.textContent = "Copy";
  }, SHOWN_FOR);
}
