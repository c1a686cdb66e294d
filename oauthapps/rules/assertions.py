"""What a signed JWT must be like: its form, its signature, and each of its claims (RFC 7523 section 3).

The token endpoint judges by these rules, and so does the page on which administrators try a JWT: what the
page calls right is accepted.
"""

import binascii
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from oauthapps.errors import AssertionFaultError
from oauthapps.rules.compact_jwts import MAX_CHARACTERS, check_form
from oauthapps.rules.credential_values import digest, is_text
from oauthapps.rules.keys.keypairs import load_public_key
from oauthapps.rules.keys.signatures import Signature

ALGORITHM = "RS256"
CLOCK_SKEW = timedelta(seconds=60)
LONGEST_LIFE = timedelta(hours=24)

NUMERIC_DATE = "a number of seconds since 1970"

Claims = dict[str, Any]


class HasPem(Protocol):
    """A public key as it is stored."""

    @property
    def pem(self) -> str:
        """Its SubjectPublicKeyInfo as PEM text."""


K = TypeVar("K", bound=HasPem)


class Rules(jws.JWSRegistry):
    """Some algorithms, with room for a certificate in the header and for the signature of the longest key."""

    max_header_length = MAX_CHARACTERS
    max_signature_length = MAX_CHARACTERS


# Headers that are not understood are ignored (RFC 7515 section 4), except where `crit` lists them.
RULES = Rules(algorithms=[ALGORITHM], strict_check_header=False)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the claims of an assertion must say.

    Attributes:
        issuer: the organization's Customer ID.
        subject: whom its key acts as, a User ID or a Service ID.
        subject_is_active: whether that person is active; True for a Service ID.
        audiences: what may stand in `aud`.
        now: the time to judge by.
        longest: how far ahead it may expire.
    """

    issuer: str
    subject: str
    subject_is_active: bool
    audiences: Collection[str]
    now: datetime
    longest: timedelta = LONGEST_LIFE


def verified_claims(text: str, keys: Sequence[K], rules: Rules = RULES) -> tuple[K, Claims]:
    """Return the key that signed the assertion, by one of the algorithms of the rules, and what it signed.

    Raises:
        AssertionFaultError: when none of them did, or that is nothing to read.
    """
    check_form(text)
    for key in keys:
        payload = payload_signed_by(verification_key(key.pem), text, rules)
        if payload is not None:
            return key, parse_claims(payload)
    algorithms = list(rules.allowed or ())
    reason = f"is not signed with {' or '.join(algorithms)} by one of the application's keys"
    raise AssertionFaultError(reason, "signature", signature=Signature.of(text), algorithms=algorithms)


def payload_signed_by(key: RSAKey | ECKey, text: str, rules: Rules = RULES) -> bytes | None:
    """Return the payload if this key signed it with an algorithm of the rules; a `kid` is not needed."""
    try:
        signed = jws.deserialize_compact(text, key, registry=rules)
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    if not signed.protected or demands(signed.protected):
        return None
    return bytes(signed.payload) if signed.payload is not None else None


def demands(header: Mapping[str, Any]) -> list[str]:
    """Return what in a header asks to be understood, and is not (RFC 7515 section 4.1.11, RFC 7797)."""
    return [name for name in ("crit", "b64") if name in header]


def loaded_key(pem: str) -> RSAKey | ECKey:
    """Return a stored key in the form the signature library wants."""
    key = load_public_key(pem)
    return RSAKey(key, key) if isinstance(key, rsa.RSAPublicKey) else ECKey(key, key)


# Parsing a key takes longer than checking a signature with it.
verification_key = lru_cache(maxsize=256)(loaded_key)


def unverified(part: str) -> Claims:
    """Return the JSON object that a part of a JWT is, whoever wrote it."""
    try:
        payload = binascii.a2b_base64(part.translate(BASE64URL) + "==")
    except ValueError as error:
        reason = "has a part that is not base64url"
        raise AssertionFaultError(reason, "form", said=reason) from error
    return parse_claims(payload)


BASE64URL = str.maketrans("-_", "+/")


def parse_claims(payload: bytes) -> Claims:
    """Return the claims of a payload."""
    try:
        claims = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise AssertionFaultError("has a payload that is not a JSON object", "payload") from error
    if not isinstance(claims, dict):
        raise AssertionFaultError("has a payload that is not a JSON object", "payload")
    return claims


def check_issuer(claims: Claims, expected: Expected) -> None:
    """Refuse an `iss` other than the Customer ID."""
    if claims.get("iss") != expected.issuer:
        reason, sent = "must have the Customer ID as its iss", claims.get("iss")
        raise AssertionFaultError(reason, "issuer", sent=sent, expected=expected.issuer, name="Customer ID")


def check_subject(claims: Claims, expected: Expected) -> None:
    """Refuse a `sub` other than whom the key acts as, and people who are not active."""
    reason = "must have as its sub the ID shown next to the key: a Service ID, or an active person's User ID"
    if claims.get("sub") != expected.subject:
        raise AssertionFaultError(reason, "subject", sent=claims.get("sub"), expected=expected.subject)
    if not expected.subject_is_active:
        raise AssertionFaultError(reason, "inactive", user_id=expected.subject)


def check_audience(claims: Claims, accepted: Collection[str]) -> None:
    """Refuse an `aud` that means somebody else; existing clients send none.

    Many libraries know the issuer with a slash at its end: that names nobody else.
    """
    if "aud" not in claims:
        return
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not any(isinstance(entry, str) and entry.removesuffix("/") in accepted for entry in audience):
        reason = "has an aud that does not name this server"
        raise AssertionFaultError(reason, "audience", sent=claims["aud"], accepted=accepted)


def expiration(claims: Claims, now: datetime, longest: timedelta = LONGEST_LIFE) -> datetime:
    """Return when an assertion expires, or refuse it: expired, or valid for too long.

    Args:
        claims: the claims.
        now: the time to judge by.
        longest: how far ahead it may expire.
    """
    expires = numeric_date(claims, "exp")
    if expires is None:
        raise AssertionFaultError("has no exp", "missing", name="exp")
    if expires > now + longest + CLOCK_SKEW:  # first: the year 9999 has no minute after it
        most = "24 hours" if longest == LONGEST_LIFE else f"{longest.days} days"
        reason = f"has an exp more than {most} in the future"
        raise AssertionFaultError(reason, "too_long", expires=expires, longest=longest, now=now)
    if expires + CLOCK_SKEW <= now:
        seconds = round((now - expires).total_seconds())
        reason = f"expired {seconds} seconds ago by this server's clock"
        raise AssertionFaultError(reason, "expired", expires=expires, now=now)
    return expires


def check_begun(claims: Claims, name: str, now: datetime) -> None:
    """Refuse an `nbf` or `iat` in the future."""
    begins = numeric_date(claims, name)
    if begins is not None and begins > now + CLOCK_SKEW:
        seconds = round((begins - now).total_seconds())
        reason = f"has an {name} that is {seconds} seconds in the future by this server's clock"
        raise AssertionFaultError(reason, "early", name=name, begins=begins, now=now)


def numeric_date(claims: Claims, name: str) -> datetime | None:
    """Return a NumericDate claim (RFC 7519 section 2), or None where it is absent."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        reason = f"has an {name} that is not a number of seconds"
        raise AssertionFaultError(reason, "type", name=name, expected=NUMERIC_DATE)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        reason = f"has an {name} that is out of range"
        raise AssertionFaultError(reason, "type", name=name, expected=NUMERIC_DATE) from error


def identifier(claims: Claims) -> str | None:
    """Return the digest of the `jti`; without one the assertion may be used until it expires."""
    if "jti" not in claims:
        return None
    if not isinstance(claims["jti"], str) or not is_text(claims["jti"]):
        raise AssertionFaultError("has a jti that is not a string", "type", name="jti", expected="a string")
    return digest(claims["jti"])


# The claims of an assertion that is exchanged for a token, in the order in which they are judged.
CLAIM_CHECKS: dict[str, Callable[[Claims, Expected], object]] = {
    "iss": check_issuer,
    "sub": check_subject,
    "aud": lambda claims, expected: check_audience(claims, expected.audiences),
    "exp": lambda claims, expected: expiration(claims, expected.now, expected.longest),
    "nbf": lambda claims, expected: check_begun(claims, "nbf", expected.now),
    "iat": lambda claims, expected: check_begun(claims, "iat", expected.now),
    "jti": lambda claims, _: identifier(claims),
}
