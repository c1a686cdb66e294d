"""JWT assertions by which a machine application gets a token (RFC 7523).

`verify` turns the text into a `VerifiedAssertion`; nothing but this and `client_assertions` makes one, so
that nobody can act on the claims of an assertion whose signature has not been checked.
"""

import json
import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from oauthlib.oauth2 import InvalidGrantError

from oauthapps.oauth2.issuer import accepted_audiences
from oauthapps.oauth2.parameters import is_text
from oauthapps.rules.credential_values import digest
from oauthapps.rules.dated_exceptions import LONGEST_ASSERTION
from oauthapps.rules.keys.keypairs import load_public_key
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.sql.client_keys import KeyRow
from oauthapps.sql.clients import ClientRow

ALGORITHM = "RS256"
SEGMENTS = 3
ENCRYPTED_SEGMENTS = 5  # RFC 7516 section 7.1
COMPACT_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
MAX_CHARACTERS = 16 * 1024
CLOCK_SKEW = timedelta(seconds=60)
LONGEST_LIFE = timedelta(hours=24)

Claims = dict[str, Any]


class Rules(jws.JWSRegistry):
    """Some algorithms, with room for a certificate in the header and for the signature of the longest key."""

    max_header_length = MAX_CHARACTERS
    max_signature_length = MAX_CHARACTERS


# Headers that are not understood are ignored (RFC 7515 section 4), except where `crit` lists them.
RULES = Rules(algorithms=[ALGORITHM], strict_check_header=False)


def verify(text: str, application: ClientRow, keys: Sequence[KeyRow]) -> VerifiedAssertion:
    """Check an assertion that an authenticated client presents.

    Args:
        text: the compact serialization.
        application: the client's application.
        keys: its live keys, with their people.

    Raises:
        InvalidGrantError: naming the first thing that is wrong; the sender has shown a client secret and may
            know.
    """
    key, claims = verified_claims(text, keys)
    check_issuer(claims, application)
    check_subject(claims, key)
    check_audience(claims, accepted_audiences())
    now = timezone.now()
    expires = check_times(claims, now, LONGEST_ASSERTION if key.may_live_longer else LONGEST_LIFE)
    return VerifiedAssertion(
        key=key,
        assertion_id=identifier(claims),
        expires=expires + CLOCK_SKEW,
        lives_longer=expires > now + LONGEST_LIFE + CLOCK_SKEW,
    )


def verified_claims(text: str, keys: Sequence[KeyRow], rules: Rules = RULES) -> tuple[KeyRow, Claims]:
    """Return the key that signed the assertion, by one of the algorithms of the rules, and what it signed."""
    if len(text) > MAX_CHARACTERS or not COMPACT_FORM.fullmatch(text):
        raise refusal(fault_of_form(text))
    for key in keys:
        payload = payload_signed_by(key, text, rules)
        if payload is not None:
            return key, parse_claims(payload)
    algorithms = " or ".join(rules.allowed or ())
    raise refusal(f"is not signed with {algorithms} by one of the application's keys")


def fault_of_form(text: str) -> str:
    """Return why a text is not a signed JWT in compact form (RFC 7515 section 7.1)."""
    parts = text.split(".")
    faults = {
        f"is longer than {MAX_CHARACTERS} characters": len(text) > MAX_CHARACTERS,
        "begins with the word Bearer: send the JWT alone": text[:7].lower() == "bearer ",
        "has a line break at its end": text.rstrip(" ").endswith(("\n", "\r")),
        "has a line break in it": "\n" in text or "\r" in text,
        "has white space in it": len(text.split()) != 1 or text != text.strip(),
        "is enclosed in quotation marks: send the JWT alone": text[:1] in {'"', "'"},
        "is an encrypted JWT: send a signed one": len(parts) == ENCRYPTED_SEGMENTS,
        f"is not a signed JWT: expected {SEGMENTS} parts separated by dots, got {len(parts)}": (
            len(parts) != SEGMENTS
        ),
        "has no signature": not parts[-1],
        "has base64 padding (=): a JWT has none": "=" in text,
    }
    found = (fault for fault, is_there in faults.items() if is_there)
    return next(found, "is not a signed JWT: its three parts must be base64url")


def payload_signed_by(key: KeyRow, text: str, rules: Rules) -> bytes | None:
    """Return the payload if this key signed it with an algorithm of the rules; a `kid` is not needed."""
    try:
        signed = jws.deserialize_compact(text, verification_key(key.pem), registry=rules)
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    if not signed.protected or "crit" in signed.protected or "b64" in signed.protected:
        return None
    return bytes(signed.payload) if signed.payload is not None else None


@lru_cache(maxsize=256)
def verification_key(pem: str) -> RSAKey | ECKey:
    """Return a stored key in the form the signature library wants; parsing it takes longer than a check."""
    key = load_public_key(pem)
    return RSAKey(key, key) if isinstance(key, rsa.RSAPublicKey) else ECKey(key, key)


def parse_claims(payload: bytes) -> Claims:
    """Return the claims of a signed payload."""
    try:
        claims = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise refusal("has a payload that is not a JSON object") from error
    if not isinstance(claims, dict):
        raise refusal("has a payload that is not a JSON object")
    return claims


def check_issuer(claims: Claims, application: ClientRow) -> None:
    """Refuse an `iss` other than the Customer ID."""
    if claims.get("iss") != application.customer_id:
        raise refusal("must have the Customer ID as its iss")


def check_subject(claims: Claims, key: KeyRow) -> None:
    """Refuse a `sub` other than whom the key acts as, and people who are not active."""
    if claims.get("sub") != key.subject or not key.is_active:
        raise refusal(
            "must have as its sub the ID shown next to the key: a Service ID, or an active person's User ID"
        )


def check_audience(claims: Claims, accepted: Collection[str]) -> None:
    """Refuse an `aud` that means somebody else; existing clients send none.

    Many libraries know the issuer with a slash at its end: that names nobody else.
    """
    if "aud" not in claims:
        return
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not any(isinstance(entry, str) and entry.removesuffix("/") in accepted for entry in audience):
        raise refusal("has an aud that does not name this server")


def check_times(claims: Claims, now: datetime, longest: timedelta = LONGEST_LIFE) -> datetime:
    """Refuse what is expired, too long-lived or not yet valid, and return when it expires.

    Args:
        claims: the claims.
        now: the time to judge by.
        longest: how far ahead it may expire.
    """
    expires = numeric_date(claims, "exp")
    if expires is None:
        raise refusal("has no exp")
    if expires > now + longest + CLOCK_SKEW:  # first: the year 9999 has no minute after it
        most = "24 hours" if longest == LONGEST_LIFE else f"{longest.days} days"
        raise refusal(f"has an exp more than {most} in the future")
    if expires + CLOCK_SKEW <= now:
        raise refusal(f"expired {round((now - expires).total_seconds())} seconds ago by this server's clock")
    for name in ("nbf", "iat"):
        begins = numeric_date(claims, name)
        if begins is not None and begins > now + CLOCK_SKEW:
            seconds = round((begins - now).total_seconds())
            raise refusal(f"has an {name} that is {seconds} seconds in the future by this server's clock")
    return expires


def numeric_date(claims: Claims, name: str) -> datetime | None:
    """Return a NumericDate claim (RFC 7519 section 2), or None where it is absent."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"has an {name} that is not a number of seconds")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise refusal(f"has an {name} that is out of range") from error


def identifier(claims: Claims) -> str | None:
    """Return the digest of the `jti`; without one the assertion may be used until it expires."""
    if "jti" not in claims:
        return None
    if not isinstance(claims["jti"], str) or not is_text(claims["jti"]):
        raise refusal("has a jti that is not a string")
    return digest(claims["jti"])


def refusal(reason: str) -> InvalidGrantError:
    """Return the error for an assertion with this fault."""
    return InvalidGrantError(f"The assertion {reason}.")
