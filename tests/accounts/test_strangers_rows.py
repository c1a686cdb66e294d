"""Whatever strangers do, what it leaves in the database stays small."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from accounts.models import CacheEntry
from accounts.services.mail import can_send
from audit.models import Event, EventKind
from oauthapps.models import FailureCount
from tests.factories import PASSWORD, UserFactory

LOGIN = "/accounts/login/"
WITH_PASSKEY = "/accounts/login/passkey/"


def rows() -> dict[str, int]:
    """How many rows there are of what requests of strangers might leave."""
    models = (CacheEntry, Event, FailureCount, Session, UserSession)
    return {model.__name__: model._base_manager.count() for model in models}


def patterns(found: list[Any], before: str = "") -> Iterator[str]:
    for item in found:
        route = before + str(item.pattern).strip("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(item, URLResolver):
            yield from patterns(item.url_patterns, route)
        elif isinstance(item, URLPattern):
            yield route


def addresses() -> list[str]:
    """Every address of the installation, with something in the place of what varies."""
    filled = {
        "<identifier:user_id>": "0" * 32,
        "<identifier:client_id>": "0" * 32,
        "<identifier:provider_id>": "0" * 32,
        "<identifier:subject>": "0" * 32,
        "<digest:digest>": "0" * 64,
        "<int:pk>": "1",
        "<str:kind>": "long_assertions",
        "<str:finding>": "old_secret",
        "<int:subject>": "0",
        "<int:scope_pk>": "1",
        "<path:path>": "errors/",
        "(?P<version>[^/]+)": "v15.0",
        "(?:/[\\s\\S]*)?": "",
        "[\\s\\S]*": "",
        "(?:/[^/]+)?": "",
        "/[^/]+": "/1",
        "(?:oauth2?-applications/)?": "",
    }
    routes = list(patterns(get_resolver().url_patterns))
    for name, value in filled.items():
        routes = [route.replace(name, value) for route in routes]
    return [f"/{route}" for route in routes]


@pytest.mark.django_db
@pytest.mark.spec("W-50", "ASVS 15.2.2")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_looking_at_a_page_leaves_nothing_behind(method: str, accept: str) -> None:
    assert can_send()
    for address in addresses():
        assert "<" not in address
        assert "(" not in address
        before = rows()
        Client().generic(method, address, headers={"Accept": accept, "X-Requested-With": "XMLHttpRequest"})
        assert rows() == before, address


@pytest.mark.django_db
@pytest.mark.spec("W-30", "ASVS 6.3.1")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT"])
def test_what_sends_no_form_is_no_attempt_to_sign_in(method: str) -> None:
    person = UserFactory.create()
    for _ in range(40):
        Client().generic(method, LOGIN)
    answer = Client().post(LOGIN, {"login": person.username, "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.django_db
@pytest.mark.spec("W-50", "ASVS 15.2.2")
@pytest.mark.parametrize("answer", ["", "{}", '{"id": "x"}', "nonsense"])
def test_a_passkey_that_is_none_leaves_no_session(answer: str) -> None:
    browser = Client()
    browser.get(WITH_PASSKEY, headers={"Accept": "application/json"})
    assert browser.post(WITH_PASSKEY, {"credential": answer}).status_code == 302
    assert not Session.objects.exists()


def fail(login: str, address: str, **headers: str) -> int:
    form = {"login": login, "password": "wrong"}
    return Client(REMOTE_ADDR=address, headers=headers).post(LOGIN, form).status_code


@pytest.mark.django_db
@pytest.mark.spec("W-51", "ASVS 15.2.2, 16.3.1")
def test_strangers_failures_are_counted_by_network_and_hour() -> None:
    now = timezone.now().replace(minute=10)
    with time_machine.travel(now, tick=False):
        for number in range(4):
            fail(f"nobody{number}", f"2001:db8::{number}")
        fail("nobody", "192.0.2.1")
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        fail("nobody", "192.0.2.1")
    counted = Event.objects.filter(kind=EventKind.SIGN_IN_FAILED).order_by("pk")
    assert list(counted.values_list("address", "times")) == [
        ("2001:db8::", 4),
        ("192.0.2.1", 1),
        ("192.0.2.1", 1),
    ]


@pytest.mark.django_db
@pytest.mark.spec("W-51", "ASVS 15.2.2, 16.3.1")
def test_from_however_many_networks_an_hours_failures_are_few_rows(settings: Settings) -> None:
    settings.STRANGERS_AN_HOUR = 3
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(10):
            fail("nobody", f"2001:db8:0:{number}::1", **{"User-Agent": f"Guesser/{number}"})
    counted = Event.objects.filter(kind=EventKind.SIGN_IN_FAILED).order_by("pk")
    assert list(counted.values_list("address", "times")) == [
        ("2001:db8::1", 1),
        ("2001:db8:0:1::1", 1),
        ("2001:db8:0:2::1", 1),
        (None, 7),
    ]
    rest = counted.last()
    assert rest
    assert rest.user_agent == rest.request_id == ""


@pytest.mark.django_db
@pytest.mark.spec("W-51", "ASVS 6.3.1")
def test_failures_in_somebodys_name_are_counted_once_they_are_slowed_down() -> None:
    person = UserFactory.create()
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(40):
            fail(person.username, f"198.51.100.{number}")
    recorded = Event.objects.filter(kind=EventKind.SIGN_IN_FAILED, person=person)
    assert recorded.count() == 20 + 1
    assert sum(recorded.values_list("times", flat=True)) == 40


@pytest.mark.django_db
@pytest.mark.spec("W-52", "ASVS 6.3.1")
def test_a_flood_of_attempts_does_not_make_others_be_forgotten(settings: Settings) -> None:
    person = UserFactory.create()
    settings.CACHES = {"default": settings.CACHES["default"] | {"OPTIONS": {"MAX_ENTRIES": 30}}}
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(5):
            fail(person.username, "192.0.2.1")
        for number in range(60):
            cache.set(f"z{number}", "a stranger's", 60)
        answer = Client(REMOTE_ADDR="192.0.2.1").post(LOGIN, {"login": person.username, "password": PASSWORD})
        assert answer.status_code == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        cache.set("one-more", "of somebody else's", 60)
        assert CacheEntry.objects.count() <= 2
