// A client as its author's documentation for oauth4webapi says to write one. It knows the issuer's address and
// what the console shows of an application; everything else it discovers.
//
// It is told { issuer, clientId, clientSecret, method, redirectUri, scope, resource } in a line of JSON, prints
// the address to send a person to, is told in a second line where the person came back, and prints what it found.

import * as oauth from "oauth4webapi";
import { calls } from "./calls.js";
import { print, read } from "./lines.js";
import { refusal } from "./refusals.js";

const told = await read();
const options = { [oauth.allowInsecureRequests]: true }; // the test's server speaks http

const issuer = new URL(told.issuer);
const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, discovered);

const client = { client_id: told.clientId };
const authentication = told.clientSecret ? oauth[told.method](told.clientSecret) : oauth.None();

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const address = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: told.clientId,
  redirect_uri: told.redirectUri,
  response_type: "code",
  scope: told.scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
})) {
  address.searchParams.set(name, value);
}
print({ authorizationUrl: address.href });

const answer = new URL(await read());
const parameters = oauth.validateAuthResponse(server, client, answer, state);

const exchange = async () =>
  oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      server, client, authentication, parameters, told.redirectUri, verifier, options,
    ),
  );
const refresh = async (token) =>
  oauth.processRefreshTokenResponse(
    server, client, await oauth.refreshTokenGrantRequest(server, client, authentication, token, options),
  );
const { introspect, revoke, me } = calls(server, client, authentication, options, told.resource);

const first = await exchange();
const person = await me(first.access_token);
const second = await refresh(first.refresh_token);
const found = {
  server,
  iss: parameters.get("iss"),
  first,
  person,
  second,
  otherIssuer: await refusal((async () => {
    const forged = new URL(answer);
    forged.searchParams.set("iss", "https://evil.example");
    return oauth.validateAuthResponse(server, client, forged, state);
  })()),
  introspected: told.clientSecret ? await introspect(second.access_token) : null,
};
await revoke(second.access_token);
found.afterRevocation = await refusal(me(second.access_token));
found.introspectedThen = told.clientSecret ? await introspect(second.access_token) : null;
const third = await refresh(second.refresh_token);
await revoke(third.refresh_token);
found.afterLogout = await refusal(refresh(third.refresh_token));
found.accessAfterLogout = await refusal(me(third.access_token));
found.codeAgain = await refusal(exchange());
print(found);
process.exit(0);
