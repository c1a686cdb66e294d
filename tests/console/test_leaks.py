"""Is this ours?: what is found in a pasted text, what is kept of it, and how it ends."""

import json
import logging
import re
from typing import Any

import jwt
import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import serializers
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import AccessToken, Application, ClientSecret, PublicKey, TokenFamily
from oauthapps.rules.credential_values import new_client_secret
from oauthapps.services.applications import delete_application
from oauthapps.services.credentials import add_secret, delete_secret
from tests.console.pages import Browser, Page
from tests.factories import UserFactory
from tests.keys import OTHER_KEY, SIGNING_KEY, private_pem, public_pem
from tests.oauth_client import OAuthClient

LEGACY = "legacy secret that was brought along 0123456789!"
PAGE = "/console/leaks/"


def look_up(console: Browser, pasted: str) -> Page:
    return console.send(console.get(PAGE), pasted=pasted)


def tokens_of(web: Application, person: User) -> tuple[OAuthClient, dict[str, str]]:
    visitor = Client()
    visitor.force_login(person)
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)
    return client, client.get_tokens(visitor, scope="read write offline_access")


@pytest.mark.spec("U-144", "ASVS 14.2.4")
@pytest.mark.parametrize(
    "around", ["{}", "  {}\n", 'CLIENT_SECRET="{}"', '{{"client_secret":"{}"}}', "curl -u id:{}"]
)
def test_a_secret_is_found_also_in_the_middle_of_something(
    console: Browser, machine: Application, around: str
) -> None:
    value = add_secret(machine, notes="Report server", actor=Actor()).value
    page = look_up(console, around.format(value))
    assert page.status == 200
    assert "Client secret" in page.text
    assert machine.name in page.text
    assert "Report server" in page.text
    assert f"gtsec_…{value[-4:]}" in page.text
    assert value not in page.content
    assert page.answer["Cache-Control"] == "no-store"


@pytest.mark.spec("U-144", "ASVS 14.2.4")
def test_a_secret_that_was_brought_along_is_found_by_its_digest(
    console: Browser, machine: Application
) -> None:
    add_secret(machine, value=LEGACY, actor=Actor())
    assert "Works" in look_up(console, f"\n{LEGACY} ").text
    add_secret(machine, value="brought=along:0123456789", actor=Actor())
    assert "…6789" in look_up(console, "export CLIENT_SECRET='brought=along:0123456789';").text


@pytest.mark.spec("U-144", "ASVS 14.2.4")
def test_what_has_ended_is_said_to_have_ended(
    console: Browser, machine: Application, administrator: User
) -> None:
    secret = add_secret(machine, actor=Actor())
    delete_secret(secret.row, actor=Actor(user=administrator))
    page = look_up(console, secret.value)
    assert "Deleted" in page.text
    assert "Delete it" not in page.text
    other = add_secret(machine, actor=Actor())
    delete_application(machine, actor=Actor(user=administrator))
    assert "Its application was deleted" in look_up(console, other.value).text


@pytest.mark.spec("U-144", "ASVS 14.2.4")
@pytest.mark.spec("U-146", "ASVS 10.7.3")
def test_tokens_are_found_and_end(console: Browser, web: Application) -> None:
    person = UserFactory.create(name="Priya Raman")
    client, tokens = tokens_of(web, person)
    page = look_up(console, f"Authorization: Bearer {tokens['access_token']}")
    assert "Access token" in page.text
    assert "Priya Raman" in page.text
    assert "Works" in page.text
    renewed = client.refresh(tokens["refresh_token"]).json()
    assert "Replaced by a newer one" in look_up(console, tokens["refresh_token"]).text
    both = look_up(console, f"{renewed['access_token']} {renewed['refresh_token']}")
    assert "Refresh token" in both.text
    confirmation = console.get(both.links()[f"Revoke access gtref_…{renewed['refresh_token'][-4:]}"])
    assert confirmation.heading.startswith("Revoke")
    console.follow(console.send(confirmation))
    assert client.me(renewed["access_token"]).status_code == 401
    assert client.refresh(renewed["refresh_token"]).status_code == 400
    page = look_up(console, renewed["access_token"])
    assert "Ended: An administrator revoked access" in page.text
    assert "Revoke access" not in page.text


@pytest.mark.spec("U-144", "ASVS 14.2.4")
def test_a_code_is_found(console: Browser, web: Application) -> None:
    visitor = Client()
    visitor.force_login(UserFactory.create())
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)
    code = client.get_code(visitor)
    page = look_up(console, f"https://client.example/callback?code={code}&state=x")
    assert "Authorization code" in page.text
    assert "Works" in page.text
    assert client.exchange(code).status_code == 200
    assert "Already exchanged" in look_up(console, code).text


@pytest.mark.spec("U-144", "ASVS 14.2.4")
@pytest.mark.spec("U-146", "ASVS 10.7.3")
def test_a_private_key_is_known_by_its_public_half(console: Browser, key: PublicKey) -> None:
    as_jwk = json.dumps(jwt.algorithms.RSAAlgorithm.to_jwk(SIGNING_KEY, as_dict=True))
    for pasted in (
        private_pem(SIGNING_KEY).decode(),
        f"a log\n{private_pem(SIGNING_KEY).decode()}\n",
        as_jwk,
    ):
        page = look_up(console, pasted)
        assert "Private half of a key pair" in page.text
        assert "Treat it as leaked" in page.text
        assert "PRIVATE" not in page.content
        confirmation = console.get(page.links()[f"Delete it {key.short_id}"])
        assert key.thumbprint in confirmation.text
    console.follow(console.send(confirmation))
    assert not PublicKey.objects.live().filter(pk=key.pk).exists()
    page = look_up(console, public_pem(SIGNING_KEY).decode())
    assert "Public half of a key pair" in page.text
    assert "Deleted" in page.text
    assert "Not found" in look_up(console, private_pem(OTHER_KEY).decode()).text


@pytest.mark.spec("U-144", "ASVS 14.2.4")
def test_what_is_not_ours_is_not_found(console: Browser, machine: Application) -> None:
    assert "another installation, incomplete" in look_up(console, new_client_secret()).text
    assert "No client secret, token, code, or key" in look_up(console, "password1234567890").text
    page = look_up(console, "")
    assert (page.status, "Paste what was found" in page.alerts()) == (422, True)
    assert "Not found" in look_up(console, "x" * 60_000).text
    assert "Not found" in look_up(console, "-----BEGIN PRIVATE KEY-----x" * 2000).text


def everything_stored() -> str:
    """Every row of every table, and what sessions hold."""
    rows = [
        serializers.serialize("json", model._base_manager.all())
        for model in apps.get_models()
        if issubclass(model, models.Model) and model._meta.managed
    ]
    sessions: list[dict[str, Any]] = [session.get_decoded() for session in Session.objects.all()]
    return "\n".join([*rows, str(sessions)])


@pytest.mark.spec("U-145", "ASVS 14.2.4, 16.2.5")
def test_nothing_that_was_pasted_is_kept_also_while_somebody_signs_in(
    console: Browser, machine: Application, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ours, strange = add_secret(machine, actor=Actor()).value, "a-stranger-9f8e7d6c5b4a"
    form = console.get(PAGE)
    assert form.field("pasted").get("autocomplete") == "off"
    found = console.send(form, pasted=f"{ours} {strange}")
    console.client.session.delete()
    asked = console.send(form, pasted=f"{ours} {strange}")  # the session has ended
    assert asked.status == 302
    asked = console.follow(asked)
    assert asked.heading == "Sign in"
    assert not re.search(r'name="kept_form" value="[^"]', asked.content)
    for place in (everything_stored(), caplog.text, found.content, asked.content):
        assert ours not in place
        assert strange not in place
    assert machine.client_id in everything_stored()  # the search finds what is there


@pytest.mark.spec("U-146", "ASVS 10.7.3")
def test_the_address_that_ends_it_has_nothing_of_it(console: Browser, machine: Application) -> None:
    secret = add_secret(machine, actor=Actor())
    page = look_up(console, secret.value)
    (address,) = [url for label, url in page.links().items() if label.startswith("Delete it")]
    assert address == reverse("console:delete-secret", args=[machine.client_id, secret.row.pk])
    confirmation = console.get(address)
    console.follow(console.send(confirmation))
    assert not ClientSecret.objects.live().filter(pk=secret.row.pk).exists()


def test_a_machines_token_is_its_applications(console: Browser, machine: Application) -> None:
    client = OAuthClient(machine.client_id, add_secret(machine, actor=Actor()).value)
    token = client.post(
        "/integrations/oauth2/api/v1/token", {"grant_type": "client_credentials"}, Authorization=client.basic
    ).json()["access_token"]
    page = look_up(console, token)
    assert machine.name in page.text
    confirmation = console.get(page.links()[f"Revoke access gtacc_…{token[-4:]}"])
    console.follow(console.send(confirmation))
    assert not AccessToken.objects.alive().exists()
    assert "Revoked" in look_up(console, token).text
    assert not TokenFamily.objects.exists()
