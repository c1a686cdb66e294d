// Forms with data-passkey="create" or "get" carry what an authenticator answers. Their challenge stands in
// data-passkey-options, or is fetched from data-passkey-options-from. A form that is of use only with a passkey is
// hidden in the page and shown here, where the browser knows passkeys.

const SET_PIN = "A security key needs a PIN or fingerprint. Set one up in the settings of your device or browser.";
const SAID = {
  NotAllowedError: `No passkey was used. It was canceled or took too long, or the security key has no PIN. ${SET_PIN}`,
  ConstraintError: `This device or security key can't verify that it's you. ${SET_PIN}`,
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys don't work at this URL.",
};
const OTHERWISE = "The browser couldn't use a passkey.";
const LEFT_BEHIND = "No passkey was added. If your device lists a new passkey for this site, delete it there.";

export function offerPasskeys(document) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    forget(form, form.dataset.passkeyRefused);
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
      answer.value = await ask(form);
      form.submit();
    } catch (error) {
      say(form, error.message === LEFT_BEHIND ? LEFT_BEHIND : (SAID[error.name] ?? OTHERWISE));
    }
  });
  if ("passkeyAutofill" in form.dataset) {
    offerInField(form, answer, autofill.signal);
  }
}

async function ask(form, how = {}) {
  const options = await challenge(form);
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return made(form, await navigator.credentials.create({ publicKey }));
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return serialized(await navigator.credentials.get({ publicKey, ...how }));
}

// From here on the device has a passkey: where it cannot be sent, the device is told that nobody knows it.
function made(form, credential) {
  try {
    return serialized(credential);
  } catch (error) {
    forget(form, credential?.id);
    throw new Error(LEFT_BEHIND, { cause: error });
  }
}

// Password managers put an object of their own in the place of the browser's, whose toJSON() may throw.
function serialized(credential) {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    return JSON.stringify(byHand(credential));
  }
}

const IN_ANSWERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

function byHand(credential) {
  const response = {};
  for (const name of IN_ANSWERS) {
    if (credential.response[name]) {
      response[name] = base64url(credential.response[name]);
    }
  }
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: "public-key",
    clientExtensionResults: {},
    response,
  };
}

function base64url(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Lets the device take back a passkey that was not added here, where the browser can tell it so.
function forget(form, credentialId) {
  if (credentialId && form.dataset.passkeyOptions) {
    const rpId = JSON.parse(form.dataset.passkeyOptions).rp.id;
    PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId }).catch(() => {});
  }
}

async function challenge(form) {
  if (form.dataset.passkeyOptions) {
    return JSON.parse(form.dataset.passkeyOptions);
  }
  const reply = await fetch(form.dataset.passkeyOptionsFrom, { headers: { Accept: "application/json" } });
  if (reply.redirected) {
    form.submit(); // signed in meanwhile, in another tab: this leads on to where the page would have
    return new Promise(() => {});
  }
  if (!reply.ok) {
    throw new Error(reply.statusText);
  }
  return (await reply.json()).request_options.publicKey;
}

// The browser lists passkeys below the field with autocomplete="… webauthn", beside saved passwords.
async function offerInField(form, answer, signal) {
  try {
    if (await PublicKeyCredential.isConditionalMediationAvailable?.()) {
      answer.value = await ask(form, { mediation: "conditional", signal });
      form.submit();
    }
  } catch {
    // Nobody asked for anything yet, so there is nothing to say.
  }
}

function say(form, text) {
  form.querySelector("[data-passkey-error]").textContent = text;
}
