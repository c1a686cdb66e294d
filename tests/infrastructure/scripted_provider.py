"""An OpenID Connect provider on this machine whose every answer a test decides, wrong ones among them."""

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.jwk import RSAKey

from tests.keys import OTHER_KEY, SIGNING_KEY

CLIENT_ID, CLIENT_SECRET = "gatehouse", "provider-secret-7d1f"
Claims = dict[str, Any]


def rsa_key(key: rsa.RSAPrivateKey, kid: str) -> RSAKey:
    return RSAKey(key, key, {"kid": kid})


FIRST, SECOND = rsa_key(SIGNING_KEY, "first"), rsa_key(OTHER_KEY, "second")


class ScriptedProvider:
    """A provider that serves until it is left.

    What a test may change: `person` are claims of the ID token besides those of the protocol, `user_info`
    what the UserInfo endpoint says; `id_token` changes claims before they are signed, `sign` how; `published`
    are the keys at its jwks_uri; `token_error` is a status and a document in the place of tokens. `asked` are
    the paths that were asked for, `authorized` the parameters of the latest authorization request.
    """

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.person: Claims = {"sub": "248289761001"}
        self.user_info: Claims | None = None
        self.id_token: Callable[[Claims], Claims] = lambda claims: claims
        self.key = FIRST
        self.published: list[RSAKey] = [FIRST]
        self.sign: Callable[[Claims], str] = self.signed
        self.token_error: tuple[int, Claims] | None = None
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.authorized: dict[str, str] = {}

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def document(self) -> Claims:
        """Its discovery document."""
        names = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
            "userinfo_endpoint": "userinfo",
        }
        return {
            "issuer": self.issuer,
            **{name: f"{self.issuer}/{path}" for name, path in names.items()},
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def answer(self, location: str, **changed: str | None) -> str:
        """The query with which the browser comes back that was sent to `location`, or another one."""
        self.authorized = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        code = secrets.token_urlsafe(12)
        self.codes[code] = self.authorized
        parameters = {"code": code, "state": self.authorized["state"], "iss": self.issuer, **changed}
        return urlencode({name: value for name, value in parameters.items() if value is not None})

    def tokens(self, form: Mapping[str, str], authorization: str) -> tuple[int, Claims]:
        """Exchange a code, once, for whoever proves to be the client that asked for it."""
        if self.token_error:
            return self.token_error
        kind, _, pair = authorization.partition(" ")
        given = base64.b64decode(pair).decode().split(":")
        if kind != "Basic" or list(map(unquote_plus, given)) != [CLIENT_ID, CLIENT_SECRET]:
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or challenge.decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        return 200, {
            "access_token": "access-token-3b1c",
            "id_token": self.sign(self.id_token(usual | self.person)),
        }

    def signed(self, claims: Claims, **header: Any) -> str:
        """A JWT under its key."""
        protected = {"alg": "RS256", "kid": self.key.kid} | header
        given = {name: value for name, value in protected.items() if value is not None}
        return jws.serialize_compact(given, json.dumps(claims).encode(), self.key, algorithms=[given["alg"]])

    def keys(self) -> Claims:
        return {"keys": [key.as_dict(private=False) | {"use": "sig"} for key in self.published]}


def unsigned(claims: Claims) -> str:
    """A JWT under the algorithm `none` (RFC 7519 section 6)."""
    return ".".join([encoded({"alg": "none"}), encoded(claims), ""])


def signed_by_shared_secret(secret: bytes) -> Callable[[Claims], str]:
    """Makes JWTs under HS256, as whoever knows `secret` can."""

    def sign(claims: Claims) -> str:
        text = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(claims)}"
        code = hmac.digest(secret, text.encode(), "sha256")
        return f"{text}.{base64.urlsafe_b64encode(code).decode().rstrip('=')}"

    return sign


def encoded(value: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def handler_of(provider: ScriptedProvider) -> type[BaseHTTPRequestHandler]:
    """What answers requests to a provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            documents = {
                "/.well-known/openid-configuration": provider.document(),
                "/keys": provider.keys(),
            }
            if self.path == "/userinfo" and self.headers["Authorization"] == "Bearer access-token-3b1c":
                documents[self.path] = provider.user_info or {"sub": provider.person["sub"]}
            self.say(200 if self.path in documents else 404, documents.get(self.path, {}))

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            self.say(*provider.tokens(form, self.headers["Authorization"] or ""))

        def say(self, status: int, document: Claims) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
