"""Why an access token was refused, at this installation's own API or where a proxy asks (RFC 6750)."""

from collections.abc import Sequence
from datetime import datetime

from oauthapps.explanations import applications, families
from oauthapps.explanations.applications import Claimed
from oauthapps.explanations.scopes import listed
from oauthapps.explanations.wording import Shown, ago, done_by, seconds_between
from oauthapps.http.messages import Explanation
from oauthapps.models import AccessToken
from oauthapps.rules import scopes
from oauthapps.sql import issued

SEND_TOKEN = "Send the access token as Authorization: Bearer …"  # noqa: S105  # a sentence
GET_NEW = (
    "Get a new access token: refresh it, sign a new JWT, or send the person to the authorization endpoint."
)


def none_sent(has_empty_header: bool) -> Explanation:
    """Return that a request carries no token."""
    cause = "an Authorization header without a token" if has_empty_header else "no access token"
    return Explanation(
        f"The request has {cause}.",
        f"{SEND_TOKEN} Any proxy in between must pass the Authorization header through.",
    )


def in_url() -> Explanation:
    """Return that a token came in the URL, where this one does not count."""
    return Explanation(
        "The request has its access token in the URL, as sessionID, which isn't accepted.",
        f"{SEND_TOKEN} The Moving in page of its application can allow it until the client is fixed.",
    )


def other_scheme(kind: str, said: str) -> Explanation:
    """Return that the Authorization header is of another scheme.

    Args:
        kind: what stands in the place of the scheme, if it is a credential.
        said: what a sentence calls the scheme.
    """
    if kind:
        return Explanation(
            f"The Authorization header is {kind}, without the word Bearer before it.", SEND_TOKEN
        )
    return Explanation(f"The scheme of the Authorization header is {said}, not Bearer.", SEND_TOKEN)


def two_tokens() -> Explanation:
    """Return that a request carries two tokens that differ."""
    return Explanation(
        "The request has two different access tokens, in Authorization and sessionID.", "Send one of them."
    )


def dead(shown: Shown, at: datetime) -> Explanation:
    """Return why an access token does not count.

    Args:
        shown: the token.
        at: when the request was refused.
    """
    if not issued.is_known(issued.ANY_ACCESS_TOKEN, shown.digests):
        return unknown(shown)
    rows = AccessToken.objects.filter(token_checksum__in=shown.digests)
    token = rows.select_related("application", "user", "family").first()
    if token is None:
        return unknown(shown)
    if token.expires <= at:
        lived = seconds_between(token.created, token.expires)
        details = {"expired_at": token.expires.isoformat()}
        return Explanation(
            f"The access token expired {ago(token.expires, at)}; it was good for {lived} s.", GET_NEW, details
        )
    return ended(token, at)


def ended(token: AccessToken, at: datetime) -> Explanation:
    """Return what of that on which a token stands has ended."""
    unavailable = applications.unavailable(Claimed.of(token.application.client_id), at)
    if unavailable is not None:
        return unavailable
    if token.family is not None and token.family.ended_at is not None:
        return families.ended(token.family, "The access that the access token belongs to", at)
    if token.revoked_at is not None:
        return revoked(token, token.revoked_at, at)
    if token.user is not None and not token.user.is_active:
        return families.nobody_active("The access token", token.user_id)
    return Explanation(
        "The access token became valid or invalid during the request.", "Send the request again."
    )


def revoked(token: AccessToken, revoked_at: datetime, at: datetime) -> Explanation:
    """Return that one access token was revoked, when, and by whom if that is known."""
    of = {"application_id": token.application_id}
    who = "" if token.family_id else done_by(families.REVOCATIONS, when=revoked_at, **of)
    return Explanation(
        "The access token was revoked "
        f"{ago(revoked_at, at)}{who or ' by its application, or when its person was deactivated'}.",
        GET_NEW,
        {"revoked_at": revoked_at.isoformat()},
    )


def unknown(shown: Shown) -> Explanation:
    """Return that there is no such token, and what it may be instead."""
    if shown.kind and shown.kind != "an access token":
        return Explanation(
            f"What was sent as access token is {shown.kind}.",
            "Send the value that token responses call access_token.",
        )
    if shown.kind:
        return Explanation(
            f"No access token like this one of {shown.length} characters is known: it was changed on the "
            "way, comes from another installation, or expired more than a day ago.",
            f"Check that the whole token arrives. {GET_NEW}",
        )
    return Explanation(
        f"The token of {shown.length} characters isn't one of this server's, which begin with gtacc_.",
        "Send a token that this server issued: check which token endpoint the client uses.",
    )


def lacks_scope(has: Sequence[str], needed: Sequence[str], allowed: Sequence[str]) -> Explanation:
    """Return which scopes a token lacks, and where it could get them.

    Args:
        has: the scopes that count of it.
        needed: those that are needed; only such as exist.
        allowed: those that its application may ask for.
    """
    missing = [name for name in needed if name not in has]
    if not missing:
        return Explanation(
            f"The access token has no scope for what was requested: it has {scopes.render(has) or 'none'}.",
            "Ask for a scope of that API in the authorization or token request.",
        )
    cause = f"The access token lacks {listed(missing)}: it has {scopes.render(has) or 'none'}."
    if set(missing) <= set(allowed):
        return Explanation(cause, "Ask for the scope in the authorization or token request.")
    return Explanation(cause, "Select the scope under Settings › API access, then ask for it in the request.")


def not_for_resource(audience: Sequence[str], asked: Sequence[str]) -> Explanation:
    """Return that a token is for other APIs than the one that asked.

    Args:
        audience: the identifiers of the APIs that it is for.
        asked: what to call those that it should be for.
    """
    return Explanation(
        f"The access token is for {', '.join(audience) or 'no API'}, not for {', '.join(asked)}.",
        "Ask for a scope of that API, or send its identifier as resource, in the authorization or token "
        "request.",
    )


def no_such_url() -> Explanation:
    """Return that there is no endpoint at a URL."""
    return Explanation(
        "There is no endpoint at this URL.",
        "Compare path, version, and slashes with the page Endpoints of the integration guide.",
    )
