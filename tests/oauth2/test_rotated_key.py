"""After SECRET_KEY was replaced, what clients and consent pages were given is good as before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from oauthapps.models import Grant, TokenFamily
from tests.accounts.rotated import NEW_KEY, rotate
from tests.oauth2.test_lost_replies import first, now, refreshed
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields

__all__ = ["first", "now"]

pytestmark = [pytest.mark.django_db, pytest.mark.spec("O-51", "ASVS 11.2.2, 13.3.4")]


@contextmanager
def successors_looked_for() -> Iterator[list[str]]:
    """The statements of a block that look for the successor of a refresh token that was replaced."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [each["sql"] for each in captured if "successor.token_checksum" in each["sql"]]


def test_a_refresh_token_and_an_access_token_are_good(
    web: OAuthClient, first: dict[str, str], settings: Settings
) -> None:
    rotate(settings, forget=True)
    assert web.me(first["access_token"]).status_code == 200
    assert refreshed(web, first["refresh_token"])["refresh_token"] != first["refresh_token"]


def test_a_lost_reply_is_repeated_with_the_successor_of_the_former_key(
    web: OAuthClient, now: datetime, first: dict[str, str], settings: Settings
) -> None:
    lost = refreshed(web, first["refresh_token"])
    rotate(settings)
    with successors_looked_for() as statements:
        again = refreshed(web, first["refresh_token"])
    assert again["refresh_token"] == lost["refresh_token"]
    assert len(statements) == 2
    assert refreshed(web, again["refresh_token"])["refresh_token"] != lost["refresh_token"]
    assert TokenFamily.objects.get().ended_at is None


def test_so_is_one_that_a_server_under_the_new_key_replaced_while_this_one_has_the_former(
    web: OAuthClient, now: datetime, first: dict[str, str], settings: Settings
) -> None:
    former = settings.SECRET_KEY
    rotate(settings)
    lost = refreshed(web, first["refresh_token"])
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = former, [NEW_KEY]
    assert refreshed(web, first["refresh_token"])["refresh_token"] == lost["refresh_token"]


def test_without_a_former_key_nothing_more_is_asked(
    web: OAuthClient, now: datetime, first: dict[str, str]
) -> None:
    refreshed(web, first["refresh_token"])
    with successors_looked_for() as statements:
        refreshed(web, first["refresh_token"])
    assert len(statements) == 1


def test_once_the_successor_was_used_the_family_ends_under_the_new_key_too(
    web: OAuthClient, now: datetime, first: dict[str, str], settings: Settings
) -> None:
    lost = refreshed(web, first["refresh_token"])
    refreshed(web, lost["refresh_token"])
    rotate(settings)
    assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"


def answer(visitor: Client, page: str) -> str:
    reply = visitor.post(AUTHORIZE, {**hidden_fields(page), "decision": "allow"})
    assert reply.status_code in {302, 400}, reply.content
    return reply.get("Location", "")


@pytest.mark.parametrize("forget", [False, True])
def test_a_consent_page_from_before_can_be_answered(
    web: OAuthClient, visitor: Client, settings: Settings, forget: bool
) -> None:
    page = web.consent_page(visitor).content.decode()
    rotate(settings)
    assert visitor.get("/connected/").status_code == 200  # the session is of the new key
    if forget:
        settings.SECRET_KEY_FALLBACKS = []
    assert ("code=" in answer(visitor, page)) is not forget


def test_it_leads_to_one_code_however_often_it_is_answered(
    web: OAuthClient, visitor: Client, settings: Settings
) -> None:
    page = web.consent_page(visitor).content.decode()
    before = answer(visitor, page)
    rotate(settings)
    assert answer(visitor, page) == before
    assert Grant.objects.count() == 1


def test_a_code_from_before_is_exchanged(web: OAuthClient, visitor: Client, settings: Settings) -> None:
    code = web.get_code(visitor)
    rotate(settings, forget=True)
    assert web.exchange(code).status_code == 200
