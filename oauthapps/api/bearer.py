"""Who a request with an access token speaks for (RFC 6750)."""

from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils import timezone

from oauthapps.api.protected_resources import metadata_url
from oauthapps.explanations import access_tokens as explanations
from oauthapps.explanations.wording import Shown
from oauthapps.http.messages import ApiRequest, ApiResponse, Explain, Refusal, json_response
from oauthapps.rules import echoes, scopes
from oauthapps.rules.credential_values import digest
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services.exception_uses import record_need
from oauthapps.sql import access_tokens
from oauthapps.sql.access_tokens import BearerRow

SCHEMES = {"bearer", "sessionid"}  # some clients use the reply's token_type as the scheme
NO_TOKEN = "No access token was sent."  # noqa: S105  # a sentence
OTHER_SCHEME = "The Authorization header uses a scheme other than Bearer."
TWO_TOKENS = "Two different access tokens were sent."
UNKNOWN_TOKEN = "The access token was never issued, or expired long ago."  # noqa: S105  # a sentence
ENDED_TOKEN = "The access token was revoked, or its person, application or consent is no longer active."  # noqa: S105  # a sentence


class TokenContext(NamedTuple):
    """A checked access token: whom it speaks for, by which client, with which scopes; its digest."""

    row: BearerRow
    scope: tuple[str, ...]
    digest: str


class BearerError(Exception):
    """The request may not have what it asks for.

    Attributes:
        status: the HTTP status, in numbers.
        error: RFC 6750's error code; empty where no token was sent (section 3).
        scope: the scope that is lacking.
        reason: why, for the log; whoever asked is not told.
        client: the Client ID of the token's application, for the log.
        username: whom the token speaks for, for the log.
        explain: says why to administrators.
    """

    def __init__(
        self,
        status: int,
        error: str,
        reason: str,
        *,
        scope: str = "",
        client: str = "",
        username: str = "",
        explain: Explain,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.reason = reason
        self.scope = scope
        self.client = client
        self.username = username
        self.explain = explain


def presented_token(request: ApiRequest) -> str:
    """Return the one access token a request carries, in either header or where allowed in the URL.

    Returns:
        The token; empty where it carries none.

    Raises:
        BearerError: when it carries something else, or two that differ.
    """
    scheme, _, value = request.authorization.partition(" ")
    tokens: set[str] = {request.environ.get("HTTP_SESSIONID", "").strip()}
    if request.query and settings.ALLOW_SESSION_ID_IN_URL:
        tokens.update(tokens_in_url(request))
    if scheme:
        tokens.add(value.strip() if scheme.lower() in SCHEMES else "\0")
    tokens.discard("")
    if not tokens and not scheme:
        return ""
    if not tokens:
        raise BearerError(
            401, "invalid_token", NO_TOKEN, explain=partial(explanations.none_sent, has_empty_header=True)
        )
    if "\0" in tokens:
        explain = partial(explanations.other_scheme, echoes.kind_of(scheme), echoes.named(scheme))
        raise BearerError(401, "invalid_token", OTHER_SCHEME, explain=explain)
    if len(tokens) > 1:
        raise BearerError(401, "invalid_token", TWO_TOKENS, explain=explanations.two_tokens)
    return tokens.pop()


def tokens_in_url(request: ApiRequest) -> list[str]:
    """Return what `?sessionID=` says; RFC 9700 section 4.3.2 says why tokens should not travel in URLs."""
    parameters = parse_qsl(request.query, errors="replace")
    return [value for name, value in parameters if name == "sessionID"]


def living_token(request: ApiRequest) -> TokenContext:
    """Return whom a request speaks for, whatever it may do, in one statement.

    Raises:
        BearerError: when it has no living token.
    """
    token = presented_token(request)
    if not token:
        return excepted_token(request)
    presented = digest(token)
    row = access_tokens.bearer(presented)
    if row is None:
        raise dead_token(presented, Shown.of(token))
    return TokenContext(row, row.effective_scope, presented)


def excepted_token(request: ApiRequest) -> TokenContext:
    """Return whom the one token speaks for that a request has in its URL, by its application's exception.

    Raises:
        BearerError: as if there were none, whatever else is wrong with it.
    """
    tokens = {value for value in tokens_in_url(request) if value} if request.query else set()
    if len(tokens) != 1:
        raise no_token(
            explanations.in_url if tokens else partial(explanations.none_sent, has_empty_header=False)
        )
    presented = digest(tokens.pop())
    row = access_tokens.bearer(presented, access_tokens.BEARER_IN_URL)
    if row is None:
        raise no_token(explanations.in_url)
    record_need(row.application_id, ExceptionKind.SESSION_ID_IN_URL)
    return TokenContext(row, row.effective_scope, presented)


def no_token(explain: Explain) -> BearerError:
    """Return the refusal of a request without a token that counts."""
    return BearerError(401, "", NO_TOKEN, explain=explain)


def dead_token(presented: str, shown: Shown) -> BearerError:
    """Return the refusal of an access token that does not live, and for the log whose it was.

    Args:
        presented: its digest.
        shown: what is kept of it.
    """
    explain = partial(explanations.dead, shown, timezone.now())
    row = access_tokens.dead(presented)
    if row is None:
        return BearerError(401, "invalid_token", UNKNOWN_TOKEN, explain=explain)
    has_expired = row.expires <= timezone.now()
    return BearerError(
        401,
        "invalid_token",
        f"The access token expired at {row.expires:%Y-%m-%d %H:%M:%S} UTC." if has_expired else ENDED_TOKEN,
        client=row.client_id,
        username=row.username,
        explain=explain,
    )


def lacks_scope(token: TokenContext, scope: str, explain: Explain | None = None) -> BearerError:
    """Return the refusal of a living token without a scope.

    Args:
        token: the token.
        scope: what it would need, as on the wire.
        explain: says why to administrators where it is not for the lack of that scope.
    """
    needed, allowed = scopes.parse(scope), scopes.parse(token.row.allowed_scope)
    return BearerError(
        403,
        "insufficient_scope",
        f"The access token lacks a scope; needed: {scope}.",
        scope=scope,
        client=token.row.client_id,
        username=token.row.username,
        explain=explain or partial(explanations.lacks_scope, token.scope, needed, allowed),
    )


def check(request: ApiRequest, scope: str) -> TokenContext:
    """Return whom a request speaks for, in one statement.

    Args:
        request: the request.
        scope: the scope that what it asks for needs.

    Raises:
        BearerError: when it has no living token, or one without that scope.
    """
    token = living_token(request)
    if scope not in token.scope:
        raise lacks_scope(token, scope)
    return token


def challenge(error: BearerError, metadata: str | None = None) -> ApiResponse:
    """Return the answer to a request without a token that will do, in the shape existing clients read.

    Args:
        error: why.
        metadata: the URL of the metadata of the API that was asked for (RFC 9728 section 5.1); empty where
            this server has none. That of the built-in API if left out.
    """
    members = ['realm="gatehouse"']
    if error.error:
        members.append(f'error="{error.error}"')
    if error.scope:
        members.append(f'scope="{error.scope}"')
    if metadata := metadata_url() if metadata is None else metadata:
        members.append(f'resource_metadata="{metadata}"')
    message = "You are not currently logged in." if error.status == 401 else "Your token lacks a scope."  # noqa: PLR2004
    name = "AuthenticationException" if error.status == 401 else "AuthorizationException"  # noqa: PLR2004
    response = refusal(error.status, name, message, {"WWW-Authenticate": "Bearer " + ", ".join(members)})
    response.refusal = Refusal(
        error.error or "no token", error.reason, error.client, error.username, explain=error.explain
    )
    return response


def refusal(
    status: int,
    name: str,
    message: str,
    headers: dict[str, str] | None = None,
    explain: Explain | None = None,
) -> ApiResponse:
    """Return an error in the shape that existing clients of the API read; no cache may keep it.

    Args:
        status: the HTTP status, in numbers.
        name: the class of the error.
        message: what is wrong, in ASCII and without anything that was sent.
        headers: what else the status calls for.
        explain: says why to administrators.
    """
    body = {"error": {"class": name, "message": message}}
    response = json_response(body, status, {"Cache-Control": "no-store", **(headers or {})})
    response.refusal = Refusal(name, message, explain=explain)
    return response
