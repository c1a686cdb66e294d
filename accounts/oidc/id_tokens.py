"""What an ID token must say (OpenID Connect Core 1.0 section 3.1.3.7), once its signature is right."""

import time
from typing import Any

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.authorization import AuthorizationRequest
from accounts.oidc.jwts import Claims, signed_claims

# Seconds that this server's clock and a provider's may differ.
CLOCK_SKEW = 60
# No time is later, in seconds: beyond it, numbers need not even be some.
LAST_TIME = 10**11
# Characters of a `sub` that can be stored; the specification allows 255.
LONGEST_SUBJECT = 191


@sensitive_variables()
def verified_id_token(token: str, provider: IdentityProvider, asked: AuthorizationRequest) -> Claims:
    """Return the claims of an ID token of this provider's, for this installation, in answer to this request.

    Raises:
        SignInRefusedError: which says which of these it is not.
    """
    claims = signed_claims(token, provider)
    check_addressee(claims, provider)
    check_times(claims, provider)
    check_subject(claims, provider)
    if claims.get("nonce") != asked.nonce:
        raise failures.not_believed(
            provider,
            "wrong_nonce",
            "The ID token has another nonce than the authorization request, or none.",
            "Someone may have passed on a token of another sign-in. If it happens to everyone, the provider "
            "doesn't return the nonce.",
        )
    if asked.max_age is not None:
        check_authentication_time(claims, provider, asked.max_age)
    return claims


@sensitive_variables()
def check_addressee(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token of another issuer, or for another client.

    Of several in `aud` the one in `azp` is meant, which must be this installation.

    Raises:
        SignInRefusedError: when it is not meant for here.
    """
    if claims.get("iss") != provider.issuer:
        raise failures.not_believed(
            provider,
            "issuer_mismatch",
            f"The token has iss={failures.quoted(claims.get('iss'))}; it must be {provider.issuer}.",
            "Enter the issuer that the provider's discovery document and tokens have.",
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
    """Refuse a token that has expired, or is from the future, by more than CLOCK_SKEW seconds.

    Raises:
        SignInRefusedError: with by how much, which tells whose clock is wrong.
    """
    now = time.time()
    expires, issued = (number(claims, name, provider) for name in ("exp", "iat"))
    begins = number(claims, "nbf", provider) if "nbf" in claims else issued
    if now >= expires + CLOCK_SKEW:
        raise clock_skew(provider, f"The token expired {now - expires:.0f} seconds ago")
    if max(issued, begins) > now + CLOCK_SKEW:
        raise clock_skew(provider, f"The token is from {max(issued, begins) - now:.0f} seconds ahead")


def number(claims: Claims, name: str, provider: IdentityProvider) -> float:
    """Return a claim that is a time in seconds since 1970 (RFC 7519 section 2).

    Raises:
        SignInRefusedError: when it is missing, or something else.
    """
    at = time_in(claims, name)
    if at is None:
        raise incomplete(provider, f"has no {name} that is a number of seconds since 1970")
    return at


def time_in(claims: Claims, name: str) -> float | None:
    """Return a claim that is a time in seconds since 1970; None where it is missing, or something else."""
    value: Any = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < LAST_TIME else None


@sensitive_variables()
def check_subject(claims: Claims, provider: IdentityProvider) -> None:
    """Refuse a token that does not say whom it is about, in a form that can be kept."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise incomplete(provider, f"has no sub that is a text of 1 to {LONGEST_SUBJECT} characters")


@sensitive_variables()
def check_authentication_time(claims: Claims, provider: IdentityProvider, max_age: int) -> None:
    """Refuse a token of somebody who did not prove who they are within the seconds that were asked for.

    Raises:
        SignInRefusedError: when that was earlier, or the token does not say.
    """
    at = number(claims, "auth_time", provider)
    if time.time() - at > max_age + CLOCK_SKEW:
        raise failures.not_believed(
            provider,
            "not_recent",
            f"The person last signed in at the provider {time.time() - at:.0f} seconds ago (auth_time), and "
            f"max_age={max_age} was asked for.",
            "Have the provider ask for the password again where prompt=login or max_age is sent.",
        )


def clock_skew(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of a token whose times do not fit this server's."""
    return failures.not_believed(
        provider,
        "clock_skew",
        f"{what}, by this server's clock, which may differ by {CLOCK_SKEW} seconds from the provider's.",
        "Set this server's clock by NTP (timedatectl shows whether it is), and check the provider's.",
    )


def incomplete(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of a token that lacks a claim."""
    return failures.not_believed(
        provider,
        "invalid_id_token",
        f"The token {what}.",
        "Have the provider send ID tokens as OpenID Connect Core 1.0 section 2 says.",
    )
