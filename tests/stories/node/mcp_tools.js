// How clients connect to a server of the Model Context Protocol, and call the one tool that it has.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

export const connect = async (serverUrl, options) => {
  const client = new Client({ name: "a client", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(serverUrl), options);
  await client.connect(transport);
  return client;
};

export const whoami = async (client) => (await client.callTool({ name: "whoami" })).content[0].text;
