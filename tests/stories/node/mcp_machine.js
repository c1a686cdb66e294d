// A client of the Model Context Protocol that acts for nobody but itself, with a secret or a key.
//
// It is told { issuer, clientId, clientSecret or privateKey and algorithm, scope, serverUrl } in a line of JSON
// and prints what it found.

import { ClientCredentialsProvider, PrivateKeyJwtProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { print, read } from "./lines.js";
import { connect, whoami } from "./mcp_tools.js";

const told = await read();
const Provider = told.privateKey ? PrivateKeyJwtProvider : ClientCredentialsProvider;
const authProvider = new Provider({ ...told, expectedIssuer: told.issuer });
const client = await connect(told.serverUrl, { authProvider });
print({ whoami: await whoami(client), tokens: authProvider.tokens() });
process.exit(0);
