"""Refresh tokens: rotation, the two expirations, replays."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from oauthapps.models import Event, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.models.events import EventKind
from tests.oauth2.conftest import application_of
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db


def configure(client: OAuthClient, **fields: object) -> None:
    application = application_of(client)
    for name, value in fields.items():
        setattr(application, name, value)
    application.save()


def test_with_rotation_each_use_brings_a_new_refresh_token(web: OAuthClient, visitor: Client) -> None:
    first = web.get_tokens(visitor)
    second = web.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert web.me(second["access_token"]).status_code == 200
    assert web.refresh(second["refresh_token"]).status_code == 200


def test_without_rotation_the_same_refresh_token_keeps_working(web: OAuthClient, visitor: Client) -> None:
    configure(web, rotate_refresh_tokens=False)
    first = web.get_tokens(visitor)
    second, third = (web.refresh(first["refresh_token"]).json() for _ in range(2))
    assert first["refresh_token"] == second["refresh_token"] == third["refresh_token"]
    for tokens in (first, second, third):
        assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(("seconds", "ended"), [(9, False), (11, True)])
def test_a_replaced_token_is_refused_and_after_ten_seconds_ends_its_family(
    web: OAuthClient, visitor: Client, seconds: int, ended: bool
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = web.get_tokens(visitor)
        second = web.refresh(first["refresh_token"]).json()
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert web.me(second["access_token"]).status_code == (401 if ended else 200)
        assert web.refresh(second["refresh_token"]).status_code == (400 if ended else 200)
    assert TokenFamily.objects.get().end_reason == (EndReason.REFRESH_TOKEN_REPLAYED if ended else "")
    assert Event.objects.filter(kind=EventKind.REFRESH_TOKEN_REPLAYED).count() == int(ended)


def test_another_clients_attempt_burns_nothing(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    assert single_page.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_a_web_application_refreshes_with_its_secret_only(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    refused = web.refresh(tokens["refresh_token"], client_secret=None)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_narrowing_narrows_the_access_token_alone(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    narrowed = web.refresh(tokens["refresh_token"], scope="read").json()
    assert narrowed["scope"] == "read"
    assert web.refresh(narrowed["refresh_token"]).json()["scope"] == "read write offline_access"


def test_scope_cannot_grow_and_the_attempt_burns_nothing(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor, scope="read offline_access")
    assert web.refresh(tokens["refresh_token"], scope="read write").json()["error"] == "invalid_scope"
    assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_a_redirect_uri_on_refresh_is_tolerated(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert web.refresh(tokens["refresh_token"], redirect_uri="https://elsewhere.example/").status_code == 200


def test_tokens_are_not_taken_for_one_another(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert web.refresh(tokens["access_token"]).json()["error"] == "invalid_grant"
    assert web.me(tokens["refresh_token"]).status_code == 401


def test_the_absolute_end_counts_from_the_first_grant_whatever_rotation_does(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    configure(web, absolute_expiration="1d", inactivity_expiration="none")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(hours=20), tick=False):
        tokens = web.refresh(tokens["refresh_token"]).json()
    with time_machine.travel(start + timedelta(days=1, seconds=-1), tick=False):
        tokens = web.refresh(tokens["refresh_token"]).json()
    with time_machine.travel(start + timedelta(days=1, seconds=1), tick=False):
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_inactivity_is_the_persons_and_a_refresh_is_no_activity(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    configure(web, absolute_expiration="none", inactivity_expiration="1d")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        User.objects.filter(pk=person.pk).update(last_active_at=start)
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(days=1, seconds=-1), tick=False):
        tokens = web.refresh(tokens["refresh_token"]).json()
    with time_machine.travel(start + timedelta(days=1, seconds=1), tick=False):
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        visitor.force_login(person)
        visitor.get("/")  # the person comes back
        assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_no_expiration_means_none(web: OAuthClient, visitor: Client) -> None:
    configure(web, absolute_expiration="none", inactivity_expiration="none")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(days=3650), tick=False):
        assert web.refresh(tokens["refresh_token"]).status_code == 200


def test_a_changed_setting_applies_to_tokens_already_issued(web: OAuthClient, visitor: Client) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        configure(web, absolute_expiration="1h")
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        configure(web, absolute_expiration="8h")
        assert web.refresh(tokens["refresh_token"]).status_code == 200
