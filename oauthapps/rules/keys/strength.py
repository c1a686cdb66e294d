"""Which public keys are good enough to check signatures with: RSA of 2048 bits or more, and P-256."""

import math
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys.key_formats import MAX_BITS

SigningKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

MIN_BITS = 2048  # RFC 7518 section 3.3
PUBLIC_EXPONENT = 65537
_EXPONENT_BELOW = 2**256  # FIPS 186-5, appendix A.1.1: 65537 <= e < 2**256, odd

# A modulus is the product of two large primes: one wrong character almost always brings in a small factor.
_SMALL_PRIMES = math.prod(
    n for n in range(2, 2000) if all(n % divisor for divisor in range(2, math.isqrt(n) + 1))
)

_MAKE_ONE = "make one with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"


def require_strong_key(key: PublicKeyTypes | CertificatePublicKeyTypes) -> SigningKey:
    """Return a key that signatures may be checked with.

    Args:
        key: a public key of whatever kind and strength. A point of a curve was checked when it was read.

    Raises:
        InvalidPublicKeyError: if it is of another kind or too weak, with the reason.
    """
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, ec.SECP256R1):
            raise InvalidPublicKeyError(
                f"This key is on the curve {key.curve.name}: use one on P-256, or an RSA key."
            )
        return key
    if not isinstance(key, rsa.RSAPublicKey):
        raise InvalidPublicKeyError(
            f"This is neither an RSA key nor one on the curve P-256, so it can't be used: {_MAKE_ONE}."
        )
    _require_strong_numbers(key.public_numbers())
    return key


def _require_strong_numbers(numbers: rsa.RSAPublicNumbers) -> None:
    bits = numbers.n.bit_length()
    if bits < MIN_BITS:
        raise InvalidPublicKeyError(
            f"This key has only {bits} bits: use an RSA key of at least {MIN_BITS} bits."
        )
    if bits > MAX_BITS:
        raise InvalidPublicKeyError(f"This key is too long: use one of at most {MAX_BITS} bits.")
    if not PUBLIC_EXPONENT <= numbers.e < _EXPONENT_BELOW or numbers.e % 2 == 0:
        raise InvalidPublicKeyError(
            f"This key has an unsafe public exponent ({_MAKE_ONE}, which uses 65537)."
        )
    if math.gcd(numbers.n, _SMALL_PRIMES) != 1:
        raise InvalidPublicKeyError(
            "This key is damaged: its modulus isn't the product of two primes. Copy it again."
        )
