// `auth()` of the Model Context Protocol's client, which does everything from a refused request on.
//
// It is told { issuer, clientId, redirectUri, serverUrl } in a line of JSON, prints the address to send a person
// to, is told in a second line where the person came back, and prints what it found.

import { auth, extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import { print, read } from "./lines.js";
import { codeFrom, Provider } from "./mcp_provider.js";

const told = await read();
const provider = new Provider(told);
const get = (headers) => fetch(told.serverUrl, { headers });
const getWithToken = () => get({ Authorization: `Bearer ${provider.tokens().access_token}` });

const { resourceMetadataUrl } = extractWWWAuthenticateParams(await get({}));
const options = { serverUrl: told.serverUrl, resourceMetadataUrl };
const asked = await auth(provider, options);
print({ authorizationUrl: provider.authorizationUrl });

const authorizationCode = codeFrom(await read(), provider);
const exchanged = await auth(provider, { ...options, authorizationCode });
const first = provider.tokens();
const me = await (await getWithToken()).json();
const refreshed = await auth(provider, options);
const second = provider.tokens();
print({
  resourceMetadataUrl,
  discovered: provider.discovered,
  results: [asked, exchanged, refreshed],
  first,
  second,
  me,
  afterRefresh: (await getWithToken()).status,
});
process.exit(0);
