"""A refresh whose reply was lost: the client asks again and goes on; a thief gets no further than before."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, RefreshToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.credential_values import digest
from oauthapps.services.applications import disable_application
from oauthapps.services.consents import withdraw_all
from tests.oauth2.conftest import configure
from tests.oauth_client import INTROSPECT, REVOKE, OAuthClient

pytestmark = pytest.mark.django_db

Tokens = dict[str, Any]


@pytest.fixture
def now() -> Iterator[datetime]:
    """The time at which everything happens that does not say otherwise."""
    moment = timezone.now()
    with time_machine.travel(moment, tick=False):
        yield moment


@pytest.fixture
def first(now: datetime, web: OAuthClient, visitor: Client) -> Tokens:
    """What the client got for its code."""
    tokens: Tokens = web.get_tokens(visitor)
    return tokens


def refreshed(client: OAuthClient, token: str, **changes: str) -> Tokens:
    answer = client.refresh(token, **changes)
    assert answer.status_code == 200, answer.content
    tokens: Tokens = answer.json()
    return tokens


def refused(client: OAuthClient, token: str) -> bool:
    answer = client.refresh(token)
    return (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def has_ended() -> bool:
    family = TokenFamily.objects.get()
    events = Event.objects.filter(kind=EventKind.REFRESH_TOKEN_REPLAYED).count()
    assert (family.end_reason == EndReason.REFRESH_TOKEN_REPLAYED) is bool(events)
    return bool(events)


@pytest.mark.spec("Y-50", "RFC 9700 §4.14.2")
@pytest.mark.parametrize("seconds", [0, 29])
def test_the_same_token_gets_the_same_successor_and_another_access_token(
    web: OAuthClient, now: datetime, first: Tokens, seconds: int
) -> None:
    lost = refreshed(web, first["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        again = refreshed(web, first["refresh_token"])
        assert again["refresh_token"] == lost["refresh_token"] != first["refresh_token"]
        assert again["access_token"] != lost["access_token"]
        for tokens in (first, lost, again):
            assert web.me(tokens["access_token"]).status_code == 200
        assert refreshed(web, again["refresh_token"])["refresh_token"] != again["refresh_token"]
    assert not has_ended()


@pytest.mark.spec("Y-50", "RFC 9700 §4.14.2")
def test_replies_may_be_lost_one_after_the_other(web: OAuthClient, first: Tokens) -> None:
    token = first["refresh_token"]
    for _ in range(4):
        lost, again, heard = (refreshed(web, token) for _ in range(3))
        assert lost["refresh_token"] == again["refresh_token"] == heard["refresh_token"]
        token = heard["refresh_token"]
    assert RefreshToken.objects.count() == 5
    assert not has_ended()


@pytest.mark.spec("Y-51", "RFC 9700 §4.14.2")
def test_once_the_successor_was_used_the_token_is_refused(web: OAuthClient, first: Tokens) -> None:
    second = refreshed(web, first["refresh_token"])
    third = refreshed(web, second["refresh_token"])
    assert refused(web, first["refresh_token"])
    assert not has_ended()
    assert refreshed(web, third["refresh_token"])


@pytest.mark.spec("Y-51", "RFC 9700 §4.14.2")
def test_a_successor_that_is_kept_counts_as_used_once_it_was(web: OAuthClient, first: Tokens) -> None:
    second = refreshed(web, first["refresh_token"])
    configure(web, rotate_refresh_tokens=False)
    refreshed(web, second["refresh_token"])
    assert refused(web, first["refresh_token"])


@pytest.mark.spec("Y-51", "RFC 9700 §4.14.2; ASVS 10.4.5")
@pytest.mark.parametrize("used", [False, True], ids=["successor unused", "successor used"])
def test_after_the_window_the_family_ends(web: OAuthClient, now: datetime, first: Tokens, used: bool) -> None:
    latest = refreshed(web, first["refresh_token"])
    if used:
        latest = refreshed(web, latest["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=30), tick=False):
        assert refused(web, first["refresh_token"])
        assert web.me(latest["access_token"]).status_code == 401
        assert refused(web, latest["refresh_token"])
    assert has_ended()


@pytest.mark.spec("Y-51", "RFC 9700 §4.14.2")
@pytest.mark.parametrize("seconds", [29, 31], ids=["within the window", "after it"])
def test_the_grandparent_is_never_good_for_anything(
    web: OAuthClient, now: datetime, first: Tokens, seconds: int
) -> None:
    refreshed(web, refreshed(web, first["refresh_token"])["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert refused(web, first["refresh_token"])
    assert has_ended() is (seconds > 30)


@pytest.mark.spec("Y-52", "RFC 9700 §4.14.2")
@pytest.mark.parametrize("seconds", [0, 29, 31], ids=["at once", "within the window", "after it"])
def test_a_thief_and_the_client_do_not_both_go_on(
    web: OAuthClient, now: datetime, first: Tokens, seconds: int
) -> None:
    """Whoever goes on first has the chain; as soon as the other asks after the window, nobody has."""
    client = refreshed(web, first["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        if seconds > 30:
            assert refused(web, first["refresh_token"])
            assert refused(web, client["refresh_token"])
            return
        thief = refreshed(web, first["refresh_token"])
        thief = refreshed(web, thief["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=seconds + 31), tick=False):
        assert refused(web, client["refresh_token"])
        assert refused(web, thief["refresh_token"])
    assert has_ended()


@pytest.mark.spec("Y-52", "RFC 6749 §6")
def test_another_client_gets_nothing_again(web: OAuthClient, single_page: OAuthClient, first: Tokens) -> None:
    second = refreshed(web, first["refresh_token"])
    assert refused(single_page, first["refresh_token"])
    assert refreshed(web, first["refresh_token"])["refresh_token"] == second["refresh_token"]


@pytest.mark.spec("Y-53", "RFC 9700 §4.14.2")
@pytest.mark.parametrize("end", ["revoked", "consent withdrawn", "application disabled"])
def test_what_has_ended_never_answers_again(web: OAuthClient, first: Tokens, end: str) -> None:
    second = refreshed(web, first["refresh_token"])
    family = TokenFamily.objects.get()
    if end == "revoked":
        answer = web.post(REVOKE, {"token": second["refresh_token"]}, Authorization=web.basic)
        assert answer.status_code == 200
    elif end == "consent withdrawn":
        withdraw_all(family.user, actor=Actor(user=family.user))
    else:
        disable_application(Application.objects.get(), actor=Actor(user=family.user))
    assert web.refresh(first["refresh_token"]).status_code in (400, 401)


@pytest.mark.spec("Y-53", "RFC 9700 §4.14.2")
def test_a_scope_is_narrowed_again_and_never_grows(web: OAuthClient, first: Tokens) -> None:
    refreshed(web, first["refresh_token"], scope="read")
    assert refreshed(web, first["refresh_token"])["scope"] == "read write offline_access"
    assert web.refresh(first["refresh_token"], scope="read admin").json()["error"] == "invalid_scope"


@pytest.mark.spec("Y-54", "RFC 9700 §4.14.2")
def test_without_a_window_a_second_use_ends_the_family(
    web: OAuthClient, first: Tokens, settings: Settings
) -> None:
    settings.REFRESH_TOKEN_REUSE_SECONDS = 0
    refreshed(web, first["refresh_token"])
    assert refused(web, first["refresh_token"])
    assert has_ended()


@pytest.mark.spec("Y-55", "RFC 9700 §4.14; ASVS 11.4")
def test_a_successor_takes_its_predecessor_the_row_and_the_key(
    web: OAuthClient, first: Tokens, settings: Settings
) -> None:
    lost = refreshed(web, first["refresh_token"])
    row = RefreshToken.objects.get(token_checksum=digest(first["refresh_token"]))
    salt = row.successor_salt
    for another in ("of another row", ""):
        RefreshToken.objects.filter(pk=row.pk).update(successor_salt=another)
        assert refused(web, first["refresh_token"])
    RefreshToken.objects.filter(pk=row.pk).update(successor_salt=salt)
    key, settings.SECRET_KEY = settings.SECRET_KEY, "another key"
    assert refused(web, first["refresh_token"])
    settings.SECRET_KEY = key
    assert refreshed(web, first["refresh_token"])["refresh_token"] == lost["refresh_token"]


@pytest.mark.spec("Y-55", "RFC 7662 §2.2")
def test_a_replaced_token_is_not_active_though_it_gets_its_successor_again(
    web: OAuthClient, first: Tokens
) -> None:
    refreshed(web, first["refresh_token"])
    answer = web.post(INTROSPECT, {"token": first["refresh_token"]}, Authorization=web.basic)
    assert answer.json() == {"active": False}


@pytest.mark.spec("Y-56", "ASVS 16.3")
def test_events_tell_a_retry_from_a_replay_and_say_where_from(
    web: OAuthClient, now: datetime, first: Tokens
) -> None:
    refreshed(web, first["refresh_token"])
    repeats = Event.objects.filter(kind=EventKind.REFRESH_TOKEN_REPEATED)
    assert not repeats.exists()
    for ip_address in ("192.0.2.1", "192.0.2.1", "192.0.2.9"):
        web.http = Client(REMOTE_ADDR=ip_address)
        refreshed(web, first["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=31), tick=False):
        assert refused(web, first["refresh_token"])
    assert sorted(repeats.values_list("address", "times")) == [("192.0.2.1", 2), ("192.0.2.9", 1)]
    family = TokenFamily.objects.get()
    for event in (*repeats, Event.objects.get(kind=EventKind.REFRESH_TOKEN_REPLAYED)):
        assert event.actor_name == f"client {web.client_id}"
        assert (event.application, event.person) == (family.application, family.user)
