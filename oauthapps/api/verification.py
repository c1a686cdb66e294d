"""Token checks for a proxy's sub-request: nginx auth_request, Traefik forwardAuth, Envoy ext_authz."""

from functools import partial
from urllib.parse import parse_qsl, quote

from oauthapps.api.bearer import BearerError, TokenContext, challenge, lacks_scope, living_token
from oauthapps.api.protected_resources import metadata_url
from oauthapps.explanations import access_tokens as explanations
from oauthapps.explanations.scopes import refused
from oauthapps.http.messages import ApiRequest, ApiResponse
from oauthapps.rules import scopes
from oauthapps.rules.apis.identifiers import canonical
from oauthapps.sql.access_tokens import SERVICE
from oauthapps.sql.catalog import current_catalog


def verify(request: ApiRequest) -> ApiResponse:
    """Answer 200 with whom the token speaks for, 401 without a living token, 403 without the scope.

    Any method, because a proxy may pass on that of the request it asks about; the body is not read. The scope
    is what the parameter `scope` of the URL names; without one it is `read`, or any scope of the API that the
    parameter `resource` names.
    """
    resources = asked("resource", request)
    try:
        token = check_all(request, asked("scope", request), resources)
    except BearerError as error:
        return challenge(error, metadata_of(resources))
    return ApiResponse(
        200,
        headers={
            "Content-Type": "text/plain",
            "X-Auth-User-Id": token.row.subject,
            **({"X-Auth-Sub-Type": SERVICE} if token.row.is_service else {}),
            "X-Auth-Username": quote(token.row.username, safe="+"),  # a header is ASCII whatever a name is
            "X-Auth-Client-Id": token.row.client_id,
            "X-Auth-Scope": scopes.render(token.scope),
            "X-Auth-Audience": " ".join(token.row.catalog.audience(token.scope)),
            "Cache-Control": "no-store",
        },
        client_id=token.row.client_id,
    )


def metadata_of(resources: tuple[str, ...]) -> str | None:
    """Return the URL of the metadata of the one API that a proxy asks about; None where it names none.

    What the URL holds is anybody's, so only identifiers of APIs that exist are repeated.
    """
    if not resources:
        return None
    known = {api.identifier for api in current_catalog().apis} & {canonical(each) for each in resources}
    return metadata_url(known.pop()) if len(known) == 1 else ""


def asked(name: str, request: ApiRequest) -> tuple[str, ...]:
    """Return every value that the URL has for a parameter.

    All of them are wanted, so that a proxy which appends the parameters of strangers to its own cannot have
    its scope or resource replaced by theirs. However many there are: a proxy would take a 400 for neither yes
    nor no.
    """
    parameters = parse_qsl(request.query, errors="replace")
    return scopes.parse(" ".join(value for each, value in parameters if each == name))


def check_all(request: ApiRequest, wanted: tuple[str, ...], resources: tuple[str, ...]) -> TokenContext:
    """Return whom a request with all of these scopes speaks for, and those of its scopes that count.

    Args:
        request: the request.
        wanted: the scopes that its token must have.
        resources: the identifiers of the APIs that it must be for; others of its scopes do not count.

    Raises:
        BearerError: when it has no living token, or one that lacks a scope; only scopes that exist are named
            in the answer, because what the URL holds is anybody's.
    """
    token = whole = living_token(request)
    catalog = token.row.catalog
    identifiers = {canonical(resource) for resource in resources}
    if resources:
        token = TokenContext(token.row, catalog.of_apis(token.scope, identifiers), token.digest)
    needed = wanted or (() if resources else (scopes.READ,))
    is_for_all = identifiers <= set(catalog.audience(token.scope))
    if not is_for_all or not set(needed) <= set(token.scope):
        scope = scopes.render(name for name in needed if name in catalog.by_scope)
        other = partial(explanations.not_for_resource, catalog.audience(whole.scope), refused(resources, ()))
        raise lacks_scope(token, scope, None if is_for_all else other)
    return token
