"""Refresh tokens: rotation, the two expirations, replays."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.services.applications import delete_application, disable_application, enable_application
from tests.oauth2.conftest import application_of, configure
from tests.oauth_client import TOKEN, OAuthClient, given

pytestmark = pytest.mark.django_db


@pytest.mark.spec("R-04", "RFC 6749 §6")
def test_with_rotation_each_use_brings_a_new_refresh_token(web: OAuthClient, visitor: Client) -> None:
    first = web.get_tokens(visitor)
    second = web.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert web.me(second["access_token"]).status_code == 200
    assert web.refresh(second["refresh_token"]).status_code == 200


@pytest.mark.spec("R-04", "RFC 6749 §6")
def test_without_rotation_the_same_refresh_token_keeps_working(web: OAuthClient, visitor: Client) -> None:
    configure(web, rotate_refresh_tokens=False)
    first = web.get_tokens(visitor)
    second, third = (web.refresh(first["refresh_token"]).json() for _ in range(2))
    assert first["refresh_token"] == second["refresh_token"] == third["refresh_token"]
    for tokens in (first, second, third):
        assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("R-05", "RFC 9700 §4.14.2")
@pytest.mark.spec("R-06", "RFC 9700 §4.14.2; ASVS 10.4.5")
@pytest.mark.parametrize(("seconds", "ended"), [(29, False), (31, True)])
def test_a_replaced_token_is_refused_and_after_thirty_seconds_ends_its_family(
    web: OAuthClient, visitor: Client, seconds: int, ended: bool
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = web.get_tokens(visitor)
        second = web.refresh(first["refresh_token"]).json()
        second = web.refresh(second["refresh_token"]).json()
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert web.me(second["access_token"]).status_code == (401 if ended else 200)
        assert web.refresh(second["refresh_token"]).status_code == (400 if ended else 200)
    assert TokenFamily.objects.get().end_reason == (EndReason.REFRESH_TOKEN_REPLAYED if ended else "")
    assert Event.objects.filter(kind=EventKind.REFRESH_TOKEN_REPLAYED).count() == int(ended)


@pytest.mark.spec("R-10", "RFC 6749 §6")
def test_another_clients_attempt_burns_nothing(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    tokens = web.get_tokens(visitor)
    assert single_page.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("R-11", "RFC 6749 §6")
def test_a_web_application_refreshes_with_its_secret_only(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    refused = web.refresh(tokens["refresh_token"], client_secret=None)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("R-13", "RFC 6749 §6")
def test_narrowing_narrows_the_access_token_alone(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    narrowed = web.refresh(tokens["refresh_token"], scope="read").json()
    assert narrowed["scope"] == "read"
    assert web.refresh(narrowed["refresh_token"]).json()["scope"] == "read write offline_access"


@pytest.mark.spec("R-13", "RFC 6749 §6")
def test_scope_cannot_grow_and_the_attempt_burns_nothing(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor, scope="read offline_access")
    assert web.refresh(tokens["refresh_token"], scope="read write").json()["error"] == "invalid_scope"
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("R-15", "Workfront")
def test_a_redirect_uri_on_refresh_is_tolerated(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert web.refresh(tokens["refresh_token"], redirect_uri="https://elsewhere.example/").status_code == 200


@pytest.mark.spec("R-12", "RFC 6749 §6")
def test_tokens_are_not_taken_for_one_another(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert web.refresh(tokens["access_token"]).json()["error"] == "invalid_grant"
    assert web.me(tokens["refresh_token"]).status_code == 401


@pytest.mark.spec("R-16", "ASVS 10.4.8; RFC 9700 §4.14.2")
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


@pytest.mark.spec("R-16", "ASVS 10.4.8; RFC 9700 §4.14.2")
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


@pytest.mark.spec("R-16", "ASVS 10.4.8")
def test_no_expiration_means_none(web: OAuthClient, visitor: Client) -> None:
    configure(web, absolute_expiration="none", inactivity_expiration="none")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(days=3650), tick=False):
        assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("R-16", "ASVS 10.4.8")
def test_a_changed_setting_applies_to_tokens_already_issued(web: OAuthClient, visitor: Client) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        tokens = web.get_tokens(visitor)
    with time_machine.travel(start + timedelta(hours=2), tick=False):
        configure(web, absolute_expiration="8h")
        tokens = web.refresh(tokens["refresh_token"]).json()
        configure(web, absolute_expiration="1h")
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.spec("R-04", "RFC 6749 §6")
def test_rotation_is_what_the_setting_says_at_the_moment_of_use(web: OAuthClient, visitor: Client) -> None:
    first = web.get_tokens(visitor)["refresh_token"]
    configure(web, rotate_refresh_tokens=False)
    assert web.refresh(first).json()["refresh_token"] == first
    configure(web, rotate_refresh_tokens=True)
    second = web.refresh(first).json()["refresh_token"]
    assert second != first
    configure(web, rotate_refresh_tokens=False)
    assert web.refresh(first).json()["refresh_token"] == second  # what was replaced stays replaced
    assert web.refresh(second).json()["refresh_token"] == second


@pytest.mark.spec("R-01", "RFC 6749 §6")
@pytest.mark.spec("R-02", "RFC 6749 §5.1")
@pytest.mark.spec("R-03", "RFC 6749 §6")
@pytest.mark.parametrize("rotation", [True, False], ids=["with rotation", "without"])
def test_a_refresh_answers_with_all_five_members_and_a_token_that_works(
    web: OAuthClient, visitor: Client, person: User, rotation: bool
) -> None:
    configure(web, rotate_refresh_tokens=rotation)
    first = web.get_tokens(visitor)
    answer = web.refresh(first["refresh_token"])
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    second = answer.json()
    assert second.keys() == first.keys()
    assert {"token_type", "access_token", "refresh_token", "expires_in", "wid"} <= second.keys()
    assert type(second["expires_in"]) is int
    assert second["access_token"] != first["access_token"]
    assert web.me(second["access_token"]).json()["ID"] == person.user_id


@pytest.mark.spec("R-06", "RFC 9700 §4.14.2; ASVS 10.4.5")
@pytest.mark.parametrize(("seconds", "ended"), [(29.9, False), (30, True)])
def test_thirty_seconds_to_the_moment(web: OAuthClient, visitor: Client, seconds: float, ended: bool) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = web.get_tokens(visitor)
        web.refresh(first["refresh_token"])
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        web.refresh(first["refresh_token"])
    assert (TokenFamily.objects.get().ended_at is not None) == ended


@pytest.mark.spec("R-06", "RFC 9700 §4.14.2")
def test_the_grandmother_of_a_token_ends_the_family_as_well(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = web.get_tokens(visitor)
        third = web.refresh(web.refresh(first["refresh_token"]).json()["refresh_token"]).json()
    with time_machine.travel(now + timedelta(days=30), tick=False):
        web.refresh(first["refresh_token"])
        assert web.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.spec("R-10", "RFC 6749 §6")
def test_another_clients_replay_of_a_replaced_token_ends_nothing(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        first = web.get_tokens(visitor)
        second = web.refresh(first["refresh_token"]).json()
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        assert single_page.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert web.me(second["access_token"]).status_code == 200
        assert web.refresh(second["refresh_token"]).status_code == 200


@pytest.mark.spec("R-11", "RFC 6749 §6, §10.4")
@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_wrong_secret_neither_refreshes_nor_burns(web: OAuthClient, visitor: Client, secret: str) -> None:
    tokens = web.get_tokens(visitor)
    refused = web.refresh(tokens["refresh_token"], client_secret=secret)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert web.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("R-13", "RFC 6749 §6")
@pytest.mark.parametrize(
    ("scope", "granted"),
    [(" ", "read write offline_access"), ("read  write read ", "read write"), ("read\twrite", None)],
)
def test_scopes_are_read_as_in_an_authorization_request(
    web: OAuthClient, visitor: Client, scope: str, granted: str | None
) -> None:
    answer = web.refresh(web.get_tokens(visitor)["refresh_token"], scope=scope)
    assert answer.json().get("scope") == granted


@pytest.mark.spec("R-13", "RFC 6749 §6")
@pytest.mark.parametrize("scope", ["read", "write read", "offline_access"])
def test_a_narrowed_refresh_still_returns_a_refresh_token(
    web: OAuthClient, visitor: Client, scope: str
) -> None:
    tokens = web.get_tokens(visitor)
    narrowed = web.refresh(tokens["refresh_token"], scope=scope).json()
    assert narrowed["scope"] == scope
    whole = web.refresh(narrowed["refresh_token"], scope="read write offline_access")
    assert whole.json()["scope"] == "read write offline_access"


@pytest.mark.spec("R-14", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    ("token", "error"),
    [
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("unknown", "invalid_grant"),
        ("é", "invalid_grant"),
    ],
)
def test_a_missing_token_and_an_unknown_one_are_told_apart(
    web: OAuthClient, visitor: Client, token: str | None, error: str
) -> None:
    right = web.get_tokens(visitor)["refresh_token"]
    parameters = given({**web.refresh_parameters(right), "refresh_token": token})
    refused = web.post(TOKEN, parameters)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert web.refresh(right).status_code == 200


@pytest.mark.spec("R-16", "ASVS 10.4.8; RFC 9700 §4.14.2")
@pytest.mark.parametrize("rotation", [True, False], ids=["with rotation", "without"])
@pytest.mark.parametrize("end", ["absolute_expiration", "inactivity_expiration"])
def test_each_end_holds_to_the_second(
    web: OAuthClient, visitor: Client, person: User, end: str, rotation: bool
) -> None:
    settings = {"absolute_expiration": "none", "inactivity_expiration": "none", end: "7d"}
    configure(web, rotate_refresh_tokens=rotation, **settings)
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        User.objects.filter(pk=person.pk).update(last_active_at=start)
        token = web.get_tokens(visitor)["refresh_token"]
    with time_machine.travel(start + timedelta(days=7, seconds=-1), tick=False):
        token = web.refresh(token).json()["refresh_token"]
    with time_machine.travel(start + timedelta(days=7, seconds=1), tick=False):
        refused = web.refresh(token)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.spec("R-17", "ASVS 7.4.2, 10.4.9")
def test_a_disabled_person_or_application_refreshes_nothing(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    token = web.get_tokens(visitor)["refresh_token"]
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert web.refresh(token).json()["error"] == "invalid_grant"
    User.objects.filter(pk=person.pk).update(is_active=True)
    disable_application(application_of(web), actor=Actor.command("tests"))
    assert web.refresh(token).json()["error"] == "invalid_client"
    enable_application(application_of(web), actor=Actor.command("tests"))
    token = web.refresh(token).json()["refresh_token"]
    delete_application(application_of(web), actor=Actor.command("tests"))
    assert web.refresh(token).json()["error"] == "invalid_client"


@pytest.mark.spec("R-19", "IBM's former template")
def test_a_client_that_encodes_nothing_refreshes(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["refresh_token"]
    raw = "&".join(f"{name}={value}" for name, value in web.refresh_parameters(token).items())
    answer = web.http.post(TOKEN, raw, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
