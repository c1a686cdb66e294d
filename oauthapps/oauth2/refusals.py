"""Why a request was refused: what a client may know about its own request, in one sentence for each cause.

Before a client has authenticated a sentence speaks of the form of what was sent and of what this server
offers to everybody, never of an application. Afterward it speaks of the client's own code or refresh token;
another client's reads as one that never existed. Nothing that could be a credential is repeated.

A sentence keeps to the characters of an `error_description` (RFC 6749 section 5.2): ASCII without double
quotes and backslashes. Causes that have to be looked up are looked up once the request is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from common.words import counted
from oauthapps.explanations.families import CAUSES
from oauthapps.models import Grant, RefreshToken, TokenFamily
from oauthapps.rules import lifetimes
from oauthapps.rules.app_types import TypeSpec
from oauthapps.rules.credential_values import digest
from oauthapps.rules.echoes import fault_of_form, repeated
from oauthapps.rules.pkce import length_fault

# Client authentication

NOT_AUTHENTICATED = (
    "Client authentication failed: unknown or disabled client_id, or missing or wrong client secret."
)
BROKEN_BASIC = "The Authorization header is not valid HTTP Basic: expected base64 of client_id:client_secret."
TWO_WAYS = "Use one authentication method: the Authorization header, client_secret, or client_assertion."
ASSERTION_TYPE = "The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer."
HAS_NO_SECRET = "This is a public client and has no client secret: send client_id only."  # noqa: S105  # a sentence
CANNOT_AUTHENTICATE = "This endpoint requires client authentication; a public client cannot use it."


def of_credentials(client_id: str, secret: str) -> str:
    """Return why a client that sent these did not authenticate, as far as their form shows.

    Whether there is such a client makes no difference.
    """
    for name, value in (("client_id", client_id), ("client secret", secret)):
        fault = fault_of_form(value)
        if fault:
            return f"{NOT_AUTHENTICATED} The {name} {fault}."
    return NOT_AUTHENTICATED


# Authorization codes

CODE_UNKNOWN = "The code is unknown to this client: never issued to it, or deleted after it expired."
CODE_USED = "The code was already used. A code works once; all tokens issued from it have been revoked."
CODE_OF_NOBODY = "The person who allowed this request is no longer active."
CODE_SENT_NOWHERE = "The redirect URL that the code was sent to is no longer registered."
CODE_RACED = "The code is no longer valid."
METHOD_SENT = (
    "Remove code_challenge_method from the token request: it belongs in the authorization request, where it "
    "must be S256."
)
VERIFIER_MISSING = "The code_verifier is missing: the authorization request had a code_challenge."
VERIFIER_WRONG = "The code_verifier does not match the code_challenge of the authorization request."
VERIFIER_UNASKED = "A code_verifier was sent, but the authorization request had no code_challenge."
REDIRECT_URI_MISSING = "Missing redirect_uri parameter: send the value from the authorization request."
REDIRECT_URI_WRONG = (
    "The redirect_uri differs from the one in the authorization request: send the same value."
)


def of_code(code: str, application_id: int) -> str:
    """Return why a client's code cannot be redeemed; this takes one look-up."""
    rows = Grant.objects.filter(code=digest(code), application_id=application_id)
    grant = rows.select_related("family", "user").first()
    if grant is None:
        return CODE_UNKNOWN
    causes = {
        CODE_USED: grant.redeemed_at is not None,
        f"The code is no longer valid: {reason_of(grant.family)}.": grant.family.ended_at is not None,
        CODE_OF_NOBODY: not grant.user.is_active,
        CODE_SENT_NOWHERE: grant.redirect_url_id is None,
        code_expired(grant): grant.expires <= timezone.now(),
    }
    return first(causes) or CODE_RACED


def code_expired(grant: Grant) -> str:
    """Return that a code came too late."""
    lifetime = settings.AUTHORIZATION_CODE_SECONDS
    return f"The code expired {ago(grant.expires)}: it works for {lifetime} seconds."


def of_verifier(challenge: str, verifier: str | None) -> str:
    """Return why a verifier does not fit the challenge (RFC 7636 section 4.6); either may be absent."""
    if not challenge:
        return VERIFIER_UNASKED
    if verifier is None:
        return VERIFIER_MISSING
    return length_fault(verifier) or VERIFIER_WRONG


# Refresh tokens

REFRESH_TOKEN_UNKNOWN = (
    "The refresh token is unknown to this client: never issued to it, or deleted after it ended."  # noqa: S105  # a sentence
)
REFRESH_TOKEN_REPLACED = (
    "The refresh token was already used and replaced: use the one from the latest response. "  # noqa: S105  # a sentence
    "If that is refused too, the person must authorize again."
)
REFRESH_TOKEN_OF_NOBODY = "The person who allowed this access is no longer active."  # noqa: S105  # a sentence
REFRESH_TOKEN_RACED = "The refresh token is no longer valid."  # noqa: S105  # a sentence
MAY_NOT_REFRESH = "The application is no longer allowed offline_access, so it cannot refresh tokens."


def of_refresh_token(value: str, application_id: int) -> str:
    """Return why a client's refresh token cannot be used; this takes one look-up."""
    rows = RefreshToken.objects.filter(token_checksum=digest(value), application_id=application_id)
    token = rows.select_related("family", "user", "application").first()
    if token is None:
        return REFRESH_TOKEN_UNKNOWN
    expired = expiration_of(token)
    causes = {
        f"The refresh token is no longer valid: {reason_of(token.family)}.": token.family.ended_at
        is not None,
        REFRESH_TOKEN_REPLACED: token.replaced_at is not None,
        REFRESH_TOKEN_OF_NOBODY: not token.user.is_active,
        expired: expired != "",
    }
    return first(causes) or REFRESH_TOKEN_RACED


def expiration_of(token: RefreshToken) -> str:
    """Return which of its ends a refresh token has passed first, or nothing."""
    application = token.application
    expirations = (
        ("absolute", token.family.started_at, application.absolute_expiration),
        ("inactivity", token.user.last_active_at, application.inactivity_expiration),
    )
    ends = [(token.family.allowed_until, "the person allowed access until then")]
    for name, begin, choice in expirations:
        lifetime, label = lifetimes.delta(choice), lifetimes.parse_lifetime(choice).label
        ends.append((begin + lifetime if lifetime else None, f"the {name} expiration is {label}"))
    passed = [(at, why) for at, why in ends if at and at <= timezone.now()]
    if not passed:
        return ""
    at, why = min(passed)
    return f"The refresh token expired {ago(at)}: {why}."


# Assertions

ASSERTION_USED = "The assertion was already used."


def reason_of(family: TokenFamily) -> str:
    """Return why a family ended; nothing as long as it has not."""
    return CAUSES.get(family.end_reason, "")


def first(causes: Mapping[str, bool]) -> str:
    """Return the first sentence that is true, or nothing."""
    return next((sentence for sentence, is_true in causes.items() if is_true), "")


def ago(at: datetime) -> str:
    """Return how long ago something was, in whole seconds."""
    return f"{counted((timezone.now() - at) // timedelta(seconds=1), 'second')} ago"


# Grant types and scopes

NO_SCOPE = "The application is allowed none of these scopes, or has no default scopes: name an allowed one."


def of_grant_type(asked: str, offered: Iterable[str], type_: TypeSpec | None = None) -> str:
    """Return that a grant type cannot be used, and which can.

    Args:
        asked: the grant type of the request.
        offered: those of this server.
        type_: the type of the application, once its client has authenticated.
    """
    named = repeated("grant type", [asked])
    if type_ is None:
        return f"The {named} is not supported. Supported: {', '.join(offered)}."
    return f"A {type_.label} cannot use the {named}. It can use: {', '.join(type_.grant_types)}."


def of_scopes(asked: Iterable[str], available: Sequence[str]) -> str:
    """Return that scopes cannot be had, and which can."""
    refused = [name for name in asked if name not in available]
    named, verb = ("scope", "is") if len(refused) == 1 else ("scopes", "are")
    return f"The {repeated(named, refused)} {verb} not available. Available: {', '.join(available)}."


def of_resources(available: Sequence[str]) -> str:
    """Return that what is asked for is not for the APIs that a request names, and for which it is."""
    names = ", ".join(available) or "none"
    return f"None of the scopes is for the requested resource. Available resources: {names}."


def of_link(asked: Sequence[str], available: Sequence[str], existing: Iterable[str]) -> str:
    """Return that an authorization request asks for more than its client may have.

    Only names of scopes that exist, and those that clients of other servers send, are repeated: clients show
    this to people, and anybody can make such a link.
    """
    names = {name for text in asked for name in text.split(",")}
    return of_scopes(asked if names <= COMMON_SCOPES | set(existing) else [""], available)


# OpenID Connect Core section 5.4, and what other servers offer.
COMMON_SCOPES = {"openid", "profile", "email", "address", "phone", "groups", "roles", "user", "api", "admin"}
