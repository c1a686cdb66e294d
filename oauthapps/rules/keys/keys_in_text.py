"""The keys in a text that somebody found, public and private, by their thumbprints. Nothing of it is kept."""

import json
import re
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys import keypairs

PRIVATE_PEM = re.compile(
    r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----.{1,16000}?-----END \1PRIVATE KEY-----", re.DOTALL
)
PUBLIC_MEMBERS = ("kty", "n", "e", "crv", "x", "y")  # RFC 7518 sections 6.2.1 and 6.3.1


def thumbprints_in(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the keys in a text by their thumbprints, and whether each is a private half."""
    for block in PRIVATE_PEM.finditer(text):
        try:
            public = load_pem_private_key(block[0].encode(), password=None).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm):  # damaged, encrypted, or of another kind
            continue
        yield from thumbprint_of(
            public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), is_private=True
        )
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        yield from thumbprint_of(text, is_private=False)
        return
    if isinstance(jwk, dict):
        numbers = {name: jwk[name] for name in PUBLIC_MEMBERS if name in jwk}
        yield from thumbprint_of(json.dumps(numbers), is_private="d" in jwk)


def thumbprint_of(data: bytes | str, *, is_private: bool) -> list[tuple[bool, str]]:
    """Return the thumbprint of a public key, if that is one."""
    try:
        return [(is_private, keypairs.parse_public_key(data).thumbprint)]
    except InvalidPublicKeyError:
        return []
