"""Verifying that a provider signed a JWT (RFC 7515): format, algorithm, and key. Claims are checked later.

The token doesn't choose its algorithm alone: it must be one that the provider announces, and asymmetric, so
that neither `none` nor an HMAC with a public key or a client secret passes (RFC 8725 section 3.1).
"""

import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from django.views.decorators.debug import sensitive_variables
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.discovery import Discovery
from accounts.oidc.keys import Jwk, key_cache

# By algorithm: the type of its keys, and their curve.
ALGORITHMS = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
FEWEST_RSA_BITS = 2048
# Characters of a token: more than tokens with hundreds of groups have.
LONGEST = 128 * 1024
PARTS = 3

Claims = dict[str, Any]


class Rules(jws.JWSRegistry):
    """joserfc's rules, with room for a certificate in the header, and for hundreds of groups."""

    max_header_length = max_payload_length = LONGEST


@dataclass(frozen=True, kw_only=True)
class Header:
    """The relevant parts of a JWT header.

    Attributes:
        algorithm: one that the provider may sign with.
        kid: the ID of the key; None if the token names none.
    """

    algorithm: str
    kid: str | None


@sensitive_variables()
def signed_claims(token: str, provider: IdentityProvider) -> Claims:
    """Return the claims of a JWT that the provider signed, whoever it is for and whatever it is about.

    Keys are fetched again if the token names an unknown one (`accounts.oidc.keys`).

    Raises:
        SignInRefusedError: when it isn't a JWT, its algorithm isn't allowed, none of the provider's keys
            signed it, or the keys can't be fetched.
    """
    header = header_of(token, provider)
    for jwk in candidates(key_cache.keys_for(provider, header.kid), header):
        payload = payload_signed_by(jwk, token, header.algorithm)
        if payload is not None:
            return claims_of(payload, provider)
    raise unknown_key(provider, header)


@sensitive_variables()
def header_of(token: str, provider: IdentityProvider) -> Header:
    """Return the header of a JWT, whose signature isn't verified yet.

    Raises:
        SignInRefusedError: when there is none, its algorithm isn't allowed, or it has critical extensions
            (RFC 7515 section 4.1.11).
    """
    parts = token.split(".") if len(token) <= LONGEST else []
    header = json_object(decoded(parts[0])) if len(parts) == PARTS else None
    if header is None:
        raise not_a_jwt(provider)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in allowed_algorithms(provider):
        raise wrong_algorithm(provider, algorithm)
    if "crit" in header or "b64" in header or not isinstance(kid, str | None):
        raise not_a_jwt(provider)
    return Header(algorithm=algorithm, kid=kid)


def allowed_algorithms(provider: IdentityProvider) -> tuple[str, ...]:
    """Return the asymmetric algorithms that a provider announces for ID tokens."""
    return Discovery(document=provider.discovery).algorithms


def candidates(jwks: Sequence[Jwk], header: Header) -> Iterator[Jwk]:
    """Yield the keys that may have signed a token: for its algorithm, and with its key ID if it has one."""
    kty, curve = ALGORITHMS[header.algorithm]
    for jwk in jwks:
        is_named = header.kid is None or jwk.get("kid") == header.kid
        is_for_signing = jwk.get("use", "sig") == "sig" and "verify" in jwk.get("key_ops", ["verify"])
        fits = jwk.get("kty") == kty and jwk.get("alg", header.algorithm) == header.algorithm
        if is_named and is_for_signing and fits and (curve is None or jwk.get("crv") == curve):
            yield jwk


@sensitive_variables()
def payload_signed_by(jwk: Jwk, token: str, algorithm: str) -> bytes | None:
    """Return the payload if this key signed the token with this algorithm."""
    public = {name: jwk[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in jwk}
    try:
        key = RSAKey.import_key(public) if public["kty"] == "RSA" else ECKey.import_key(public)
        if isinstance(key.public_key, rsa.RSAPublicKey) and key.public_key.key_size < FEWEST_RSA_BITS:
            return None
        rules = Rules(algorithms=[algorithm], strict_check_header=False)
        signed = jws.deserialize_compact(token, key, registry=rules)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return bytes(signed.payload) if signed.payload is not None else None


@sensitive_variables()
def claims_of(payload: bytes, provider: IdentityProvider) -> Claims:
    """Return the claims of a payload that the provider signed."""
    claims = json_object(payload)
    if claims is None:
        raise not_a_jwt(provider)
    return claims


@sensitive_variables()
def json_object(text: bytes) -> Claims | None:
    """Return a JSON object; None if the text is anything else."""
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def decoded(part: str) -> bytes:
    """Return the decoded part of a JWT; empty if it isn't base64url."""
    try:
        return urlsafe_b64decode(part.encode())
    except (ValueError, binascii.Error):
        return b""


def not_a_jwt(provider: IdentityProvider) -> failures.SignInRefusedError:
    """Return the refusal of a token that isn't a signed JWT."""
    return failures.not_believed(
        provider,
        "invalid_id_token",
        "The provider sent a token that isn't a signed JWT (RFC 7515).",
        "Have the provider send signed, unencrypted ID tokens to this application.",
    )


def wrong_algorithm(provider: IdentityProvider, algorithm: object) -> failures.SignInRefusedError:
    """Return the refusal of a token whose algorithm isn't allowed."""
    allowed = ", ".join(allowed_algorithms(provider))
    return failures.not_believed(
        provider,
        "wrong_algorithm",
        f"The token has alg={failures.quoted(algorithm)}; this provider's tokens may have {allowed}.",
        "Have the provider sign this application's ID tokens with one of these. If it has switched to "
        "another one, save the provider under System › Sign-in, which reads its discovery document again.",
    )


def unknown_key(provider: IdentityProvider, header: Header) -> failures.SignInRefusedError:
    """Return the refusal of a token that none of the provider's keys signed."""
    named = f"the key {failures.quoted(header.kid)}" if header.kid is not None else "no key"
    return failures.not_believed(
        provider,
        "unknown_key",
        f"No {header.algorithm} key at the provider's jwks_uri signed the token, which names {named}. For "
        "unknown keys, they are fetched again, at most five times a minute.",
        "If the provider has just changed its keys, wait a minute. Otherwise, check its jwks_uri.",
    )
