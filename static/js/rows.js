// Add and Remove in a group of rows, without asking the server, so that a chosen file stays chosen.

export function offerRows(document) {
  for (const group of document.querySelectorAll("[data-rows]")) {
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button?.name === "add") {
        event.preventDefault();
        add(group);
      } else if (button?.name === "remove") {
        event.preventDefault();
        remove(group, button.closest("[data-row]"));
      }
    });
  }
}

function add(group) {
  const rows = group.querySelectorAll("[data-row]");
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  clear(row);
  last.after(row);
  number(group);
  row.querySelector("input").focus();
}

function remove(group, row) {
  const rows = [...group.querySelectorAll("[data-row]")];
  if (rows.length === 1) {
    clear(row);
    row.querySelector("input").focus();
    return;
  }
  const neighbour = rows[rows.indexOf(row) + 1] ?? rows[rows.indexOf(row) - 1];
  row.remove();
  number(group);
  neighbour.querySelector("input").focus();
}

function clear(row) {
  const input = row.querySelector("input");
  input.value = "";
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
  row.querySelector(".errorlist")?.remove();
}

function number(group) {
  group.querySelectorAll("[data-row]").forEach((row, index) => {
    const input = row.querySelector("input");
    const label = row.querySelector("label");
    const errors = row.querySelector(".errorlist");
    input.id = `id_redirect_url_${index + 1}`;
    label.htmlFor = input.id;
    label.textContent = `Redirect URL ${index + 1}`;
    if (errors) {
      errors.id = `${input.id}_error`;
      input.setAttribute("aria-describedby", errors.id);
    }
    row.querySelector("button").value = index + 1;
    row.querySelector("button .visually-hidden").textContent = ` ${label.textContent}`;
  });
}
