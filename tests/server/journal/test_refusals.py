"""What is written down of refused requests, and how little a flood of them costs."""

from typing import Any

import pytest
from django.test import Client

from oauthapps.models import RecordedRequest
from server.journal.journal import Journal
from tests.oauth_client import ME, TOKEN, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db


def the_row(journal: Journal) -> RecordedRequest:
    journal.finish()
    return RecordedRequest.objects.get()


@pytest.mark.spec("U-01", "the inspector")
def test_a_refused_token_request_is_kept_whole(web: OAuthClient, journal: Journal) -> None:
    answer = web.exchange("gtcode_never-issued-by-anybody")
    row = the_row(journal)
    assert row.request_id == answer["X-Request-Id"]
    assert (row.endpoint, row.grant_type, row.status, row.error) == (
        "token",
        "authorization_code",
        400,
        "invalid_grant",
    )
    assert row.application is not None
    assert row.application.client_id == row.client_id == web.client_id
    assert row.is_authenticated
    assert row.is_refused
    assert row.times == 1
    assert row.cause
    assert row.address == "127.0.0.1"
    assert row.parameters["client_id"] == web.client_id
    assert row.parameters["redirect_uri"] == web.redirect_uri
    assert row.parameters["code"] == "gtcode_…body"
    assert row.parameters["client_secret"] == f"gtsec_…{web.client_secret[-4:]}"


def test_a_wrong_secret_is_recorded_for_the_application_that_is_claimed(
    web: OAuthClient, journal: Journal
) -> None:
    web.exchange("x", client_secret="gtsec_wrong-in-every-letter")
    row = the_row(journal)
    assert (row.status, row.error, row.is_authenticated) == (401, "invalid_client", False)
    assert row.application is not None
    assert row.application.client_id == web.client_id


@pytest.mark.parametrize(("path", "endpoint"), [(ME, "api"), (VERIFY, "verify"), ("/attask/api/v1/x", "api")])
def test_a_dead_token_at_an_api_is_recorded(
    client: Client, journal: Journal, path: str, endpoint: str
) -> None:
    client.get(path, headers={"Authorization": "Bearer gtacc_dead-for-a-long-time"})
    row = the_row(journal)
    assert (row.endpoint, row.status, row.error) == (endpoint, 401, "invalid_token")
    assert row.parameters == {"Authorization": "Bearer gtacc_…time"}


def test_a_refused_authorization_request_is_recorded(
    web: OAuthClient, client: Client, journal: Journal
) -> None:
    client.get(
        "/integrations/oauth2/authorize", web.authorization_parameters(redirect_uri="https://x.example/")
    )
    row = the_row(journal)
    assert (row.endpoint, row.status) == ("authorize", 400)
    assert row.application is not None
    assert row.parameters["redirect_uri"] == "https://x.example/"


def test_a_person_who_cancels_is_recorded(web: OAuthClient, visitor: Client, journal: Journal) -> None:
    web.allow(visitor, decision="cancel")
    row = the_row(journal)
    assert (row.endpoint, row.status, row.error) == ("authorize", 302, "access_denied")
    assert row.username


@pytest.mark.spec("U-03", "the inspector")
def test_repeated_refusals_share_a_row_after_the_first_few(client: Client, journal: Journal) -> None:
    def ask(number: int) -> Any:
        return client.get(ME, headers={"Authorization": f"Bearer gtacc_{number}"})

    answers = [ask(number) for number in range(30)]
    journal.finish()
    rows = RecordedRequest.objects.order_by("id")
    assert [row.times for row in rows] == [1] * 5 + [25]
    assert rows[5].request_id == answers[5]["X-Request-Id"]
    assert rows[5].last_request_id == answers[29]["X-Request-Id"]
    ask(30)
    journal.finish()
    assert RecordedRequest.objects.order_by("id").last().times == 26  # type: ignore[union-attr]


def test_what_is_not_recorded_leaves_no_row(client: Client, journal: Journal) -> None:
    client.get("/.well-known/oauth-authorization-server")
    client.post(f"{TOKEN}/nothing")
    journal.finish()
    assert not RecordedRequest.objects.exists()
