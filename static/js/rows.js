// Add and Remove in a group of rows, without asking the server, so that a chosen file stays chosen. A paste of
// several URLs becomes a row for each.

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
    group.addEventListener("paste", (event) => paste(group, event));
  }
}

function add(group) {
  const rows = rowsOf(group);
  if (hasRoomFor(group, rows.length + 1)) {
    const row = addAfter(rows[rows.length - 1]);
    number(group);
    row.querySelector("input").focus();
  }
}

function remove(group, row) {
  const rows = rowsOf(group);
  say(group, "");
  if (rows.length === 1) {
    clear(row);
    row.querySelector("input").focus();
    return;
  }
  const neighbor = rows[rows.indexOf(row) + 1] ?? rows[rows.indexOf(row) - 1];
  row.remove();
  number(group);
  neighbor.querySelector("input").focus();
}

function paste(group, event) {
  const urls = separate(event.clipboardData.getData("text"));
  const input = event.target.closest("[data-row] input");
  if (!input || urls.length < 2) {
    return; // one URL, or part of one: the field takes it
  }
  event.preventDefault();
  let row = input.closest("[data-row]");
  const isFree = input.selectionEnd - input.selectionStart === input.value.length;
  if (!hasRoomFor(group, rowsOf(group).length + urls.length - (isFree ? 1 : 0))) {
    return;
  }
  urls.forEach((url, index) => {
    row = isFree && index === 0 ? row : addAfter(row);
    clear(row);
    row.querySelector("input").value = url;
  });
  number(group);
  row.querySelector("input").focus();
  row.dispatchEvent(new Event("input", { bubbles: true }));
}

// Where one URL ends and the next begins, as the server sees it.
function separate(text) {
  return text
    .replace(/([^=&?\s,;])(?=https?:\/\/)/gi, "$1\n")
    .replace(/[\s,;](?=[a-z][a-z0-9+.-]*:\/)/gi, "\n")
    .split("\n")
    .map((part) => part.replace(/^[\s,;]+|[\s,;]+$/g, ""))
    .filter(Boolean);
}

function hasRoomFor(group, count) {
  const isTooMany = count > Number(group.dataset.most);
  say(group, isTooMany ? group.dataset.tooMany : "");
  return !isTooMany;
}

function say(group, text) {
  group.querySelector("[data-rows-note]").textContent = text;
}

function rowsOf(group) {
  return [...group.querySelectorAll("[data-row]")];
}

function addAfter(row) {
  const added = row.cloneNode(true);
  clear(added);
  row.after(added);
  return added;
}

function clear(row) {
  const input = row.querySelector("input");
  input.value = "";
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
  row.querySelector(".errorlist")?.remove();
}

function number(group) {
  rowsOf(group).forEach((row, index) => {
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
