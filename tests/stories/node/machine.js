// A machine as the documentation of oauth4webapi says to write one, which gets tokens for itself.
//
// It is told { issuer, clientId, method, algorithm, credential, otherCredential, scope, resource } in a line of
// JSON and prints what it found. With an algorithm, credentials are private keys in PKCS #8, as openssl writes
// them; without, they are client secrets.

import { createPrivateKey } from "node:crypto";
import * as oauth from "oauth4webapi";
import { calls } from "./calls.js";
import { print, read } from "./lines.js";
import { refusal } from "./refusals.js";

const IMPORTED_AS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
};

const told = await read();
const options = { [oauth.allowInsecureRequests]: true }; // the test's server speaks http

const issuer = new URL(told.issuer);
const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm: "oauth2" });
const server = await oauth.processDiscoveryResponse(issuer, discovered);
const client = { client_id: told.clientId };

const signedWith = (privateKey) =>
  oauth.PrivateKeyJwt(
    createPrivateKey(privateKey).toCryptoKey(IMPORTED_AS[told.algorithm], false, ["sign"]),
  );
const authenticatedBy = (credential) =>
  told.algorithm ? signedWith(credential) : oauth[told.method](credential);
const authentication = authenticatedBy(told.credential);

const ask = async (authentication) =>
  oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: told.scope }, options),
  );
const { introspect, revoke, me } = calls(server, client, authentication, options, told.resource);

const token = await ask(authentication);
const found = {
  methods: server.token_endpoint_auth_methods_supported,
  algorithms: server.token_endpoint_auth_signing_alg_values_supported,
  token,
  me: await me(token.access_token),
  introspected: await introspect(token.access_token),
};
await revoke(token.access_token);
found.afterRevocation = await refusal(me(token.access_token));
found.otherCredential = await refusal(ask(authenticatedBy(told.otherCredential)));
print(found);
process.exit(0);
