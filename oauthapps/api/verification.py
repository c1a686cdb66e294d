"""Token checks for a proxy's sub-request: nginx auth_request, Traefik forwardAuth, Envoy ext_authz."""

from urllib.parse import parse_qsl, quote

from oauthapps.api.bearer import BearerError, TokenContext, challenge, check, lacks_scope
from oauthapps.http.messages import ApiRequest, ApiResponse
from oauthapps.rules import scopes


def verify(request: ApiRequest) -> ApiResponse:
    """Answer 200 with whom the token speaks for, 401 without a living token, 403 without the scope.

    Any method, because a proxy may pass on that of the request it asks about; the body is not read. The scope
    is `read`, or what the parameter `scope` of the URL names.
    """
    try:
        token = check_all(request, asked_scopes(request))
    except BearerError as error:
        return challenge(error)
    return ApiResponse(
        200,
        headers={
            "Content-Type": "text/plain",
            "X-Auth-User-Id": token.row.user_id,
            "X-Auth-Username": quote(token.row.username, safe="+"),  # a header is ASCII whatever a name is
            "X-Auth-Client-Id": token.row.client_id,
            "X-Auth-Scope": scopes.render(token.scope),
            "Cache-Control": "no-store",
        },
    )


def asked_scopes(request: ApiRequest) -> tuple[str, ...]:
    """Return every scope that the URL names, `read` where it names none.

    All of them are wanted, so that a proxy which appends the parameters of strangers to its own cannot have
    its scope replaced by theirs. However many there are: a proxy would take a 400 for neither yes nor no.
    """
    parameters = parse_qsl(request.query, errors="replace")
    named = " ".join(value for name, value in parameters if name == "scope")
    return scopes.parse(named) or (scopes.READ,)


def check_all(request: ApiRequest, asked: tuple[str, ...]) -> TokenContext:
    """Return whom a request with all of these scopes speaks for.

    Raises:
        BearerError: when it has no living token, or one that lacks a scope; only scopes that exist are named
            in the answer, because what the URL holds is anybody's.
    """
    known = [name for name in asked if name in scopes.SCOPES]
    token = check(request, known[0] if known else scopes.READ)
    if not set(asked) <= set(token.scope):
        raise lacks_scope(token, scopes.render(known))
    return token
