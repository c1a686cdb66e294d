"""The clock is wrong by hours for a while: nothing is lost for good, and nothing used is honored again."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from oauthapps.models import TokenFamily
from oauthapps.services.cleanup import prune
from tests.oauth2.conftest import Machine
from tests.oauth_client import OAuthClient

pytestmark = [pytest.mark.django_db, pytest.mark.spec("O-146", "RFC 6749 §5.1; RFC 7523 §3")]

HOURS = pytest.mark.parametrize("hours", [3, -3])


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@HOURS
def test_tokens_go_on_when_it_is_right_again(
    web: OAuthClient, visitor: Client, now: datetime, hours: int
) -> None:
    with time_machine.travel(now):
        first = web.get_tokens(visitor)
        second = web.refresh(first["refresh_token"]).json()
    with time_machine.travel(now + timedelta(hours=hours)):
        third = web.refresh(second["refresh_token"]).json()
        assert web.me(third["access_token"]).status_code == 200
        assert web.me(first["access_token"]).status_code == (401 if hours > 0 else 200)
        prune()
    with time_machine.travel(now + timedelta(minutes=1)):
        for tokens in (first, second):
            assert web.me(tokens["access_token"]).status_code == 200
        # What was given for an hour three hours ago is over, as far as anybody can know.
        assert web.me(third["access_token"]).status_code == (200 if hours > 0 else 401)
        fourth = web.refresh(third["refresh_token"])
        assert fourth.status_code == 200, fourth.content
        assert web.refresh(second["refresh_token"]).status_code == 400
        assert web.refresh(fourth.json()["refresh_token"]).status_code == (200 if hours > 0 else 400)


@HOURS
def test_what_was_used_is_used(
    web: OAuthClient, machine: Machine, visitor: Client, now: datetime, hours: int
) -> None:
    with time_machine.travel(now):
        codes, assertions = [web.get_code(visitor)], [machine.assertion(jti="right")]
        assert web.exchange(codes[0]).status_code == 200
        assert machine.client.exchange_jwt(assertions[0]).status_code == 200
    with time_machine.travel(now + timedelta(hours=hours)):
        codes.append(web.get_code(visitor))
        assertions.append(machine.assertion(jti="wrong"))
        assert web.exchange(codes[1]).status_code == 200
        assert machine.client.exchange_jwt(assertions[1]).status_code == 200
        prune()
    with time_machine.travel(now + timedelta(minutes=1)):
        for code in codes:
            assert web.exchange(code).status_code == 400
        for assertion in assertions:
            assert machine.client.exchange_jwt(assertion).status_code == 400
    assert TokenFamily.objects.exclude(ended_at=None).count() == 2
