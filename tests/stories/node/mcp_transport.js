// A client of the Model Context Protocol that leaves authorization to its transport. It is sent to a person by a
// refused request, and refreshes its token because of another.
//
// It is told { issuer, clientId, redirectUri, serverUrl } in a line of JSON, prints the address to send a person
// to, is told in a second line where the person came back, and prints what it found.

import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { print, read } from "./lines.js";
import { codeFrom, Provider } from "./mcp_provider.js";
import { connect, whoami } from "./mcp_tools.js";

const told = await read();
const authProvider = new Provider(told);

const refused = await connect(told.serverUrl, { authProvider }).catch((error) => error);
if (!(refused instanceof UnauthorizedError)) throw refused;
print({ authorizationUrl: authProvider.authorizationUrl });

const code = codeFrom(await read(), authProvider);
await new StreamableHTTPClientTransport(new URL(told.serverUrl), { authProvider }).finishAuth(code);
const first = authProvider.tokens();
const client = await connect(told.serverUrl, { authProvider });
const whoamiFirst = await whoami(client);

const { authorizationServerMetadata } = authProvider.discovered;
await fetch(authorizationServerMetadata.revocation_endpoint, {
  method: "POST",
  body: new URLSearchParams({ token: first.access_token, client_id: told.clientId }),
});
const whoamiThen = await whoami(client); // the transport has to refresh
print({
  discovered: authProvider.discovered,
  first,
  second: authProvider.tokens(),
  whoami: [whoamiFirst, whoamiThen],
});
process.exit(0);
