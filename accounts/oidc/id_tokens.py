"""What a correctly signed ID token must say (OpenID Connect Core 1.0 section 3.1.3.7)."""

import time
from typing import Any

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.authorization import AuthorizationRequest
from accounts.oidc.jwts import Claims, signed_claims

# Seconds by which this server's clock and a provider's may differ.
CLOCK_SKEW = 60
# Times beyond this, in seconds, are refused: they may not even be finite numbers.
LAST_TIME = 10**11
# Characters of a `sub` that can be stored; the specification allows 255.
LONGEST_SUBJECT = 191


@sensitive_variables()
def verified_id_token(token: str, provider: IdentityProvider, asked: AuthorizationRequest) -> Claims:
    """Return the claims of an ID token from this provider, for this installation and this request.

    Raises:
        SignInRefusedError: when it isn't valid.
    """
    claims = signed_claims(token, provider)
    check_addressee(claims, provider)
    check_times(claims, provider)
    check_subject(claims, provider)
    if claims.get("nonce") != asked.nonce:
        raise failures.not_believed(
            provider,
            "wrong_nonce",
            "The ID token's nonce differs from the authorization request's, or is missing.",
            "Someone may have passed on a token from a different sign-in. If it happens to everyone, the "
            "provider doesn't return the nonce.",
        )
    if asked.max_age is not None:
        check_authentication_time(claims, provider, asked.max_age)
    return claims


@sensitive_variables()
def check_addressee(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token from another issuer, or for another client.

    If there are several in `aud`, `azp` must name this installation.

    Raises:
        SignInRefusedError: when the token isn't for this installation.
    """
    if claims.get("iss") != provider.issuer:
        raise failures.not_believed(
            provider,
            "issuer_mismatch",
            f"The token has iss={failures.quoted(claims.get('iss'))}; it must be {provider.issuer}.",
            "Add the provider with the issuer that its discovery document and tokens have.",
        )
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    meant = claims.get("azp", provider.client_id if len(audiences) == 1 else None)
    if provider.client_id not in audiences or meant != provider.client_id:
        raise failures.not_believed(
            provider,
            "wrong_audience",
            f"The token isn't for the client ID {failures.quoted(provider.client_id)} (aud, azp).",
            "Enter the client ID that this installation has at the provider.",
        )


@sensitive_variables()
def check_times(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token that expired, or is from the future, by more than CLOCK_SKEW seconds.

    Raises:
        SignInRefusedError: which says by how much, so that the wrong clock can be found.
    """
    now = time.time()
    expires, issued = (number(claims, name, provider) for name in ("exp", "iat"))
    begins = number(claims, "nbf", provider) if "nbf" in claims else issued
    if now >= expires + CLOCK_SKEW:
        raise clock_skew(provider, f"The token expired {now - expires:.0f} seconds ago")
    if max(issued, begins) > now + CLOCK_SKEW:
        raise clock_skew(provider, f"The token is from {max(issued, begins) - now:.0f} seconds in the future")


def number(claims: Claims, name: str, provider: IdentityProvider) -> float:
    """Return a claim that is a time in seconds since 1970 (RFC 7519 section 2).

    Raises:
        SignInRefusedError: when it is missing or anything else.
    """
    at = time_in(claims, name)
    if at is None:
        raise incomplete(provider, f"has no {name} that is a number of seconds since 1970")
    return at


def time_in(claims: Claims, name: str) -> float | None:
    """Return a claim that is a time in seconds since 1970; None if it is missing or anything else."""
    value: Any = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < LAST_TIME else None


@sensitive_variables()
def check_subject(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token without a `sub` that can be stored."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise incomplete(provider, f"has no sub that is a string of 1 to {LONGEST_SUBJECT} characters")


@sensitive_variables()
def check_authentication_time(claims: Claims, provider: IdentityProvider, max_age: int) -> None:
    """Refuse a token of somebody whose sign-in at the provider is older than `max_age` seconds.

    Raises:
        SignInRefusedError: when it is older, or the token doesn't say.
    """
    at = number(claims, "auth_time", provider)
    if time.time() - at > max_age + CLOCK_SKEW:
        raise failures.not_believed(
            provider,
            "not_recent",
            f"The person last signed in at the provider {time.time() - at:.0f} seconds ago (auth_time), and "
            f"max_age={max_age} was asked for.",
            "Have the provider ask for a new sign-in when prompt=login or max_age is sent.",
        )


def clock_skew(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of a token whose times don't match this server's clock."""
    return failures.not_believed(
        provider,
        "clock_skew",
        f"{what}, by this server's clock, which may differ from the provider's by {CLOCK_SKEW} seconds.",
        "Synchronize this server's clock with NTP (timedatectl shows its state), and check the provider's.",
    )


def incomplete(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of a token without a valid claim."""
    return failures.not_believed(
        provider,
        "invalid_id_token",
        f"The token {what}.",
        "Have the provider send ID tokens that follow OpenID Connect Core 1.0 section 2.",
    )
