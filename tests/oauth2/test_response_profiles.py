"""The response profiles: what is named or typed differently for clients of Workfront."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.oauth2.answers import error_of
from tests.oauth2.conftest import Machine, configure
from tests.oauth_client import (
    FORM,
    INTROSPECT,
    JWT_BEARER,
    REVOKE,
    TOKEN,
    OAuthClient,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


# The reply


@pytest.mark.spec("T-85", "Workfront")
@pytest.mark.parametrize("profile", ["standard", "workfront"])
def test_the_token_type_follows_response_profile_and_type(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, profile: str
) -> None:
    """The documented page of the code flow says sessionID, the one of PKCE says Bearer."""
    for client, compatible in ((web, "sessionID"), (single_page, "Bearer")):
        configure(client, response_profile=profile)
        tokens = client.get_tokens(visitor)
        refreshed = client.refresh(tokens["refresh_token"]).json()
        expected = "Bearer" if profile == "standard" else compatible
        assert tokens["token_type"] == refreshed["token_type"] == expected
        assert {"access_token", "refresh_token", "expires_in", "wid"} <= tokens.keys()


# The two dialects


Refused = Callable[[OAuthClient], "Answer"]


REFUSALS: dict[str, tuple[str, Refused]] = {
    "unknown code": ("invalid_grant", lambda web: web.exchange("x")),
    "no code": ("invalid_request", lambda web: web.exchange("")),
    "unknown refresh token": ("invalid_grant", lambda web: web.refresh("x")),
    "no grant type": ("invalid_request", lambda web: web.exchange("x", grant_type=None)),
    "grant type not offered": (
        "unsupported_grant_type",
        lambda web: web.exchange("x", grant_type="password"),
    ),
    "grant of another type": (
        "unauthorized_client",
        lambda web: web.exchange("x", grant_type=JWT_BEARER, assertion="x"),
    ),
    "exchange of another type": ("unauthorized_client", lambda web: web.exchange_jwt("x")),
    "a parameter twice": (
        "invalid_request",
        lambda web: web.http.post(
            TOKEN, urlencode(web.token_parameters("x")) + "&scope=a&scope=b", content_type=FORM
        ),
    ),
    "a NUL byte": ("invalid_request", lambda web: web.exchange("x\0")),
    "a URL with parameters": (
        "invalid_request",
        lambda web: web.post(f"{TOKEN}?a=b", web.token_parameters("x")),
    ),
    "a number in JSON": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, {**web.token_parameters("x"), "code": 5}, "application/json"),
    ),
    "another content type": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, "x", "text/plain", headers={"Authorization": web.basic}),
    ),
    "broken JSON": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, "{", "application/json", headers={"Authorization": web.basic}),
    ),
    "too much": (
        "invalid_request",
        lambda web: web.post(TOKEN, {"padding": "x" * 70_000}, Authorization=web.basic),
    ),
    "nothing to revoke": ("invalid_request", lambda web: web.post(REVOKE, {}, Authorization=web.basic)),
    "broken revocation": (
        "invalid_request",
        lambda web: web.http.post(REVOKE, "{", "application/json", headers={"Authorization": web.basic}),
    ),
    "nothing to look at": ("invalid_request", lambda web: web.post(INTROSPECT, {}, Authorization=web.basic)),
}


@pytest.mark.spec("T-62", "RFC 6749 §5.2; Workfront")
@pytest.mark.parametrize("name", REFUSALS)
def test_errors_come_in_the_dialect_of_the_client_that_asked(web: OAuthClient, name: str) -> None:
    error, refused = REFUSALS[name]
    standard = refused(web).json()
    assert standard["error"] == standard["type"] == error
    assert standard["error_description"] == standard["message"]
    assert standard["statusCode"] == (413 if name == "too much" else 400)
    configure(web, response_profile="workfront")
    compatible = refused(web)
    assert compatible.status_code == standard["statusCode"]
    assert compatible.json() == {**standard, "error": True}


@pytest.mark.spec("T-62", "RFC 6749 §5.2; Workfront")
def test_a_refused_scope_is_told_in_the_dialect_too(
    web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    for client in (web, machine.client):
        configure(client, response_profile="workfront")
    refresh_token = web.get_tokens(visitor, scope="read offline_access")["refresh_token"]
    for answer in (
        web.refresh(refresh_token, scope="write"),
        machine.client.exchange_jwt(machine.assertion(), scope="offline_access"),
    ):
        members: dict[str, Any] = answer.json()
        assert (members["error"], members["type"], members["statusCode"]) == (True, "invalid_scope", 400)


@pytest.mark.spec("T-62", "RFC 6749 §5.2")
def test_a_public_clients_dialect_is_known_by_its_client_id(
    single_page: OAuthClient, visitor: Client
) -> None:
    configure(single_page, response_profile="workfront")
    assert error_of(single_page.exchange("x")) is True  # type: ignore[comparison-overlap]
    assert single_page.post(f"{TOKEN}?a=b", {"client_id": single_page.client_id}).json()["error"] is True


@pytest.mark.spec("T-62", "RFC 6749 §5.2")
def test_whoever_is_not_known_reads_the_standard_dialect(web: OAuthClient, db: None) -> None:
    configure(web, response_profile="workfront")
    unknown = web.exchange("x", client_id="0" * 32)
    for answer in (
        unknown,
        web.exchange("x", client_secret="wrong"),
        web.exchange("x", client_secret=None),
    ):
        assert answer.json() == unknown.json()
        assert error_of(answer, 401) == "invalid_client"
    assert error_of(web.exchange("x", client_secret="wrong", grant_type="password")) == (
        "unsupported_grant_type"
    )
    assert error_of(web.http.post(TOKEN, "{", content_type="application/json")) == "invalid_request"
