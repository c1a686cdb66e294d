"""The identity providers that stories sign in at do what such providers do: seen by Authlib's client."""

import secrets
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus, urlencode, urljoin, urlsplit

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from tests.infrastructure.identity_providers import (
    KINDS,
    IdentityProvider,
    is_at,
    sign_in_there,
    sign_out_there,
    submit,
)

pytestmark = pytest.mark.story

BACK, SIGNED_OUT = "http://localhost:1/back", "http://localhost:1/signed-out"
ALGORITHMS = {"node": "RS256", "authlib": "ES256"}


@pytest.fixture(scope="module", params=KINDS)
def provider(request: pytest.FixtureRequest) -> Iterator[IdentityProvider]:
    with IdentityProvider(request.param) as running:
        running.register(BACK, SIGNED_OUT)
        yield running


@pytest.fixture(autouse=True)
def _as_new(provider: IdentityProvider) -> None:
    provider.add_person("ann", groups=["staff"], amr=["pwd", "otp"], acr="urn:example:password")
    provider.mend_endpoints()
    provider.forget(forgetful=False)
    provider.set_clock(0)


class Client:
    """A client in one browser, until its redirect URI, which nobody serves."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider, self.browser = provider, requests.Session()
        method = provider.discovered["token_endpoint_auth_methods_supported"][0]
        # Authlib leaves the encoding of RFC 6749 section 2.3.1 to its caller.
        encode = quote_plus if method == "client_secret_basic" else str
        self.oauth = OAuth2Session(
            provider.client_id,
            encode(provider.client_secret),
            token_endpoint_auth_method=method,
            scope=provider.scopes,
            redirect_uri=BACK,
            code_challenge_method="S256",
        )
        self.verifier = secrets.token_urlsafe(48)

    def go(self, **more: str) -> requests.Response:
        """Open the authorization endpoint: the provider's page, or the redirect where nothing is asked."""
        endpoint = self.provider.discovered["authorization_endpoint"]
        url, self.state = self.oauth.create_authorization_url(
            endpoint, code_verifier=self.verifier, nonce="n" + secrets.token_hex(8), **more
        )
        self.browser.max_redirects = 10
        return self.follow(self.browser.get(url, timeout=10, allow_redirects=False))

    def follow(self, page: requests.Response) -> requests.Response:
        """Go on as far as a redirect leads that is not the provider's."""
        while (location := page.headers.get("Location", "")) and not location.startswith(
            BACK.rpartition("/")[0]
        ):
            page = self.browser.get(urljoin(page.url, location), timeout=10, allow_redirects=False)
        return page

    def sign_in(self, account: str = "ann", **more: str) -> dict[str, Any]:
        page = self.go(**more)
        assert is_at(self.provider, page), page.text
        return self.finish(self.follow(sign_in_there(self.browser, page, account, follow=False)))

    def finish(self, page: requests.Response) -> dict[str, Any]:
        location = page.headers["Location"]
        back = dict(parse_qsl(urlsplit(location).query))
        assert (back["iss"], back["state"]) == (self.provider.issuer, self.state)
        endpoint = self.provider.discovered["token_endpoint"]
        tokens: dict[str, Any] = self.oauth.fetch_token(
            endpoint, authorization_response=location, code_verifier=self.verifier
        )
        return tokens

    def claims(self, tokens: dict[str, Any]) -> dict[str, Any]:
        """What the ID token says, checked with the keys that are published now."""
        keys = KeySet.import_key_set(requests.get(self.provider.discovered["jwks_uri"], timeout=10).json())
        return dict(jwt.decode(tokens["id_token"], keys, [ALGORITHMS[self.provider.kind]]).claims)

    def everything(self, tokens: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = requests.get(self.provider.discovered["userinfo_endpoint"], headers=headers, timeout=10)
        return self.claims(tokens) | dict(said.json())


@pytest.fixture
def client(provider: IdentityProvider) -> Client:
    return Client(provider)


def test_a_sign_in_says_who_somebody_is(provider: IdentityProvider, client: Client) -> None:
    claims = client.everything(client.sign_in())
    assert (claims["iss"], claims["sub"]) == (provider.issuer, "ann")
    assert provider.client_id in claims["aud"]
    assert (claims["email"], claims["email_verified"], claims["name"]) == ("ann@example.org", True, "Ann")
    assert claims["groups"] == ["staff"]
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp"], "urn:example:password")
    provider.add_person("ann", email_verified=False, groups=None)
    claims = client.everything(client.sign_in(prompt="login"))
    assert claims["email_verified"] is False
    assert "groups" not in claims


def test_who_is_signed_in_is_asked_again_where_the_client_wants_it(
    provider: IdentityProvider, client: Client
) -> None:
    client.sign_in()
    first = client.claims(client.finish(client.go(max_age="1000")))["auth_time"]
    provider.set_clock(100)
    assert is_at(provider, client.go(max_age="60"))
    assert client.claims(client.sign_in(prompt="login", max_age="0"))["auth_time"] >= first + 99
    provider.forget(forgetful=True)
    assert client.claims(client.finish(client.go(prompt="login", max_age="0")))["auth_time"] >= first + 99


def test_who_cancels_comes_back_with_an_error(provider: IdentityProvider, client: Client) -> None:
    page = client.go()
    answer = submit(client.browser, page, {"decision": "cancel"}, follow=False)
    back = parse_qs(urlsplit(client.follow(answer).headers["Location"]).query)
    assert (back["error"], back["iss"], back["state"]) == (
        ["access_denied"],
        [provider.issuer],
        [client.state],
    )


def test_an_unknown_account_is_asked_once_more(provider: IdentityProvider, client: Client) -> None:
    page = client.go()
    assert "no such account" in sign_in_there(client.browser, page, "nobody").text


@pytest.mark.parametrize("keep", [False, True])
def test_keys_change(provider: IdentityProvider, client: Client, keep: bool) -> None:
    before = client.sign_in()
    provider.rotate_keys(keep=keep)
    if keep:
        assert client.claims(before)["sub"] == "ann"
    else:
        with pytest.raises(InvalidKeyIdError):
            client.claims(before)
    assert client.claims(client.finish(client.go()))["sub"] == "ann"


def test_a_former_secret_is_refused(provider: IdentityProvider, client: Client) -> None:
    provider.change_secret("another")
    try:
        with pytest.raises(OAuthError, match="invalid_client"):
            client.sign_in()
    finally:
        provider.change_secret(provider.client_secret)
    assert client.finish(client.go())["id_token"]


def test_a_clock_goes_wrong(provider: IdentityProvider, client: Client) -> None:
    for seconds in (3000, -3000, 0):
        provider.set_clock(seconds)
        claims = client.claims(client.sign_in(prompt="login", max_age="1000"))
        for name in ("iat", "auth_time"):
            assert abs(claims[name] - time.time() - seconds) < 10


@pytest.mark.parametrize("name", ["discovery", "jwks_uri", "token_endpoint", "userinfo_endpoint"])
def test_an_endpoint_breaks(provider: IdentityProvider, client: Client, name: str) -> None:
    discovered = provider.discovered | {"discovery": f"{provider.issuer}/.well-known/openid-configuration"}
    provider.break_endpoint(name, 502)
    assert requests.get(discovered[name], timeout=10).status_code == 502
    provider.mend_endpoints()
    assert client.sign_in()


def test_all_of_it_goes_down_and_comes_back_with_its_sessions(
    provider: IdentityProvider, client: Client
) -> None:
    client.sign_in()
    provider.take_down()
    with pytest.raises(requests.ConnectionError):
        requests.get(provider.issuer, timeout=10)
    provider.bring_up()
    assert client.finish(client.go())


def test_a_sign_out_ends_the_session_and_leads_back(provider: IdentityProvider, client: Client) -> None:
    client.sign_in()
    asked = {"client_id": provider.client_id, "post_logout_redirect_uri": SIGNED_OUT, "state": "s"}
    page = client.browser.get(f"{provider.discovered['end_session_endpoint']}?{urlencode(asked)}", timeout=10)
    assert "<h1>Sign out at the identity provider</h1>" in page.text
    answer = sign_out_there(client.browser, page, follow=False)
    assert answer.headers["Location"] == f"{SIGNED_OUT}?state=s"
    assert is_at(provider, client.go())


def test_a_client_is_told_of_a_sign_out(provider: IdentityProvider, client: Client) -> None:
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.append(parse_qs(body)["logout_token"][0])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    provider.register(BACK, SIGNED_OUT, f"http://127.0.0.1:{server.server_port}/")
    client.sign_in()
    assert provider.log_out("ann") == [200] * len(told) != []
    server.shutdown()
    server.server_close()
    claims = client.claims({"id_token": told[0]})
    assert claims["sub"] == "ann"
    assert ("sid" in claims) == (provider.kind == "node")
    assert list(claims["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]
    assert "nonce" not in claims
