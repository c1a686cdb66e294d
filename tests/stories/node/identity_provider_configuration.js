// The configuration of oidc-provider for what a test has seen to.

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Memory } from "./identity_provider_memory.js";

const cookieKey = randomUUID();
const SCOPE = "openid email profile groups";

export const newKey = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

export const page = (title, body = "") =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;

export const configurationOf = (state) => ({
  adapter: Memory,
  clients: [state.client],
  jwks: { keys: state.keys },
  clientAuthMethods: ["client_secret_basic"],
  responseTypes: ["code"],
  acrValues: ["urn:example:password", "urn:example:phishing-resistant"],
  // Of a person, an ID token has `sub` alone here; the rest is asked of the UserInfo endpoint.
  claims: {
    openid: ["sub", "amr", "acr"],
    email: ["email", "email_verified"],
    profile: ["name"],
    groups: ["groups"],
  },
  findAccount: (ctx, id) => {
    const { amr, acr, ...claims } = state.people[id] ?? {};
    return state.people[id] && { accountId: id, claims: () => ({ sub: id, ...claims }) };
  },
  // Nobody is asked for consent: the organization has given it.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope(SCOPE);
    await grant.save();
    return grant;
  },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  cookies: { keys: [cookieKey] },
  pkce: { required: () => true },
  ttl: { Session: 86_400, Interaction: 86_400, Grant: 86_400, IdToken: 3_600, AccessToken: 3_600 },
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }), // clients are on this machine
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = page("Error at the identity provider", `<p>${out.error}: ${out.error_description}</p>`);
  },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        const button = '<button name="logout" value="yes" form="op.logoutForm">Sign out</button>';
        ctx.body = page("Sign out at the identity provider", form + button);
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = page("Signed out at the identity provider");
      },
    },
  },
});
