// Forms with data-passkey="create" or "get" carry what an authenticator answers. Their challenge stands in
// data-passkey-options, or is fetched from data-passkey-options-from. A form that is of use only with a passkey is
// hidden in the page and shown here, where the browser knows passkeys.

const SAID = {
  NotAllowedError: "No passkey was used: it was canceled, or took too long.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "Passkeys do not work at this address.",
};
const OTHERWISE = "The browser could not use a passkey.";

export function offerPasskeys(document) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.querySelector("[data-passkey-unsupported]")?.remove();
    prepare(form);
  }
}

function prepare(form) {
  const autofill = new AbortController();
  const answer = form.elements.namedItem("credential");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    autofill.abort();
    try {
      answer.value = JSON.stringify(await ask(form));
      form.submit();
    } catch (error) {
      say(form, SAID[error.name] ?? OTHERWISE);
    }
  });
  if ("passkeyAutofill" in form.dataset) {
    offerInField(form, answer, autofill.signal);
  }
}

async function ask(form, how = {}) {
  const options = await challenge(form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...how });
  return credential.toJSON();
}

async function challenge(form) {
  if (form.dataset.passkeyOptions) {
    return JSON.parse(form.dataset.passkeyOptions);
  }
  const reply = await fetch(form.dataset.passkeyOptionsFrom, { headers: { Accept: "application/json" } });
  if (!reply.ok) {
    throw new Error(reply.statusText);
  }
  return (await reply.json()).request_options.publicKey;
}

// The browser lists passkeys below the field with autocomplete="… webauthn", beside saved passwords.
async function offerInField(form, answer, signal) {
  try {
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      answer.value = JSON.stringify(await ask(form, { mediation: "conditional", signal }));
      form.submit();
    }
  } catch {
    // Nobody asked for anything yet, so there is nothing to say.
  }
}

function say(form, text) {
  form.querySelector("[data-passkey-error]").textContent = text;
}
