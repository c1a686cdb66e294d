"""The provider's endpoints as Authlib has them, told where everything is kept."""

import secrets
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint, EndSessionRequest
from joserfc.jwk import ECKey, KeySet

from tests.infrastructure.authlib_provider.directory import (
    ALGORITHM,
    SCOPES,
    Client,
    Code,
    Directory,
    Session,
)

COOKIE = "provider_session"


class Response:
    """An answer; `location` is what extensions of Authlib change."""

    def __init__(self, status: int, body: str | dict[str, Any], headers: list[tuple[str, str]]) -> None:
        self.status, self.body, self.headers = status, body, dict(headers)

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")

    @location.setter
    def location(self, url: str) -> None:
        self.headers["Location"] = url


class Request(OAuth2Request):
    """A request of WSGI (PEP 3333); its body is read once."""

    def __init__(self, environ: dict[str, Any], issuer: str) -> None:
        headers = {"Authorization": environ.get("HTTP_AUTHORIZATION", "")}
        super().__init__(environ["REQUEST_METHOD"], issuer + environ["PATH_INFO"], headers=headers)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.query = first(environ["QUERY_STRING"])
        self.fields = first(environ["wsgi.input"].read(length).decode())
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        self.cookie = cookies[COOKIE].value if COOKIE in cookies else ""
        self.payload = BasicOAuth2Payload(self.query | self.fields)

    @property
    def args(self) -> dict[str, str]:
        return self.query

    @property
    def form(self) -> dict[str, str]:
        return self.fields


def first(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


class Server(AuthorizationServer):
    """Authlib's authorization server for one directory."""

    def __init__(self, directory: Directory) -> None:
        super().__init__(scopes_supported=sorted(SCOPES))
        self.directory = directory
        self.register_token_generator("default", BearerTokenGenerator(new_token))
        self.register_grant(CodeGrant, [OpenID(directory), CodeChallenge(required=True)])
        self.register_extension(Issuer(directory.issuer))
        self.register_endpoint(EndSession(self))

    def query_client(self, client_id: str) -> Client | None:
        return self.directory.client if client_id == self.directory.client.client_id else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self.directory.tokens[token["access_token"]] = request.user.sub

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        return Response(status, body, headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def new_token(*_: Any, **__: Any) -> str:
    return secrets.token_urlsafe(24)


class CodeGrant(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        directory, said = self.server.directory, request.payload.data
        session: Session = request.user
        directory.codes[code] = Code(
            session=session,
            redirect_uri=said["redirect_uri"],
            scope=request.scope,
            nonce=said.get("nonce"),
            code_challenge=said.get("code_challenge"),
            code_challenge_method=said.get("code_challenge_method"),
            person=directory.people[session.sub],
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.directory.codes.get(code)
        return found

    def delete_authorization_code(self, authorization_code: Code) -> None:
        codes = self.server.directory.codes
        for name in [name for name, code in codes.items() if code is authorization_code]:
            del codes[name]

    def authenticate_user(self, authorization_code: Code) -> Session:
        return authorization_code.session


class OpenID(OpenIDCode):
    """ID tokens that say everything of a person."""

    def __init__(self, directory: Directory) -> None:
        super().__init__(require_nonce=True)
        self.directory = directory

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self.directory.codes.values())

    def resolve_client_private_key(self, client: Client) -> ECKey:
        return self.directory.keys[0]

    def get_encode_header(self, client: Client) -> dict[str, str]:
        return {"alg": ALGORITHM, "kid": str(self.directory.keys[0].kid)}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self.directory.issuer, "aud": client.client_id}

    def generate_user_info(self, user: Session, scope: str) -> dict[str, Any]:
        return self.directory.claims(user.sub)


class Issuer(IssuerParameter):
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def get_issuer(self) -> str:
        return self.issuer


class EndSession(EndSessionEndpoint):
    """Ends the session that its page has asked about; who ended it there may be sent back."""

    def is_post_logout_redirect_uri_legitimate(self, *_: Any) -> bool:
        return True

    def get_server_jwks(self) -> KeySet:
        return KeySet(list(self.server.directory.keys))

    def end_session(self, end_session_request: EndSessionRequest) -> None:
        """Left to the page, which knows the cookie."""
