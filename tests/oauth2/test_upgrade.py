"""What an installation from before there were APIs goes on with: everything, as it was."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from oauthapps.models import Application, CatalogVersion, Consent, RefreshToken, TokenFamily
from tests.oauth2.conftest import Machine
from tests.oauth_client import INTROSPECT, TOKEN, OAuthClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("Y-04", "RFC 6749 §6")]


def migrate_to_the_latest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture(params=["0001_initial", "0009_public_keys_are_uploaded"])
def earlier(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """The state that a release had: everything that came later is dropped from the database."""
    yield request.param
    migrate_to_the_latest()


# What people allowed, and what came of it, in the order in which the rows refer to each other.
ALLOWED = ("Consent", "TokenFamily", "Grant", "AccessToken", "RefreshToken")


def upgrade_from(earlier: str) -> None:
    """Give the database the form it had, with the rows that are there, and migrate it to the latest one."""
    models = [apps.get_model("oauthapps", name) for name in ALLOWED]
    rows = {model.__name__: list(model.objects.values()) for model in models}
    for model in reversed(models):
        model.objects.all().delete()
    target = [("oauthapps", earlier)]
    MigrationExecutor(connection).migrate(target)
    then = MigrationExecutor(connection).loader.project_state(target).apps
    for name in ALLOWED:
        insert(then.get_model("oauthapps", name), rows[name])
    migrate_to_the_latest()


def insert(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows of today as a release had them."""
    columns = {field.attname for field in model._meta.concrete_fields}
    for row in rows:
        known = {name: value for name, value in row.items() if name in columns}
        if model.__name__ == "Consent" and "scope" in columns:
            known["scope"] = "read write offline_access"
        model.objects.create(**known)
        model.objects.filter(pk=row["id"]).update(**known)  # when it was created, too


def introspect(client: OAuthClient, token: str) -> Any:
    return client.post(INTROSPECT, {"token": token}, Authorization=client.basic).json()


def test_living_tokens_families_and_consents_go_on(earlier: str, web: OAuthClient, visitor: Client) -> None:
    tokens, narrow = web.get_tokens(visitor), web.get_tokens(visitor, scope="read")
    code = web.get_code(visitor)
    consents = [row | {"last_allowed_from": None} for row in Consent.objects.values()]  # was not known
    said = [introspect(web, token["access_token"]) for token in (tokens, narrow)]
    said += [web.me(tokens["access_token"]).json(), introspect(web, tokens["refresh_token"])]

    upgrade_from(earlier)

    now = [introspect(web, token["access_token"]) for token in (tokens, narrow)]
    assert said == [*now, web.me(tokens["access_token"]).json(), introspect(web, tokens["refresh_token"])]
    assert [each["scope"] for each in now] == ["read write offline_access", "read"]
    assert not TokenFamily.objects.exclude(ended_at=None).exists()
    assert list(Consent.objects.values()) == consents
    assert web.exchange(code).json()["scope"] == "read write offline_access"
    refreshed = [web.refresh(tokens["refresh_token"]).json() for _ in range(2)]
    assert refreshed[0].keys() == tokens.keys()
    assert refreshed[0]["refresh_token"] == refreshed[1]["refresh_token"] != tokens["refresh_token"]
    assert refreshed[0] | {"access_token": "", "refresh_token": ""} == tokens | {
        "access_token": "",
        "refresh_token": "",
    }
    assert RefreshToken.objects.filter(revoked=None).count() == 3  # the code brought one as well


def test_people_stay_signed_in(earlier: str, web: OAuthClient, visitor: Client) -> None:
    upgrade_from(earlier)
    tokens = web.get_tokens(visitor)
    assert (tokens["scope"], tokens["expires_in"]) == ("read write offline_access", 3600)


def test_keys_speak_for_who_added_them(earlier: str, machine: Machine) -> None:
    first = machine.client.exchange_jwt(machine.assertion()).json()
    said, person = machine.client.me(first["access_token"]).json(), machine.key.subject

    upgrade_from(earlier)

    assert machine.client.me(first["access_token"]).json() == said
    second = machine.client.exchange_jwt(machine.assertion(sub=person)).json()
    assert second | {"access_token": ""} == first | {"access_token": ""}
    assert machine.client.me(second["access_token"]).json() == said
    assert "sub_type" not in said


def test_machine_applications_get_an_identity_of_their_own(
    earlier: str, web: OAuthClient, machine: Machine, verifier_machine: OAuthClient
) -> None:
    upgrade_from(earlier)
    machines = Application.objects.filter(app_type="machine_to_machine")
    assert len({application.service_id for application in machines} - {None, ""}) == 2
    assert Application.objects.get(client_id=web.client_id).service_id is None
    assert set(Application.objects.values_list("allowed_scope", flat=True)) == {"read write offline_access"}
    assert not CatalogVersion.objects.exists()
    client = machine.client
    reply = client.post(TOKEN, {"grant_type": "client_credentials"}, Authorization=client.basic)
    assert reply.json()["scope"] == "read write"
