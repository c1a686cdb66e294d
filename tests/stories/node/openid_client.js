// A client as the documentation of openid-client says to write one, whose tokens are for APIs (RFC 8707), and the
// servers of these APIs, which ask what they are sent.
//
// It is told { issuer, clientId, clientSecret, redirectUri, scope, verify, apis: { name: { identifier, clientId,
// clientSecret } }, foreign } in a line of JSON. Twice it prints the address to send a person to and is told in a
// line where the person came back. Then it prints what it found.

import * as client from "openid-client";
import { print, read } from "./lines.js";
import { refusal } from "./refusals.js";

const told = await read();
const apis = Object.values(told.apis);

const discover = ({ clientId, clientSecret }) =>
  client.discovery(new URL(told.issuer), clientId, clientSecret, client.ClientSecretBasic(clientSecret), {
    algorithm: "oauth2",
    execute: [client.allowInsecureRequests], // the test's server speaks http
  });
const config = await discover(told);

// Sends a person to the authorization endpoint for APIs; gives what exchanges the code for a token.
const authorize = async (...resources) => {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const parameters = new URLSearchParams({
    redirect_uri: told.redirectUri,
    scope: told.scope,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  for (const resource of resources) parameters.append("resource", resource);
  print({ authorizationUrl: client.buildAuthorizationUrl(config, parameters).href });
  const cameBack = new URL(await read());
  return (resource) =>
    client.authorizationCodeGrant(config, cameBack, { pkceCodeVerifier, expectedState }, { resource });
};

// What the server of an API finds out about a token: by introspection, and as a proxy in front of it would.
const ask = async (api, token) => {
  const verify = new URL(told.verify);
  verify.searchParams.set("resource", api.identifier);
  const verified = client.fetchProtectedResource(config, token, verify, "GET");
  const refused = await refusal(verified);
  return {
    introspected: await client.tokenIntrospection(await discover(api), token),
    refused,
    audience: refused ? null : (await verified).headers.get("X-Auth-Audience"),
  };
};
const seen = async (tokens) => ({
  scope: tokens.scope,
  byApi: await Promise.all(apis.map((api) => ask(api, tokens.access_token))),
});

const [first, second] = apis.map((api) => api.identifier);
const unknown = await authorize(told.foreign);
const found = { unknown: await refusal(unknown(told.foreign)) };

const exchange = await authorize(first, second);
found.unknownInExchange = await refusal(exchange(told.foreign));
const tokens = await exchange(first);
found.first = await seen(tokens);

const refresh = (token, parameters) => client.refreshTokenGrant(config, token, parameters);
found.unknownInRefresh = await refusal(refresh(tokens.refresh_token, { resource: told.foreign }));
const narrowed = await refresh(tokens.refresh_token, { resource: second });
found.second = await seen(narrowed);
found.both = await seen(await refresh(narrowed.refresh_token));
print(found);
process.exit(0);
