"""The sure signs of a private key, in whatever form somebody pastes one by mistake.

Looked for before anything is parsed, because a damaged private key is just as leaked as a whole one.
"""

import base64
import binascii
import re
from collections.abc import Mapping

from oauthapps.errors import PrivateKeyRefusedError

# PEM of every kind, also cut off at either end, what `openssl rsa -text` prints, PuTTY's own format, and the
# private members of a JWK (RFC 7518 sections 6.2 to 6.4).
_PRIVATE_TEXT = re.compile(
    r"(?:BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY|PRIVATE-KEY:|PRIVATEEXPONENT|PUTTY-USER-KEY-FILE",
    re.IGNORECASE,
)
_JWK_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_JWK_TEXT = re.compile(rf'"(?:{"|".join(_JWK_MEMBERS)})"\s*:')

# DER: a SEQUENCE that begins with a small version number is PKCS#1, PKCS#8, SEC 1, DSA or PKCS#12; one that
# begins with the identifier of a password-based encryption is an encrypted PKCS#8. No public key and no
# certificate does.
_DER_SEQUENCE = rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)"
_PRIVATE_DER = re.compile(
    _DER_SEQUENCE
    + rb"(?:\x02\x01[\x00-\x03]|"
    + _DER_SEQUENCE
    + rb"\x06[\x09-\x0b]\x2a\x86\x48\x86\xf7\x0d\x01[\x05\x0c])",
    re.DOTALL,
)


def refuse_in_text(text: str) -> None:
    """Refuse text with a private key in it: PEM, JWK, or the base64 of one without its BEGIN line.

    Args:
        text: what was pasted, without white space at its ends.

    Raises:
        PrivateKeyRefusedError: if there is one.
    """
    if _PRIVATE_TEXT.search(text) or (text.startswith(("{", "[")) and _JWK_TEXT.search(text)):
        raise refusal()
    refuse_in_der(decode_base64("".join(text.split())) or b"")


def refuse_in_der(data: bytes) -> None:
    """Refuse a private key in binary form.

    Args:
        data: what was uploaded, or what a PEM block holds.

    Raises:
        PrivateKeyRefusedError: if it begins as private keys do.
    """
    if _PRIVATE_DER.match(data):
        raise refusal()


def refuse_in_jwk(jwk: Mapping[str, object]) -> None:
    """Refuse a JWK that has private members.

    Args:
        jwk: one JSON Web Key.

    Raises:
        PrivateKeyRefusedError: if it has any, whatever their values.
    """
    if any(member in jwk for member in _JWK_MEMBERS):
        raise refusal()


def refusal() -> PrivateKeyRefusedError:
    """Make the refusal; it says what to do and repeats nothing of what was pasted."""
    return PrivateKeyRefusedError(
        "This is a private key: treat it as leaked; nothing was saved. "
        "Make a new key pair, and paste only its public half here."
    )


def decode_base64(text: str) -> bytes | None:
    """Decode base64 with or without padding.

    Args:
        text: what may be base64, without white space.

    Returns:
        The bytes, or None if it is anything else.
    """
    unpadded = text.rstrip("=")
    try:
        return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
