// What a client of oauth4webapi asks about a token once it has one.

import * as oauth from "oauth4webapi";

export function calls(server, client, authentication, options, resource) {
  const introspect = async (token) =>
    oauth.processIntrospectionResponse(
      server, client, await oauth.introspectionRequest(server, client, authentication, token, options),
    );
  const revoke = async (token) =>
    oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, token, options),
    );
  const me = async (token) => {
    const response = await oauth.protectedResourceRequest(
      token, "GET", new URL(resource), undefined, undefined, options,
    );
    return response.json();
  };
  return { introspect, revoke, me };
}
