"""What may be kept of a JWT whose signature fits no key, to find out later which key made it.

The JWT cannot be made of it: there is the digest of what was signed.
"""

import binascii
import hashlib
import json
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from oauthapps.rules.keys.keypairs import load_public_key

BASE64 = str.maketrans("-_", "+/")
PREHASHED = utils.Prehashed(hashes.SHA256())


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What is kept of a JWT whose signature fits no key.

    Attributes:
        header: its first part.
        digest: the SHA-256 digest of what was signed.
        value: the signature.
    """

    header: str
    digest: bytes = field(repr=False)
    value: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "Signature":
        """Return what may be kept of a JWT in compact form."""
        signed, _, value = text.rpartition(".")
        return cls(
            header=signed.partition(".")[0],
            digest=hashlib.sha256(signed.encode()).digest(),
            value=decoded(value),
        )

    @property
    def claimed(self) -> dict[str, str]:
        """The texts of its header; empty where that cannot be read."""
        try:
            members = json.loads(decoded(self.header))
        except (ValueError, RecursionError):
            return {}
        pairs = members.items() if isinstance(members, dict) else ()
        return {name: value for name, value in pairs if isinstance(value, str)}

    @property
    def padding(self) -> padding.AsymmetricPadding:
        """How an RSA signature is padded: as its header says, by PS256 or RS256."""
        is_pss = self.claimed.get("alg") == "PS256"
        return padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO) if is_pss else padding.PKCS1v15()

    def is_by(self, pem: str) -> bool:
        """Return whether a stored key made it, by RS256, PS256, or ES256."""
        public = load_public_key(pem)
        try:
            if isinstance(public, rsa.RSAPublicKey):
                public.verify(self.value, self.digest, self.padding, PREHASHED)
            else:
                half = len(self.value) // 2
                pair = (int.from_bytes(self.value[:half], "big"), int.from_bytes(self.value[half:], "big"))
                public.verify(utils.encode_dss_signature(*pair), self.digest, ec.ECDSA(PREHASHED))
        except (InvalidSignature, ValueError):
            return False
        return True


def decoded(part: str) -> bytes:
    """Return what a part of a JWT stands for; nothing where it stands for nothing."""
    try:
        return binascii.a2b_base64(part.translate(BASE64) + "==")
    except ValueError:
        return b""
