"""What the provider knows: its client, its people, its keys, who is signed in, and what it has given out."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oidc.core import AuthorizationCodeMixin
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
SCOPES = {"openid", "email", "profile"}


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})


@dataclass
class Client(ClientMixin):
    """The one client. `client_metadata` is named as in OpenID Connect Dynamic Client Registration 1.0."""

    client_id: str
    client_metadata: dict[str, Any]
    id_token_signed_response_alg: str = ALGORITHM

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(each for each in (scope or "").split() if each in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client_metadata["redirect_uris"]

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(client_secret == self.client_metadata["client_secret"])

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_post"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Session:
    """Somebody who is signed in here."""

    sub: str
    began: int = field(default_factory=lambda: int(time.time()))


@dataclass
class Code(AuthorizationCodeMixin):
    """A code that was given out."""

    session: Session
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    person: dict[str, Any]

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.session.began

    def get_acr(self) -> str | None:
        return self.person.get("acr")

    def get_amr(self) -> list[str] | None:
        return self.person.get("amr")


class Directory:
    """Everything of one provider.

    Attributes:
        people: the claims of each person, by `sub`.
        keys: the newest first; it signs.
        broken: the status that a path answers with.
        forgetful: whether requests to sign in anew are overheard.
    """

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self.client = Client(client_id, {"client_secret": client_secret, "redirect_uris": []})
        self.people: dict[str, dict[str, Any]] = {}
        self.keys = [new_key()]
        self.broken: dict[str, int] = {}
        self.forgetful = False
        self.sessions: dict[str, Session] = {}
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, str] = {}

    def claims(self, sub: str) -> dict[str, Any]:
        """What tokens and the UserInfo endpoint say of a person."""
        said = {name: value for name, value in self.people[sub].items() if name not in {"amr", "acr"}}
        return {"sub": sub, **said}

    def begin_session(self, sub: str) -> tuple[str, Session]:
        """Sign somebody in; return the value of the cookie, and the session."""
        name = secrets.token_urlsafe(16)
        self.sessions[name] = Session(sub)
        return name, self.sessions[name]
