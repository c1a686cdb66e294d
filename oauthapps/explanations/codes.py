"""Why an authorization code was not exchanged (RFC 6749 section 4.1.3, RFC 7636 section 4.6)."""

from datetime import datetime

from oauthapps.explanations import families
from oauthapps.explanations.redirect_uris import difference
from oauthapps.explanations.wording import Shown, ago, seconds_between, withheld
from oauthapps.http.messages import Explanation
from oauthapps.models import Grant
from oauthapps.sql import issued

START_OVER = "Send the person to the authorization endpoint again, and exchange the code that comes back."
SEND_SAME_URI = (
    "Send the redirect_uri of the authorization request in the token request too, character for character."
)


def unredeemable(shown: Shown, application_id: int, seconds: int, at: datetime) -> Explanation:
    """Return why a code could not be redeemed.

    Args:
        shown: the code.
        application_id: the application whose client sent it.
        seconds: how long codes work.
        at: when the request was refused.
    """
    if not issued.is_known(issued.ANY_CODE, shown.digests):
        return unknown(shown)
    rows = Grant.objects.filter(code__in=shown.digests).select_related("family", "user", "application")
    own = rows.filter(application_id=application_id).first()
    if own is None:
        return unknown(shown) if (other := rows.first()) is None else of_another(other, shown)
    if own.redeemed_at is not None:
        return used_before(own, own.redeemed_at, at)
    if own.family.ended_at is not None:
        return families.ended(own.family, "The access that the code belongs to", at)
    return ended(own, seconds, at)


def ended(grant: Grant, seconds: int, at: datetime) -> Explanation:
    """Return which of its conditions an unused code has lost."""
    if not grant.user.is_active:
        return families.nobody_active("The code", grant.user_id)
    if grant.redirect_url_id is None:
        return Explanation(
            "The Redirect URL that the code was sent to was removed from the application after that.",
            f"Add it under Settings › Redirect URLs if the client still uses it. {START_OVER}",
            {"redirect_uri": grant.redirect_uri},
        )
    age = seconds_between(grant.created, at)
    if grant.expires <= at:
        return Explanation(
            f"The code was used {age} s after it was issued; the limit is {seconds} s.",
            f"Exchange the code as soon as it arrives. {START_OVER}",
            {"issued_at": grant.created.isoformat(), "expired_at": grant.expires.isoformat()},
        )
    if grant.family.allowed_until is not None and grant.family.allowed_until <= at:
        return Explanation("The time limit that the person chose has passed.", START_OVER)
    return Explanation(
        f"Another request used the code at the same moment, {age} s after it was issued.",
        "Exchange each code once: look for a retry, or a page that is loaded twice.",
    )


def used_before(grant: Grant, redeemed_at: datetime, at: datetime) -> Explanation:
    """Return that a code had been used, when, and that what came of it has ended."""
    age = seconds_between(grant.created, redeemed_at)
    return Explanation(
        f"The code was used before, {ago(redeemed_at, at)} ({age} s after it was issued); a code works "
        "once, so all tokens issued from it were revoked.",
        f"Exchange each code once: look for a retry, or a page that is loaded twice. {START_OVER}",
        {"issued_at": grant.created.isoformat(), "used_at": redeemed_at.isoformat()},
    )


def of_another(grant: Grant, shown: Shown) -> Explanation:
    """Return that a code was issued to another client, which clients are not told."""
    name = grant.application.name
    return withheld(
        f"The code was issued to the application {name}, and another client sent it.",
        "Exchange the code as the client that asked for it: check which Client ID it used at the "
        f"authorization endpoint, that of {name}.",
        to_client=unknown(shown),
    )


def unknown(shown: Shown) -> Explanation:
    """Return that there is no such code, and what it may be instead."""
    if shown.fault:
        return Explanation(f"The code {shown.fault}.", "Send the value of the parameter code alone.")
    if shown.kind and shown.kind != "an authorization code":
        return Explanation(
            f"What was sent as code is {shown.kind}.", "Send the code from the redirect, decoded once."
        )
    return Explanation(
        f"No code of {shown.length} characters like this one was issued to this client, or it was deleted "
        "after it expired.",
        f"Check that the whole code arrives and is decoded once. {START_OVER}",
    )


def missing() -> Explanation:
    """Return that a token request has no code."""
    return Explanation(
        "The token request has no code parameter.", "Send the code that came to the Redirect URL, as code."
    )


def method_sent() -> Explanation:
    """Return that a token request names a method, which belongs elsewhere."""
    return Explanation(
        "The token request has a code_challenge_method other than S256; it belongs in the authorization "
        "request.",
        "Remove code_challenge_method from the token request and send code_verifier alone.",
    )


def other_verifier(length: int | None, has_challenge: bool, is_challenge: bool) -> Explanation:
    """Return why a verifier does not fit.

    Args:
        length: how many characters it has; None where none was sent.
        has_challenge: whether the authorization request had a challenge.
        is_challenge: whether the challenge itself was sent.
    """
    if not has_challenge:
        return Explanation(
            "The token request has a code_verifier, but the authorization request had no code_challenge.",
            "Send code_challenge and code_challenge_method=S256 in the authorization request, or no "
            "verifier at all.",
        )
    if length is None:
        return Explanation(
            "The token request has no code_verifier, but the authorization request had a code_challenge.",
            "Keep the verifier in the session that began the request, and send it as code_verifier.",
        )
    if is_challenge:
        return Explanation(
            "The code_verifier is the code_challenge itself.",
            "Send the random value that the challenge is the SHA-256 hash of.",
        )
    if not 43 <= length <= 128:  # noqa: PLR2004  # RFC 7636 section 4.1
        return Explanation(
            f"The code_verifier has {length} characters; it must have 43 to 128.",
            "Make the verifier from 32 random bytes or more, in base64url.",
        )
    return Explanation(
        "The SHA-256 hash of the code_verifier is not the code_challenge of the authorization request.",
        "Send the verifier of this same authorization request; another tab may have replaced it.",
    )


def redirect_uri_missing(registered: str) -> Explanation:
    """Return that the redirect URI is missing that the authorization request had."""
    return Explanation(
        "The token request has no redirect_uri, but the authorization request had one.",
        SEND_SAME_URI,
        {"registered": registered},
    )


def other_redirect_uri(sent: str, asked: str) -> Explanation:
    """Return where the redirect URI differs from that of the authorization request."""
    found = difference(sent, asked)
    return Explanation(
        f"redirect_uri differs from that of the authorization request at character {found.at}{found.words}.",
        SEND_SAME_URI,
        {**found.details, "can_add": False},
    )
