"""Credentials are kept as digests, and stand in no table, statement or line of the log."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from oauthapps.models import AccessToken, Application, ClientSecret, Grant, RefreshToken
from server.logs.lines import LineFormatter
from tests.oauth2.conftest import Machine
from tests.oauth2.stored import everything_stored, sha256
from tests.oauth_client import INTROSPECT, OAuthClient

pytestmark = pytest.mark.django_db


def whole_story(web: OAuthClient, machine: Machine, visitor: Client) -> dict[str, str]:
    """Run every flow and return every credential that travelled."""
    web.pkce = True
    code = web.get_code(visitor)
    first = web.exchange(code).json()
    second = web.refresh(first["refresh_token"]).json()
    assertion = machine.assertion(jti="the id of an assertion")
    machine_token = machine.client.exchange_jwt(assertion).json()["access_token"]
    web.me(second["access_token"])
    web.post(INTROSPECT, {"token": second["access_token"]}, Authorization=web.basic)
    web.refresh(second["refresh_token"], scope="no such scope")
    machine.client.exchange_jwt(assertion)
    web.exchange(code)
    return {
        "code": code,
        "verifier": web.verifier,
        "first access token": first["access_token"],
        "first refresh token": first["refresh_token"],
        "second access token": second["access_token"],
        "second refresh token": second["refresh_token"],
        "assertion": assertion,
        "signature": assertion.rpartition(".")[2],
        "jti": "the id of an assertion",
        "machine token": machine_token,
        "web secret": web.client_secret,
        "machine secret": machine.client.client_secret,
    }


@pytest.mark.spec("R-18", "RFC 9700 §4.14; ASVS 11.4")
@pytest.mark.spec("S-01", "ASVS 13.3, 14.2.4, 16.2.5")
def test_tables_logs_and_descriptions_hold_no_credential(
    web: OAuthClient, machine: Machine, visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("oauthlib", "oauth2_provider", "gatehouse"):
        caplog.set_level(logging.DEBUG, logger=name)
    travelled = whole_story(web, machine, visitor)
    rows = [
        row for model in apps.get_app_config("oauthapps").get_models() for row in model._base_manager.all()
    ]
    described = "\n".join(f"{row} {row!r} {vars(row)}" for row in rows)
    logged = "\n".join(LineFormatter().format(record) for record in caplog.records)
    assert "invalid_grant" in logged
    for name, value in travelled.items():
        for place, text in {"tables": everything_stored(), "rows": described, "log": logged}.items():
            assert value not in text, f"{name} in {place}"
    assert AccessToken.objects.filter(token_checksum=sha256(travelled["machine token"])).exists()


@pytest.mark.spec("R-18", "RFC 9700 §4.14; ASVS 11.4")
def test_codes_tokens_and_secrets_are_kept_as_sha_256(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    assert Grant.objects.get().code == sha256(code)
    access, refresh = AccessToken.objects.get(), RefreshToken.objects.get()
    assert (access.token, access.token_checksum) == ("", sha256(tokens["access_token"]))
    assert (refresh.token, refresh.token_checksum) == ("", sha256(tokens["refresh_token"]))
    assert ClientSecret.objects.get().digest == sha256(web.client_secret)
    assert web.client_secret not in str(Application.objects.values())


@pytest.mark.spec("S-03", "ASVS 11.2.4")
def test_credentials_are_found_by_their_digest(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        travelled = whole_story(web, machine, visitor)
    statements = "\n".join(query["sql"] for query in captured)
    for name, value in travelled.items():
        assert value not in statements, name
    for name in ("code", "first access token", "first refresh token", "web secret", "machine secret"):
        assert sha256(travelled[name]) in statements, name


@pytest.mark.spec("S-03", "ASVS 11.2.4")
def test_a_verifier_is_compared_in_constant_time(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []
    compare = hmac.compare_digest

    def spy(first: Any, second: Any) -> bool:
        compared.append(second)
        return compare(first, second)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    web.pkce = True
    code = web.get_code(visitor)
    web.exchange(code, code_verifier="w" * 43)
    web.exchange(code)
    assert compared.count(Grant.objects.get().code_challenge) == 2


@pytest.mark.spec("S-04", "ASVS 11.4")
def test_client_authentication_hashes_no_password(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = web.get_code(visitor)
    assert re.fullmatch("gtsec_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", web.client_secret)  # 43 characters of 6 bits

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a slow hash on the token endpoint")

    for name in ("make_password", "check_password", "verify_password"):
        monkeypatch.setattr(f"django.contrib.auth.hashers.{name}", refuse)
    monkeypatch.setattr(hashlib, "pbkdf2_hmac", refuse)
    assert web.exchange(code, client_secret="wrong").status_code == 401
    assert web.exchange(code, client_id="0" * 32).status_code == 401
    assert web.exchange(code).status_code == 200
