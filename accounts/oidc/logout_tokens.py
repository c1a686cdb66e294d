"""Validating logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""

import time
from dataclasses import dataclass, field
from hashlib import sha256

from django.core.cache import cache
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.id_tokens import CLOCK_SKEW, LONGEST_SUBJECT, check_addressee, check_times, number
from accounts.oidc.jwts import Claims, decoded, json_object, signed_claims

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# The types its header may have (section 2.4); any other belongs to a different kind of token (RFC 8725 3.11).
TYPES = {None, "JWT", "LOGOUT+JWT"}
# Seconds after which a logout token is refused. Used tokens are remembered until then.
OLDEST = 10 * 60
LONGEST_ID = 255


@dataclass(frozen=True, kw_only=True)
class LogoutToken:
    """A logout that a provider has signed.

    Attributes:
        subject: who signed out there (`sub`); empty if only the session is named.
        sid: the session that ended there; empty if all of the subject's did.
        jti: the token's ID.
    """

    subject: str = field(repr=False)
    sid: str = field(repr=False)
    jti: str = field(repr=False)


@sensitive_variables()
def read_logout_token(token: str, provider: IdentityProvider) -> LogoutToken:
    """Return a valid logout token from this provider; not to be called in a transaction.

    Whether it was used before is checked separately (`use_up`).

    Raises:
        SignInRefusedError: which says what is wrong with it, or that the provider's keys can't be fetched.
    """
    check_type(token, provider)
    claims = signed_claims(token, provider)
    check_addressee(claims, provider)
    check_times(claims, provider)
    check_age(claims, provider)
    check_event(claims, provider)
    subject, sid = (text_in(claims, name, provider) for name in ("sub", "sid"))
    if not subject and not sid:
        raise refusal(provider, "has neither sub nor sid")
    jti = text_in(claims, "jti", provider)
    if not jti:
        raise refusal(provider, "has no jti")
    return LogoutToken(subject=subject, sid=sid, jti=jti)


def use_up(token: LogoutToken, provider: IdentityProvider) -> bool:
    """Record that a logout token was used, and return whether this was the first time.

    Call it in the transaction that applies the token, so that it can be sent again if that fails.
    """
    name = sha256(f"{provider.pk}\0{token.jti}".encode()).hexdigest()
    return bool(cache.add(f"logout-token:{name}", True, OLDEST + 2 * CLOCK_SKEW))


@sensitive_variables()
def check_type(token: str, provider: IdentityProvider) -> None:
    """Refuse a token whose header has the type of a different kind of token."""
    header = json_object(decoded(token.partition(".")[0])) or {}
    kind = header.get("typ")
    plain = kind.upper().removeprefix("APPLICATION/") if isinstance(kind, str) else kind
    if not isinstance(plain, str | None) or plain not in TYPES:
        raise refusal(provider, f"has the type {failures.quoted(kind)}")


@sensitive_variables()
def check_age(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token that is too old to know whether it was used."""
    age = time.time() - number(claims, "iat", provider)
    if age > OLDEST + CLOCK_SKEW:
        raise refusal(provider, f"was issued {age:.0f} seconds ago (iat); the limit is {OLDEST}")


@sensitive_variables()
def check_event(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token without a logout event, or with a nonce, as ID tokens have."""
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise refusal(provider, f"has no member {EVENT} in events")
    if "nonce" in claims:
        raise refusal(provider, "has a nonce")


@sensitive_variables()
def text_in(claims: Claims, name: str, provider: IdentityProvider) -> str:
    """Return a claim that is a string; empty if it is missing."""
    value = claims.get(name, "")
    longest = LONGEST_SUBJECT if name == "sub" else LONGEST_ID
    if not isinstance(value, str) or not value.isprintable() or len(value) > longest:
        raise refusal(provider, f"has a {name} that isn't a string of at most {longest} characters")
    return value


def refusal(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of an invalid logout token."""
    return failures.not_believed(
        provider,
        "invalid_logout_token",
        f"The logout token {what}.",
        "Have the provider send logout tokens as in OpenID Connect Back-Channel Logout 1.0 section 2.4.",
    )
