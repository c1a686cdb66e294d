// The sentence about refresh tokens follows what is being chosen. The server makes it: the rule is in one place.

const FIELDS = ["rotate_refresh_tokens", "absolute_expiration", "inactivity_expiration"];

export function followLifetimes(document) {
  for (const place of document.querySelectorAll("[data-effect]")) {
    const form = place.closest("form");
    form.addEventListener("change", (event) => {
      if (FIELDS.includes(event.target.name)) {
        update(place, form);
      }
    });
  }
}

async function update(place, form) {
  const chosen = new FormData(form);
  const query = new URLSearchParams(FIELDS.filter((name) => chosen.has(name)).map((name) => [name, chosen.get(name)]));
  place.dataset.asked = query;
  const answer = await ask(`${place.dataset.effect}?${query}`);
  if (place.dataset.asked !== String(query)) {
    return; // something else has been chosen since
  }
  place.querySelector("[data-effect-text]").textContent = answer.effect;
  place.querySelector("[data-effect-notice]").hidden = !answer.effect;
  place.querySelector("[data-effect-warning]")?.toggleAttribute("hidden", !answer.warns);
}

async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return await answer.json();
  } catch {
    // Offline, or signed out: better nothing than a sentence about other values.
    return { effect: "", warns: false };
  }
}
