"""A client as an outsider writes one: it knows the documented endpoints and nothing of our code."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

AUTHORIZE = "/integrations/oauth2/authorize"
TOKEN = "/integrations/oauth2/api/v1/token"
JWT_EXCHANGE = "/integrations/oauth2/api/v1/jwt/exchange"
REVOKE = "/integrations/oauth2/api/v1/revoke"
INTROSPECT = "/integrations/oauth2/api/v1/introspect"
VERIFY = "/integrations/oauth2/api/v1/verify"
METADATA = "/.well-known/oauth-authorization-server"
ME = "/api/v1/me"
FORM = "application/x-www-form-urlencoded"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class OAuthClient:
    """An application at work: it builds valid requests, of which a test breaks one part."""

    client_id: str
    client_secret: str = ""
    redirect_uri: str = "https://client.example/callback"
    pkce: bool = False
    http: Client = field(default_factory=Client)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def authorization_parameters(self, **changes: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "state": "the state",
        }
        if self.pkce:
            parameters |= {"code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256"}
        return given(parameters | changes)

    def token_parameters(self, code: str, **changes: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "client_secret": self.client_secret or None,
            "code_verifier": self.verifier if self.pkce else None,
        }
        return given(parameters | changes)

    def refresh_parameters(self, refresh_token: str, **changes: str | None) -> dict[str, str]:
        parameters: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": self.client_id,
            "client_secret": self.client_secret or None,
        }
        return given(parameters | changes)

    def get_code(self, browser: Client, **changes: str | None) -> str:
        """Send the browser to the authorization endpoint, allow, and return the code that comes back."""
        return self.allow(browser, "allow", **changes)["code"]

    def allow(self, browser: Client, decision: str = "allow", **changes: str | None) -> dict[str, str]:
        page = self.consent_page(browser, **changes)
        answer = browser.post(AUTHORIZE, {**hidden_fields(page.content.decode()), "decision": decision})
        assert answer.status_code == 302, answer.content
        return dict(parse_qsl(urlsplit(answer["Location"]).query))

    def consent_page(self, browser: Client, **changes: str | None) -> Answer:
        page = browser.get(AUTHORIZE, self.authorization_parameters(**changes))
        assert page.status_code == 200, page.content
        return page

    def exchange(self, code: str, **changes: str | None) -> Answer:
        return self.post(TOKEN, self.token_parameters(code, **changes))

    def refresh(self, refresh_token: str, **changes: str | None) -> Answer:
        return self.post(TOKEN, self.refresh_parameters(refresh_token, **changes))

    def exchange_jwt(self, assertion: str, **changes: str | None) -> Answer:
        parameters = {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "jwt_token": assertion,
        }
        return self.post(JWT_EXCHANGE, given(parameters | changes))

    def get_tokens(self, browser: Client, **changes: str | None) -> dict[str, Any]:
        reply = self.exchange(self.get_code(browser, **changes))
        assert reply.status_code == 200, reply.content
        tokens: dict[str, Any] = reply.json()
        return tokens

    def me(self, access_token: str) -> Answer:
        return self.http.get(ME, headers={"Authorization": f"Bearer {access_token}"})

    def post(self, path: str, parameters: dict[str, str], **headers: str) -> Answer:
        body = urlencode(parameters)
        return self.http.post(path, body, content_type=FORM, headers=headers)

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()


def given(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if value is not None}


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class HiddenFields(HTMLParser):
    """Collects what a browser would send of a page's hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden" and attributes.get("name"):
            self.fields[str(attributes["name"])] = attributes.get("value") or ""


def hidden_fields(page: str) -> dict[str, str]:
    parser = HiddenFields()
    parser.feed(page)
    return parser.fields
