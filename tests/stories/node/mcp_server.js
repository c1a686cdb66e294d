// A server of the Model Context Protocol with one tool, which tells whom a client acts for.
//
// It is told { port, issuer, scope, verifier: { clientId, clientSecret } } in a line of JSON, prints its address,
// and serves. It asks the authorization server about every token; without a verifier the proxy in front of it does.

import { discoverAuthorizationServerMetadata } from "@modelcontextprotocol/sdk/client/auth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { print, read } from "./lines.js";

const told = await read();
const serverUrl = new URL(`http://localhost:${told.port}/mcp`);
const app = createMcpExpressApp();

// What the authorization server says of a token, in the words of the protocol's library.
const verifyAccessToken = (endpoint, { clientId, clientSecret }) => async (token) => {
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString("base64");
  const headers = { Authorization: `Basic ${credentials}` };
  const response = await fetch(endpoint, { method: "POST", headers, body: new URLSearchParams({ token }) });
  const introspected = await response.json();
  if (!introspected.active) throw new InvalidTokenError("This token means nothing here");
  return {
    token,
    clientId: introspected.client_id,
    scopes: introspected.scope.split(" "),
    expiresAt: introspected.exp,
    resource: new URL(introspected.aud[0]),
    extra: { subject: introspected.sub },
  };
};

if (told.verifier) {
  const metadata = await discoverAuthorizationServerMetadata(told.issuer);
  const scopesSupported = told.scope.split(" ");
  app.use(mcpAuthMetadataRouter({ oauthMetadata: metadata, resourceServerUrl: serverUrl, scopesSupported }));
  app.use(
    "/mcp",
    requireBearerAuth({
      verifier: { verifyAccessToken: verifyAccessToken(metadata.introspection_endpoint, told.verifier) },
      resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(serverUrl),
      expectedResource: serverUrl,
    }),
  );
}

const newServer = () => {
  const server = new McpServer({ name: "a server", version: "1.0.0" });
  server.registerTool("whoami", { description: "Tells whom you act for" }, ({ authInfo, requestInfo }) => {
    const text = authInfo?.extra.subject ?? requestInfo.headers["x-auth-user-id"];
    return { content: [{ type: "text", text }] };
  });
  return server;
};

app.post("/mcp", async (request, response) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  await newServer().connect(transport);
  await transport.handleRequest(request, response, request.body);
});
app.all("/mcp", (_, response) => response.status(405).set("Allow", "POST").end());
app.listen(told.port, "localhost", () => print({ serverUrl }));
