"""Parallel requests: single use holds, nothing crashes, no winner is hurt by a loser."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from oauthapps.models import AccessToken, RefreshToken, TokenFamily
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import OAuthClient
from tests.parallel import THREADS, in_parallel

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
@pytest.mark.spec("T-12", "ASVS 15.4.2")
@pytest.mark.spec("S-09", "ASVS 15.4.2")
@pytest.mark.parametrize("attempt", range(5))
def test_a_code_is_exchanged_once_and_the_replay_ends_its_family(
    web: OAuthClient, visitor: Client, attempt: int
) -> None:
    code = web.get_code(visitor)
    answers = in_parallel(lambda: OAuthClient(web.client_id, web.client_secret).exchange(code))
    assert statuses(answers) == {200: 1, 400: THREADS - 1}
    assert AccessToken.objects.count() == 1
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert web.me(winner["access_token"]).status_code == 401
    assert web.refresh(winner["refresh_token"]).status_code == 400
    assert TokenFamily.objects.get().ended_at is not None


@pytest.mark.spec("R-07", "RFC 9700 §4.14.2")
@pytest.mark.spec("S-09", "ASVS 15.4.2")
@pytest.mark.parametrize("attempt", range(5))
def test_with_rotation_parallel_refreshes_get_one_refresh_token(
    web: OAuthClient, visitor: Client, attempt: int
) -> None:
    token = web.get_tokens(visitor)["refresh_token"]
    answers = in_parallel(lambda: OAuthClient(web.client_id, web.client_secret).refresh(token))
    assert statuses(answers) == {200: THREADS}
    replies = [answer.json() for answer in answers]
    (successor,) = {reply["refresh_token"] for reply in replies}
    assert len({reply["access_token"] for reply in replies}) == THREADS
    for reply in replies:
        assert web.me(reply["access_token"]).status_code == 200
    assert web.refresh(successor).status_code == 200
    assert RefreshToken.objects.count() == 3


@pytest.mark.spec("R-07", "RFC 9700 §4.14.2")
def test_without_rotation_every_parallel_refresh_gets_a_working_token(
    web: OAuthClient, visitor: Client
) -> None:
    application = application_of(web)
    application.rotate_refresh_tokens = False
    application.save()
    token = web.get_tokens(visitor)["refresh_token"]
    answers = in_parallel(lambda: OAuthClient(web.client_id, web.client_secret).refresh(token))
    assert statuses(answers) == {200: THREADS}
    for answer in answers:
        assert web.me(answer.json()["access_token"]).status_code == 200


@pytest.mark.spec("J-17", "RFC 7523 §3 item 7")
def test_an_assertion_with_a_jti_is_exchanged_once(machine: Machine) -> None:
    assertion = machine.assertion(jti="one")
    client = machine.client
    answers = in_parallel(lambda: OAuthClient(client.client_id, client.client_secret).exchange_jwt(assertion))
    assert statuses(answers) == {200: 1, 400: THREADS - 1}
