"""The forms in which people have a public key.

Nothing here judges a key: `keypairs` does. Here text becomes numbers, or a sentence about why it cannot.
"""

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.utils import CryptographyDeprecationWarning

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys import private_keys
from oauthapps.rules.keys.private_keys import decode_base64

MAX_BYTES = 64 * 1024
MAX_BITS = 16384


class SourceFormat(StrEnum):
    """What a public key came as."""

    SPKI = "spki"
    PKCS1 = "pkcs1"
    CERTIFICATE = "certificate"
    JWK = "jwk"
    GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class ReadKey:
    """A key as read, of whatever kind and strength.

    Attributes:
        key: the public key.
        source_format: what it came as.
        not_after: until when the certificate around it says it is valid, in UTC.
    """

    key: PublicKeyTypes | CertificatePublicKeyTypes
    source_format: SourceFormat
    not_after: datetime | None = None


_PEM_LABELS = {
    "PUBLIC KEY": SourceFormat.SPKI,
    "RSA PUBLIC KEY": SourceFormat.PKCS1,
    "CERTIFICATE": SourceFormat.CERTIFICATE,
    "X509 CERTIFICATE": SourceFormat.CERTIFICATE,  # what old tools write for the same thing
}
_MARKER = re.compile(r"-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----")

_RSA_PSS = bytes.fromhex("06092a864886f70d01010a")  # id-RSASSA-PSS, RFC 4055 section 3.1
_ALGORITHM_WITHIN = 40  # bytes from the beginning of a SubjectPublicKeyInfo to its algorithm

_DAMAGED = "This key is damaged or incomplete: copy it again, from the BEGIN line to the END line."
_IRREGULAR = (
    "This certificate breaks the rules for certificates (RFC 5280): paste the public key in it instead, "
    "which openssl x509 -pubkey -noout prints."
)
_UNKNOWN_KIND = "This kind of key isn't supported: use an RSA key, or one on the curve P-256."
_ACCEPTED = (
    'Paste one public key: a block that begins with "-----BEGIN PUBLIC KEY-----", '
    '"-----BEGIN RSA PUBLIC KEY-----" or "-----BEGIN CERTIFICATE-----", or a JWK.'
)


class _JwkKind(NamedTuple):
    """A kind of JWK: how it is marked, the algorithms it signs by, and the two numbers that make it."""

    marks: dict[str, str]
    algorithms: tuple[str, ...]
    members: tuple[str, str]
    key_of: Callable[[int, int], rsa.RSAPublicKey | ec.EllipticCurvePublicKey]

    @property
    def names(self) -> str:
        """What messages call its numbers."""
        return " and ".join(f'"{member}"' for member in self.members)


_JWK_KINDS = (
    _JwkKind(
        {"kty": "RSA"},
        ("RS256", "PS256"),
        ("n", "e"),
        lambda n, e: rsa.RSAPublicNumbers(e, n).public_key(),
    ),
    _JwkKind(
        {"kty": "EC", "crv": "P-256"},
        ("ES256",),
        ("x", "y"),
        lambda x, y: ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key(),
    ),
)


def read(data: bytes | str) -> ReadKey:
    """Read a public key in any of the accepted forms.

    Args:
        data: what was pasted or uploaded: PEM (SubjectPublicKeyInfo, PKCS#1, one X.509 certificate) or a JWK.

    Returns:
        The key with what is known about it.

    Raises:
        PrivateKeyRefusedError: if there is a private key anywhere in it.
        InvalidPublicKeyError: if it is none of the accepted forms, with the reason.
    """
    if len(data) > MAX_BYTES:
        raise InvalidPublicKeyError(
            "This is larger than 64 KiB: a public key is not, so choose another file."
        )
    text = (_decode(data) if isinstance(data, bytes) else data).lstrip("\ufeff").strip()
    private_keys.refuse_in_text(text)
    if text.startswith(("{", "[")):
        return _read_json(text)
    return _read_pem(text)


def _decode(data: bytes) -> str:
    """Turn a file into text: PowerShell writes UTF-16, and a binary file is answered for what it is."""
    private_keys.refuse_in_der(data)
    if data.startswith(b"\x30") and not data[:64].isascii():
        raise InvalidPublicKeyError(
            "This is a binary (DER) file: convert it with openssl to PEM, which is text, and upload that."
        )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    # Latin letters in the text around a key do not matter; NUL bytes must not hide a private one.
    return data.decode("utf-8-sig", "replace").replace("\0", "")


def _read_pem(text: str) -> ReadKey:
    """Take the one block between a BEGIN and its END line; text around it does not matter."""
    markers = list(_MARKER.finditer(text))
    if not markers:
        raise InvalidPublicKeyError(_advice_without_block(text))
    labels = [marker[2] for marker in markers if marker[1] == "BEGIN"]
    if len(labels) > 1:
        thing = "certificates" if set(labels) == {"CERTIFICATE"} else "keys or certificates"
        raise InvalidPublicKeyError(
            f"There are {len(labels)} {thing} in this text: paste exactly one, the application's own."
        )
    if [marker[1] for marker in markers] != ["BEGIN", "END"] or markers[0][2] != markers[1][2]:
        raise InvalidPublicKeyError(_DAMAGED)
    if labels[0] not in _PEM_LABELS:
        raise InvalidPublicKeyError(f"This is a {labels[0].lower()}, not a public key. {_ACCEPTED}")
    der = decode_base64("".join(text[markers[0].end() : markers[1].start()].split()))
    if not der:
        raise InvalidPublicKeyError(_DAMAGED)
    return _read_der(der, _PEM_LABELS[labels[0]])


def _advice_without_block(text: str) -> str:
    if text.startswith(("ssh-", "ecdsa-")):
        return (
            "This is a key in OpenSSH's own format: convert it with ssh-keygen -e -m PKCS8 -f and paste that."
        )
    return f"This is not a public key. {_ACCEPTED}"


def _read_der(der: bytes, source_format: SourceFormat) -> ReadKey:
    private_keys.refuse_in_der(der)  # it may stand under the wrong label
    try:
        if source_format is SourceFormat.CERTIFICATE:
            return _read_certificate(der)
        _refuse_pss(is_pss=_RSA_PSS in der[:_ALGORITHM_WITHIN])
        return ReadKey(load_der_public_key(der), source_format)
    except CryptographyDeprecationWarning:  # where warnings are errors, as in our tests
        raise InvalidPublicKeyError(_IRREGULAR) from None
    except UnsupportedAlgorithm:
        raise InvalidPublicKeyError(_UNKNOWN_KIND) from None
    except (ValueError, x509.InvalidVersion):
        raise InvalidPublicKeyError(_DAMAGED) from None


def _read_certificate(der: bytes) -> ReadKey:
    certificate = x509.load_der_x509_certificate(der)
    # RFC 5280 section 4.1.2.2; coming versions of the library refuse these themselves.
    if certificate.serial_number <= 0:
        raise InvalidPublicKeyError(_IRREGULAR)
    _refuse_pss(is_pss=certificate.public_key_algorithm_oid == x509.PublicKeyAlgorithmOID.RSASSA_PSS)
    return ReadKey(certificate.public_key(), SourceFormat.CERTIFICATE, certificate.not_valid_after_utc)


def _refuse_pss(*, is_pss: bool) -> None:
    """Refuse a key that may make RSA-PSS signatures only (RFC 4055 section 1.2): RS256 is not one of them."""
    if is_pss:
        raise InvalidPublicKeyError(
            "This key is restricted to RSA-PSS signatures, but assertions are signed with RS256: "
            "use an ordinary RSA key."
        )


def _read_json(text: str) -> ReadKey:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidPublicKeyError("This JSON is damaged or incomplete: copy the whole JWK again.") from None
    keys = value.get("keys") if isinstance(value, dict) and "keys" in value else [value]
    if not isinstance(keys, list) or len(keys) != 1 or not isinstance(keys[0], dict):
        raise InvalidPublicKeyError("Paste exactly one JWK: a JSON object for one public key.")
    return _read_jwk(keys[0])


def _read_jwk(jwk: dict[str, object]) -> ReadKey:
    """Read a key from its numbers (RFC 7518 section 6), unless it is for something else."""
    private_keys.refuse_in_jwk(jwk)
    kind = next((kind for kind in _JWK_KINDS if kind.marks.items() <= _texts_in(jwk).items()), None)
    if kind is None:
        raise InvalidPublicKeyError('This JWK must have "kty": "RSA", or "kty": "EC" with "crv": "P-256".')
    operations = jwk.get("key_ops", ["verify"])
    meant_for_us = isinstance(operations, list) and "verify" in operations and jwk.get("use", "sig") == "sig"
    if not meant_for_us or jwk.get("alg", kind.algorithms[0]) not in kind.algorithms:
        algorithms = " or ".join(kind.algorithms)
        raise InvalidPublicKeyError(f"This JWK is not for {algorithms} signatures: use one that is.")
    first, second = (_jwk_number(jwk.get(member), kind) for member in kind.members)
    try:
        return ReadKey(kind.key_of(first, second), SourceFormat.JWK)
    except ValueError:
        raise InvalidPublicKeyError(f"The numbers {kind.names} of this JWK don't form a valid key.") from None


def _texts_in(jwk: dict[str, object]) -> dict[str, str]:
    return {name: value for name, value in jwk.items() if isinstance(value, str)}


def _jwk_number(value: object, kind: _JwkKind) -> int:
    raw = decode_base64(value.translate({ord("-"): "+", ord("_"): "/"})) if isinstance(value, str) else None
    if not raw:
        raise InvalidPublicKeyError(f"{kind.names} of this JWK must be base64url text.")
    if len(raw) * 8 > MAX_BITS + 64:
        raise InvalidPublicKeyError(f"This key is too long: use one of at most {MAX_BITS} bits.")
    return int.from_bytes(raw, "big")
