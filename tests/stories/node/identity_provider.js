// An organization's identity provider: oidc-provider, unmodified, with a page to sign in on and one to sign out on.
//
// It is told { clientId, clientSecret } in a line of JSON and prints where it is: { issuer }. Then each line names a
// command (identity_provider_commands.js) with what it is given; its answer is printed.

import { createServer } from "node:http";
import { commandsOf } from "./identity_provider_commands.js";
import { configurationOf, newKey } from "./identity_provider_configuration.js";
import { interact } from "./identity_provider_pages.js";
import { print, read } from "./lines.js";

console.info = console.warn = console.error; // lines of standard output are answers

const { Provider } = await import("oidc-provider");
const { clientId, clientSecret } = await read();

// What the test sees to: `broken`, the status that a path answers with; `forgetful`, whether requests to sign in anew
// are overheard; `sids`, under which names this client knows the sessions of each person.
const state = {
  client: { client_id: clientId, client_secret: clientSecret, redirect_uris: [] },
  people: {},
  keys: [newKey()],
  broken: {},
  forgetful: false,
  sids: new Map(),
};

const remember = (ctx) => {
  const { session, client } = ctx.oidc;
  const known = state.sids.get(session.accountId) ?? new Set();
  state.sids.set(session.accountId, known.add(session.sidFor(client.clientId)));
};

// A change of keys or of the client makes another provider, which knows the sessions of the former.
state.rebuild = () => {
  state.provider = new Provider(state.issuer, configurationOf(state));
  state.provider.on("authorization.success", remember);
  state.callback = state.provider.callback();
};

const answer = (request, response) => {
  const url = new URL(request.url, state.issuer);
  const status = state.broken[url.pathname];
  if (status) return response.writeHead(status).end();
  if (url.pathname.startsWith("/interaction/")) {
    return interact(state, request, response).catch(() => response.writeHead(400).end());
  }
  if (state.forgetful && url.pathname === "/auth") {
    url.searchParams.delete("prompt");
    url.searchParams.set("max_age", 1_000_000);
    request.url = url.pathname + url.search;
  }
  return state.callback(request, response);
};

const server = createServer(answer);
const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
await listen(0);
const { port } = server.address();
state.issuer = `http://127.0.0.1:${port}`;
state.rebuild();
print({ issuer: state.issuer });

const commands = commandsOf(state, {
  up: () => listen(port),
  down: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
});
for (;;) {
  const { command, ...given } = await read();
  print((await commands[command](given)) ?? {});
}
