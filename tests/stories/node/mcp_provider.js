// What an application that embeds the client of the Model Context Protocol brings along: a Client ID that was
// registered beforehand, and memory.

import { randomUUID } from "node:crypto";

export class Provider {
  constructor({ issuer, clientId, redirectUri }) {
    this.issuer = issuer;
    this.clientId = clientId;
    this.redirectUrl = redirectUri;
    this.expectedState = randomUUID();
  }

  get clientMetadata() {
    return {
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    };
  }

  clientInformation() {
    return { client_id: this.clientId, issuer: this.issuer };
  }

  state() {
    return this.expectedState;
  }

  redirectToAuthorization(url) {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }

  codeVerifier() {
    return this.verifier;
  }

  saveDiscoveryState(discovered) {
    this.discovered = discovered;
  }

  discoveryState() {
    return this.discovered;
  }

  saveTokens(tokens) {
    this.saved = tokens;
  }

  tokens() {
    return this.saved;
  }
}

// The code that a person came back with, to the client that had sent them (RFC 9207).
export const codeFrom = (location, { issuer, expectedState }) => {
  const parameters = new URL(location).searchParams;
  if (parameters.get("state") !== expectedState) throw new Error(`Another state: ${location}`);
  if (parameters.get("iss") !== issuer) throw new Error(`Another issuer: ${location}`);
  return parameters.get("code");
};
