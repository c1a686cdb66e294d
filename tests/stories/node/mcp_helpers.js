// The steps of the Model Context Protocol's client one by one, as a client takes them that asks for no scope: for
// whatever it may have at this server. At last it calls a tool of the server.
//
// It is told { issuer, clientId, redirectUri, serverUrl } in a line of JSON, prints the address to send a person
// to, is told in a second line where the person came back, and prints what it found.

import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  exchangeAuthorization,
  extractWWWAuthenticateParams,
  refreshAuthorization,
  startAuthorization,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { print, read } from "./lines.js";
import { codeFrom, Provider } from "./mcp_provider.js";
import { connect, whoami } from "./mcp_tools.js";

const told = await read();
const provider = new Provider(told);

const refused = await fetch(told.serverUrl, { method: "POST" });
const { resourceMetadataUrl } = extractWWWAuthenticateParams(refused);
const protectedResource = await discoverOAuthProtectedResourceMetadata(told.serverUrl, { resourceMetadataUrl });
const issuer = protectedResource.authorization_servers[0];
const metadata = await discoverAuthorizationServerMetadata(issuer);
const asClient = {
  metadata,
  clientInformation: provider.clientInformation(),
  resource: protectedResource.resource,
};

const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, {
  ...asClient,
  redirectUrl: told.redirectUri,
  state: provider.state(),
});
print({ authorizationUrl });

const first = await exchangeAuthorization(issuer, {
  ...asClient,
  authorizationCode: codeFrom(await read(), provider),
  codeVerifier,
  redirectUri: told.redirectUri,
});
const second = await refreshAuthorization(issuer, { ...asClient, refreshToken: first.refresh_token });
const headers = { Authorization: `Bearer ${second.access_token}` };
print({
  status: refused.status,
  resourceMetadataUrl,
  protectedResource,
  metadata,
  first,
  second,
  whoami: await whoami(await connect(told.serverUrl, { requestInit: { headers } })),
});
process.exit(0);
