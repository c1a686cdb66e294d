"""Public keys that machine applications sign with, and key pairs made for them.

Private keys appear here only while a pair is being made; nothing in this package stores one.
"""

import base64
import hashlib
import json
import math
import shlex
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys.key_formats import MAX_BITS, ReadKey, SourceFormat, read

MIN_BITS = 2048  # RFC 7518 section 3.3
GENERATED_BITS = 3072  # 128-bit strength, OWASP ASVS 5.0 11.2.3
PUBLIC_EXPONENT = 65537
_EXPONENT_BELOW = 2**256  # FIPS 186-5, appendix A.1.1: 65537 <= e < 2**256, odd

# A modulus is the product of two large primes: one wrong character almost always brings in a small factor.
_SMALL_PRIMES = math.prod(
    n for n in range(2, 2000) if all(n % divisor for divisor in range(2, math.isqrt(n) + 1))
)

_MAKE_ONE = "make one with openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"


@dataclass(frozen=True, slots=True)
class PublicKeyInfo:
    """A public key that has been checked, in the form in which it is stored.

    Attributes:
        pem: SubjectPublicKeyInfo as PEM text, the same for every form the key came in.
        thumbprint: JWK thumbprint with SHA-256 (RFC 7638), base64url; used as `kid`.
        fingerprint: SHA-256 of the DER of the SubjectPublicKeyInfo, 64 lower-case hexadecimal digits.
        bits: length of the modulus.
        not_after: when the certificate it came in ends, in UTC. The key goes on working after that.
        source_format: what it came as.
    """

    pem: str
    thumbprint: str
    fingerprint: str
    bits: int
    not_after: datetime | None
    source_format: SourceFormat


@dataclass(frozen=True, slots=True)
class GeneratedKeypair:
    """A new key pair, whose private half is shown once and never stored.

    Attributes:
        private_pem: PKCS#8 PEM text, not encrypted; left out of `repr` so that no log and no trace shows it.
        public: the half to store.
    """

    private_pem: str = field(repr=False)
    public: PublicKeyInfo


def parse_public_key(data: bytes | str) -> PublicKeyInfo:
    """Read and judge what an administrator pasted or uploaded as a public key.

    Args:
        data: PEM (SubjectPublicKeyInfo, PKCS#1 or one X.509 certificate) or a JWK; text around it is ignored.

    Returns:
        The key as it is to be stored.

    Raises:
        PrivateKeyRefusedError: if there is a private key anywhere in it.
        InvalidPublicKeyError: if it holds no RSA key of acceptable strength, with the reason.
    """
    found = read(data)
    if not isinstance(found.key, rsa.RSAPublicKey):
        raise InvalidPublicKeyError(
            f"This isn't an RSA key, and assertions are signed with RS256: {_MAKE_ONE}."
        )
    _check_strength(found.key.public_numbers())
    return _describe(found.key, found)


def generate_keypair(bits: int = GENERATED_BITS) -> GeneratedKeypair:
    """Make a key pair for an application.

    Args:
        bits: length of the modulus, 2048 to 16384.

    Returns:
        The pair; show the private half once, in the answer to the very request that asked for it.

    Raises:
        ValueError: if the length is out of bounds.
    """
    if not MIN_BITS <= bits <= MAX_BITS:
        raise ValueError(f"an RSA key has {MIN_BITS} to {MAX_BITS} bits here")
    private = rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=bits)
    private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    public = private.public_key()
    return GeneratedKeypair(private_pem, _describe(public, ReadKey(public, SourceFormat.GENERATED)))


@lru_cache(maxsize=256)
def load_public_key(pem: str) -> rsa.RSAPublicKey:
    """Load a stored key for checking signatures; parsing it takes longer than the check itself.

    Args:
        pem: `PublicKeyInfo.pem` as stored.

    Returns:
        The key.

    Raises:
        InvalidPublicKeyError: if what is stored is no RSA key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        raise InvalidPublicKeyError("The stored public key is damaged: delete it and add it again.")
    return key


def fingerprint_command(file_name: str = "public_key.pem") -> str:
    """Write the command with which anybody can recompute a fingerprint.

    Args:
        file_name: the file that holds the public key as PEM.

    Returns:
        One line for a shell; it prints `PublicKeyInfo.fingerprint`.
    """
    return f"openssl pkey -pubin -in {shlex.quote(file_name)} -outform DER | openssl dgst -sha256"


def _check_strength(numbers: rsa.RSAPublicNumbers) -> None:
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


def _describe(key: rsa.RSAPublicKey, found: ReadKey) -> PublicKeyInfo:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKeyInfo(
        pem=key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        thumbprint=_thumbprint(key.public_numbers()),
        fingerprint=hashlib.sha256(der).hexdigest(),
        bits=key.key_size,
        not_after=found.not_after,
        source_format=found.source_format,
    )


def _thumbprint(numbers: rsa.RSAPublicNumbers) -> str:
    """Hash the required members in lexicographic order, without white space (RFC 7638 section 3)."""
    members = {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}
    canonical = json.dumps(members, separators=(",", ":"))
    return _unpadded(hashlib.sha256(canonical.encode("ascii")).digest())


def _base64url(number: int) -> str:
    return _unpadded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
