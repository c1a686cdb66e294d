"""When codes, tokens and all that belongs to them are deleted."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from common.work import Work
from oauthapps.models import (
    AccessToken,
    Application,
    Consent,
    FailureCount,
    Grant,
    RefreshToken,
    TokenFamily,
)
from oauthapps.services.applications import delete_application
from oauthapps.services.cleanup import prune
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db


def counts() -> dict[str, int]:
    models = (Grant, AccessToken, RefreshToken, TokenFamily)
    return {model.__name__: model._base_manager.count() for model in models}


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2; RFC 9700 §4.14.2")
def test_what_nobody_used_goes_and_takes_its_family_along(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_code(visitor)
    with time_machine.travel(now + timedelta(hours=23), tick=False):
        assert prune().as_numbers()["codes"] == 0
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        removed = prune()
    assert (removed.codes, removed.token_families) == (1, 1)
    assert set(counts().values()) == {0}
    assert Consent.objects.exists()  # what the person allowed is theirs


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2; RFC 9700 §4.14.2")
@pytest.mark.parametrize("replay", ["code", "refresh token"])
def test_tombstones_stay_as_long_as_anything_of_their_family_lives(
    web: OAuthClient, visitor: Client, replay: str
) -> None:
    Application.objects.update(absolute_expiration="none", inactivity_expiration="none")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
        first = web.exchange(code).json()
        latest = web.refresh(first["refresh_token"]).json()
    with time_machine.travel(now + timedelta(days=400), tick=False):
        assert prune().access_tokens == 2
        assert counts() == {"Grant": 1, "AccessToken": 0, "RefreshToken": 2, "TokenFamily": 1}
        if replay == "code":
            assert web.exchange(code).json()["error"] == "invalid_grant"
        else:
            assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert TokenFamily.objects.get().ended_at is not None
        assert web.refresh(latest["refresh_token"]).json()["error"] == "invalid_grant"
    with time_machine.travel(now + timedelta(days=429), tick=False):
        assert prune().token_families == 0  # an ended family can be explained for thirty days
    with time_machine.travel(now + timedelta(days=431), tick=False):
        assert prune().token_families == 1
    assert set(counts().values()) == {0}


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2")
def test_without_a_refresh_token_a_family_goes_after_its_access_token(
    web: OAuthClient, visitor: Client
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor, scope="read")
        web.exchange(code)
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        assert prune().token_families == 0
        assert web.exchange(code).json()["error"] == "invalid_grant"  # and is still recognized
        assert TokenFamily.objects.get().end_reason == "code_replayed"
    with time_machine.travel(now + timedelta(hours=26), tick=False):
        assert prune().token_families == 1


@pytest.mark.spec("S-07", "ASVS 10.4.8")
@pytest.mark.parametrize("end", ["absolute_expiration", "inactivity_expiration"])
def test_families_past_either_end_go_after_thirty_days(
    web: OAuthClient, visitor: Client, person: User, end: str
) -> None:
    settings = {"absolute_expiration": "none", "inactivity_expiration": "none", end: "1d"}
    Application.objects.update(**settings)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        User.objects.filter(pk=person.pk).update(last_active_at=now)
        web.get_tokens(visitor)
    with time_machine.travel(now + timedelta(days=1 + 29), tick=False):
        assert prune().refresh_tokens == 0  # the setting may be changed
    with time_machine.travel(now + timedelta(days=1 + 29 + 31), tick=False):  # it is reviewed once a month
        assert prune().refresh_tokens == 1


@pytest.mark.spec("S-07", "ASVS 10.4.8")
def test_a_family_stays_while_its_person_comes_now_and_then(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    Application.objects.update(absolute_expiration="none", inactivity_expiration="30d")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        token = web.get_tokens(visitor)["refresh_token"]
    for days in range(20, 200, 20):
        with time_machine.travel(now + timedelta(days=days), tick=False):
            User.objects.filter(pk=person.pk).update(last_active_at=timezone.now())
            assert prune().refresh_tokens == 0
    with time_machine.travel(now + timedelta(days=200), tick=False):
        assert web.refresh(token).status_code == 200


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_a_deleted_applications_tokens_go_after_thirty_days(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_tokens(visitor)
        delete_application(application_of(web), actor=Actor.command("tests"))
    with time_machine.travel(now + timedelta(days=29), tick=False):
        assert prune().refresh_tokens == 0
    with time_machine.travel(now + timedelta(days=31), tick=False):
        assert prune().refresh_tokens == 1


@pytest.mark.spec("S-07", "RFC 7523 §3 item 7")
def test_a_jti_stays_until_its_assertion_has_been_over_for_a_day(machine: Machine) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        lasting = machine.assertion(jti="lasting", exp=int(now.timestamp()) + 24 * 3600)
        assert machine.client.exchange_jwt(lasting).status_code == 200
    with time_machine.travel(now + timedelta(hours=24, seconds=30), tick=False):
        prune()
        assert "already used" in machine.client.exchange_jwt(lasting).json()["message"]
    AccessToken.objects.update(expires=now - timedelta(days=7))
    with time_machine.travel(now + timedelta(hours=48, seconds=58), tick=False):
        assert prune().access_tokens == 0
    with time_machine.travel(now + timedelta(hours=48, seconds=62), tick=False):
        assert prune().access_tokens == 1


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_old_failure_counts_and_sessions_go(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.exchange("x", client_secret="wrong")
        visitor.get("/")
    with time_machine.travel(now + timedelta(hours=7), tick=False):
        removed = prune()
        assert (removed.failure_counts, removed.sessions) == (0, 0)
    with time_machine.travel(now + timedelta(days=2), tick=False):
        removed = prune()
    assert (removed.failure_counts, removed.sessions) == (2, 1)
    assert not FailureCount.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.spec("S-07", "ASVS 15.2.2")
@pytest.mark.parametrize("batch", [1, 2, 500])
def test_it_works_in_batches_of_any_size(web: OAuthClient, visitor: Client, batch: int) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(5):
            web.get_tokens(visitor, scope="read")
        living = web.get_tokens(visitor)
    with time_machine.travel(now + timedelta(days=3), tick=False):
        removed = prune(Work(batch))
        assert (removed.access_tokens, removed.codes, removed.token_families) == (6, 5, 5)
        assert prune(Work(batch)).as_numbers() == dict.fromkeys(removed.as_numbers(), 0)
        assert web.refresh(living["refresh_token"]).status_code == 200


@pytest.mark.spec("S-07", "ASVS 15.2.2")
def test_what_lives_is_looked_at_once_a_month(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(3):
            web.get_tokens(visitor)

    def statements(days: int) -> int:
        with (
            time_machine.travel(now + timedelta(days=days), tick=False),
            CaptureQueriesContext(connection) as all_,
        ):
            prune()
        return len(all_)

    statements(2)  # the first look
    idle = statements(3)
    assert statements(31) == idle
    assert statements(33) > idle
    assert RefreshToken.objects.count() == 3


# Tables whose rows are counted because there is a limit to them: that reads no more than the limit.
CAPPED = ("oauthapps_recordedrequest", "oauthapps_credentialcaller")


@pytest.mark.spec("S-07", "ASVS 15.2.2")
def test_no_query_reads_a_whole_table(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    web.get_tokens(visitor)
    machine.client.exchange_jwt(machine.assertion())
    with (
        time_machine.travel(timezone.now() + timedelta(days=800)),
        CaptureQueriesContext(connection) as captured,
    ):
        prune()
    statements = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "DELETE"))]
    assert len(statements) > 5
    if connection.vendor == "postgresql":
        return  # its planner reads small tables whole whatever the indexes
    for statement in statements:
        with connection.cursor() as cursor:
            plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
        if not any(f"SCAN {table}" in plan for table in CAPPED):
            assert "SCAN" not in plan, f"{statement}\n{plan}"


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_the_command_prints_what_it_removed(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_code(visitor)
    with time_machine.travel(now + timedelta(days=2), tick=False):
        printed = StringIO()
        call_command("prune", "--json", stdout=printed)
        assert json.loads(printed.getvalue()) == {
            "codes": 1,
            "access_tokens": 0,
            "refresh_tokens": 0,
            "token_families": 1,
            "failure_counts": 0,
            "client_assertions": 0,
            "sent_forms": 0,
            "sign_in_attempts": 0,
            "sessions": 1,
            "listed_sessions": 0,
            "provider_sessions": 0,
            "one_time_links": 0,
            "logos": 0,
            "keys": 0,
            "secrets": 0,
            "consents": 0,
            "ended_token_families": 0,
            "revoked_access_tokens": 0,
            "purged_applications": 0,
            "events": 0,
            "housekeeping_runs": 0,
            "requests": 0,
            "usage_counts": 0,
            "people_seen": 0,
            "callers": 0,
        }
        printed = StringIO()
        call_command("prune", stdout=printed)
        assert "codes: 0\n" in printed.getvalue()
    with pytest.raises(CommandError, match="--batch"):
        call_command("prune", "--batch", "0")
