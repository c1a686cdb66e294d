"""Public keys that machine applications sign with, and key pairs made for them.

Private keys appear here only while a pair is being made; nothing in this package stores one.
"""

import hashlib
import shlex
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys.key_formats import MAX_BITS, ReadKey, SourceFormat, read
from oauthapps.rules.keys.strength import MIN_BITS, PUBLIC_EXPONENT, SigningKey, require_strong_key
from oauthapps.rules.keys.thumbprints import thumbprint

GENERATED_BITS = 3072  # 128-bit strength, OWASP ASVS 5.0 11.2.3


@dataclass(frozen=True, slots=True)
class PublicKeyInfo:
    """A public key that has been checked, in the form in which it is stored.

    Attributes:
        pem: SubjectPublicKeyInfo as PEM text, the same for every form the key came in.
        thumbprint: JWK thumbprint with SHA-256 (RFC 7638), base64url; used as `kid`.
        fingerprint: SHA-256 of the DER of the SubjectPublicKeyInfo, 64 lower-case hexadecimal digits.
        bits: length of the modulus; 256 for a key on the curve P-256.
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
        InvalidPublicKeyError: if it holds no key of an accepted kind and strength, with the reason.
    """
    found = read(data)
    return _describe(require_strong_key(found.key), found)


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
def load_public_key(pem: str) -> SigningKey:
    """Load a stored key for checking signatures; parsing it takes longer than the check itself.

    Args:
        pem: `PublicKeyInfo.pem` as stored.

    Returns:
        The key.

    Raises:
        InvalidPublicKeyError: if what is stored is no such key.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
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


def _describe(key: SigningKey, found: ReadKey) -> PublicKeyInfo:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKeyInfo(
        pem=key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        thumbprint=thumbprint(key),
        fingerprint=hashlib.sha256(der).hexdigest(),
        bits=key.key_size,
        not_after=found.not_after,
        source_format=found.source_format,
    )
