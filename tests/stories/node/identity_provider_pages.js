// The page that people sign in on, at an identity provider whose passwords nobody needs to know.

import { text } from "node:stream/consumers";
import { page } from "./identity_provider_configuration.js";

const FORM = `<form method="post"><label>Account <input name="account"></label>
<button name="decision" value="sign_in">Sign in</button><button name="decision" value="cancel">Cancel</button></form>`;

const show = (response, note) => {
  response.writeHead(note ? 400 : 200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(page("Sign in at the identity provider", (note ? `<p role="alert">${note}</p>` : "") + FORM));
};

export const interact = async ({ provider, people }, request, response) => {
  await provider.interactionDetails(request, response);
  if (request.method !== "POST") return show(response);
  const form = new URLSearchParams(await text(request));
  const finish = (result) => provider.interactionFinished(request, response, result);
  if (form.get("decision") === "cancel") return finish({ error: "access_denied" });
  const accountId = form.get("account");
  const person = people[accountId];
  if (!person) return show(response, "There is no such account.");
  return finish({ login: { accountId, amr: person.amr, acr: person.acr } });
};
