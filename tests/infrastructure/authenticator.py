"""An authenticator in software (WebAuthn Level 2): it makes passkeys and signs with them, as a phone does."""

import secrets
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG
HERE = "http://testserver.localhost"

Answer = dict[str, Any]


class SoftAuthenticator:
    """Keeps one passkey. `origin` is the page's, and `knows_owner` whether it asked for a PIN or finger."""

    def __init__(self, origin: str = HERE, *, knows_owner: bool = True) -> None:
        self.origin = origin
        self.flags = FLAG.UP | FLAG.UV if knows_owner else FLAG.UP
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user_handle = ""

    def create(self, options: Answer) -> Answer:
        """Answer a page that wants to add a passkey."""
        self.user_handle = options["user"]["id"]
        public_key = ES256.from_cryptography_key(self.private_key.public_key())
        credential = AttestedCredentialData.create(Aaguid(bytes(16)), self.id, public_key)
        data = AuthenticatorData.create(
            self._hash(options["rp"]["id"]), self.flags | FLAG.AT, 0, bytes(credential)
        )
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=AttestationObject.create("none", data, {}),
        ) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def get(self, options: Answer) -> Answer:
        """Answer a page that wants to see a passkey."""
        data = AuthenticatorData.create(self._hash(options["rpId"]), self.flags, 1)
        client_data = self._client_data("webauthn.get", options)
        answer = self._answer(
            clientDataJSON=client_data,
            authenticatorData=data,
            signature=self.private_key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256())),
        )
        answer["response"]["userHandle"] = self.user_handle
        return answer

    def _client_data(self, kind: str, options: Answer) -> bytes:
        return bytes(CollectedClientData.create(kind, websafe_decode(options["challenge"]), self.origin))

    def _answer(self, **response: bytes) -> Answer:
        return {
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {name: websafe_encode(value) for name, value in response.items()},
        }

    @staticmethod
    def _hash(rp_id: str) -> bytes:
        return sha256(rp_id.encode()).digest()
