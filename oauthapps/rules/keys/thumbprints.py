"""The name of a public key that its numbers alone decide: the JWK thumbprint (RFC 7638)."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import rsa

from oauthapps.rules.keys.strength import SigningKey

_BYTES_OF_P256 = 32  # RFC 7518 section 6.2.1.2: coordinates are written in full length


def thumbprint(key: SigningKey) -> str:
    """Return the JWK thumbprint of a key with SHA-256, in base64url: 43 characters."""
    canonical = json.dumps(_required_members(key), separators=(",", ":"), sort_keys=True)
    return _base64url(hashlib.sha256(canonical.encode("ascii")).digest())


def _required_members(key: SigningKey) -> dict[str, str]:
    """Return the members that make a key what it is (RFC 7638 section 3.2)."""
    numbers = key.public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}
    x, y = (_base64url(number.to_bytes(_BYTES_OF_P256, "big")) for number in (numbers.x, numbers.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _number(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
