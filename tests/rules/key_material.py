"""Keys of every kind, each made once, in the forms in which people have them."""

import base64
import json
import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOT_AFTER = datetime(2026, 1, 31, tzinfo=UTC)

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | dsa.DSAPublicKey


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


@cache
def dsa_key() -> dsa.DSAPrivateKey:
    return dsa.generate_private_key(2048)


def spki(public: PublicKey) -> str:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def pkcs1(public: rsa.RSAPublicKey) -> str:
    return public.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()


def certificate(key: SigningKey | None = None, *, serial_number: int | None = None) -> str:
    """A self-signed certificate that ended on `NOT_AFTER`."""
    key = key or rsa_key()
    name = x509.Name.from_rfc4514_string("CN=ClientApp")
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), serial_number or x509.random_serial_number()
    )
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(NOT_AFTER)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def jwk_of(public: rsa.RSAPublicKey, **members: object) -> str:
    numbers = public.public_numbers()
    return json.dumps({"kty": "RSA", "n": base64url(numbers.n), "e": base64url(numbers.e), **members})


def jwk(**members: object) -> str:
    """A JSON Web Key with the given members added or replaced."""
    return jwk_of(rsa_key().public_key(), **members)


def ec_jwk(**members: object) -> str:
    """A JSON Web Key on the curve P-256, with the given members added or replaced."""
    numbers = ec_key().public_key().public_numbers()
    point = {"x": base64url(numbers.x, 32), "y": base64url(numbers.y, 32)}
    return json.dumps({"kty": "EC", "crv": "P-256", **point, **members})


def base64url(number: int, length: int = 0) -> str:
    octets = number.to_bytes(length or (number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def pkcs1_of(modulus: int, exponent: int) -> str:
    """A PKCS#1 key of any two numbers, which no library would agree to write."""
    return pem("RSA PUBLIC KEY", _tlv(0x30, _integer(modulus) + _integer(exponent)))


def pem(label: str, der: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def der_of(text: str) -> bytes:
    return base64.b64decode("".join(line for line in text.splitlines() if "-----" not in line))


def openssl(arguments: str, *, stdin: str | bytes = "", cwd: Path | None = None) -> str:
    """Run openssl as an administrator would."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    command = ["openssl", *arguments.split()]
    return subprocess.run(command, input=given, cwd=cwd, capture_output=True, check=True).stdout.decode(
        "latin-1"
    )


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def _tlv(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
