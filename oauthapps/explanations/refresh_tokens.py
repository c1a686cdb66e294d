"""Why a refresh token was refused (RFC 6749 section 6)."""

from datetime import datetime

from oauthapps.explanations import families
from oauthapps.explanations.families import AUTHORIZE_AGAIN
from oauthapps.explanations.wording import Shown, ago, withheld
from oauthapps.http.messages import Explanation
from oauthapps.models import RefreshToken
from oauthapps.rules import lifetimes
from oauthapps.sql import issued

WHAT = "The refresh token"


def unusable(shown: Shown, application_id: int, at: datetime) -> Explanation:
    """Return why a refresh token could not be used.

    Args:
        shown: the refresh token.
        application_id: the application whose client sent it.
        at: when the request was refused; a replay ends the family after that.
    """
    if not issued.is_known(issued.ANY_REFRESH_TOKEN, shown.digests):
        return unknown(shown)
    rows = RefreshToken.objects.filter(token_checksum__in=shown.digests)
    rows = rows.select_related("family", "user", "application")
    own = rows.filter(application_id=application_id).first()
    if own is None:
        return unknown(shown) if (other := rows.first()) is None else of_another(other, shown)
    family = own.family
    if family.ended_at is not None and family.ended_at < at:
        return families.ended(family, "The access that the refresh token belongs to", at)
    if own.replaced_at is not None:
        return replaced(own, own.replaced_at, at)
    return ended(own, at)


def replaced(token: RefreshToken, replaced_at: datetime, at: datetime) -> Explanation:
    """Return that a newer refresh token took the place of this one, and when."""
    has_ended = ", and its use ended all access of this family" if token.family.ended_at else ""
    return Explanation(
        f"The refresh token was replaced {ago(replaced_at, at)} by a newer one{has_ended}.",
        "Store the refresh token of each response before anything else, and let one process refresh at a "
        f"time. If the newest one is refused too: {AUTHORIZE_AGAIN[0].lower()}{AUTHORIZE_AGAIN[1:]}",
        {"replaced_at": replaced_at.isoformat()},
    )


def ended(token: RefreshToken, at: datetime) -> Explanation:
    """Return why a refresh token that was not replaced is over."""
    if not token.user.is_active:
        return families.nobody_active(WHAT, token.user_id)
    passed = [(end, why, fix) for end, why, fix in ends_of(token) if end <= at]
    if passed:
        end, why, fix = min(passed)
        details = {"expired_at": end.isoformat()}
        return Explanation(f"{WHAT} expired {ago(end, at)}: {why}.", fix, details)
    if token.family.ended_at is not None:
        return families.ended(token.family, "The access that the refresh token belongs to", at)
    return Explanation(
        "Another request used the refresh token at the same moment.",
        "Let one process refresh at a time, and use the newest refresh token.",
    )


def ends_of(token: RefreshToken) -> list[tuple[datetime, str, str]]:
    """Return when a refresh token ends, each with the reason and what to do about it."""
    application, fix = (
        token.application,
        f"{AUTHORIZE_AGAIN} Both expirations are under Settings › Refresh tokens.",
    )
    ends: list[tuple[datetime, str, str]] = []
    for name, begin, choice in (
        ("absolute", token.family.started_at, application.absolute_expiration),
        ("inactivity", token.user.last_active_at, application.inactivity_expiration),
    ):
        if (lifetime := lifetimes.delta(choice)) is not None:
            label = lifetimes.parse_lifetime(choice).label
            ends.append((begin + lifetime, f"the {name} expiration is {label}", fix))
    if token.family.allowed_until is not None:
        ends.append((token.family.allowed_until, "the person allowed access until then", AUTHORIZE_AGAIN))
    return ends


def of_another(token: RefreshToken, shown: Shown) -> Explanation:
    """Return that a refresh token was issued to another client, which clients are not told."""
    name = token.application.name
    return withheld(
        f"{WHAT} was issued to the application {name}, and another client sent it.",
        f"Refresh as the client that got the token: with the Client ID of {name}.",
        to_client=unknown(shown),
    )


def unknown(shown: Shown) -> Explanation:
    """Return that there is no such refresh token, and what it may be instead."""
    if shown.fault:
        return Explanation(f"{WHAT} {shown.fault}.", "Send the value of refresh_token alone.")
    if shown.kind and shown.kind != "a refresh token":
        return Explanation(
            f"What was sent as refresh_token is {shown.kind}.",
            "Send the value that token responses call refresh_token.",
        )
    return Explanation(
        f"No refresh token of {shown.length} characters like this one was issued to this client, or it was "
        "deleted after it had ended.",
        f"Check that the whole value is stored. {AUTHORIZE_AGAIN}",
    )


def missing() -> Explanation:
    """Return that a token request has no refresh token."""
    return Explanation(
        "The token request has no refresh_token parameter.",
        "Send the latest refresh token, as refresh_token.",
    )


def may_not_refresh() -> Explanation:
    """Return that an application may not keep access while people are away any more."""
    return Explanation(
        "The application is no longer allowed the scope offline_access, so it cannot refresh.",
        "Select offline_access under Settings › API access if the application may refresh, and let people "
        "authorize again.",
    )
