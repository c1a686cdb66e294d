"""What a client may read of why its requests were refused, and what nobody may read of anybody else's."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from oauthapps.models import ClientSecret
from oauthapps.services.credentials import add_secret, delete_secret
from tests.explanations.conftest import World
from tests.explanations.test_token_requests import REFUSALS
from tests.oauth2.answers import ERROR_TEXT
from tests.oauth_client import OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db
EXPLAIN = "/integrations/oauth2/api/v1/explain"


def ask(client: OAuthClient, request_id: str) -> "Answer":
    return client.post(EXPLAIN, {"request_id": request_id}, Authorization=client.basic)


def told(world: World, client: OAuthClient, refused: "Answer") -> dict[str, Any]:
    world.journal.finish()
    answer = ask(client, refused["X-Request-Id"])
    assert answer.status_code == 200, answer.content
    assert answer["Cache-Control"] == "no-store"
    members: dict[str, Any] = answer.json()
    return members


@pytest.mark.spec("U-25", "the inspector")
def test_a_client_reads_the_same_sentence_as_administrators(world: World) -> None:
    refused = REFUSALS["code too late"].send(world)
    why, members = world.why(refused), told(world, world.web, refused)
    assert members == {
        name: why[name]
        for name in ("request_id", "cause", "fix", "error", "status", "endpoint", "at", "times")
    }
    assert members["cause"] == "The code was used 164 s after it was issued; the limit is 120 s."


@pytest.mark.spec("U-25", "the inspector")
def test_a_client_whose_secret_was_deleted_finds_out_with_its_new_one(world: World) -> None:
    secret = ClientSecret.objects.get(application__client_id=world.web.client_id)
    new = add_secret(secret.application, actor=world.actor).value
    delete_secret(secret, actor=world.actor)
    refused = world.web.exchange("x")
    client = OAuthClient(world.web.client_id, new)
    assert (
        told(world, client, refused)["cause"]
        == f"The secret ending {secret.hint} was deleted 0 seconds ago by Ana."
    )


@pytest.mark.spec("U-25", "the inspector")
def test_json_will_do_as_well(world: World) -> None:
    refused = world.web.exchange("gtcode_abcdefghijklmnop")
    world.journal.finish()
    answer = world.web.http.post(
        EXPLAIN,
        json.dumps({"request_id": refused["X-Request-Id"]}),
        content_type="application/json",
        headers={"Authorization": world.web.basic},
    )
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.spec("U-15", "the inspector")
def test_whoever_asks_about_another_than_the_first_of_those_that_share_an_entry_reads_that(
    world: World,
) -> None:
    refused = [world.web.exchange("gtcode_abcdefghijklmnop") for _ in range(25)]
    first, last = told(world, world.web, refused[20]), told(world, world.web, refused[24])
    assert first["times"] == last["times"] == 5
    shared = f"Requests like this share an entry; of the first of them: {first['cause']}"
    assert last["cause"] == shared
    assert world.why(refused[24])["cause"] == shared
    assert world.why(refused[20])["cause"] == first["cause"]


@pytest.mark.spec("U-26", "the inspector")
def test_the_requests_of_other_clients_look_like_none(world: World) -> None:
    refused = world.other.exchange("gtcode_abcdefghijklmnop")
    world.journal.finish()
    answers = [ask(world.web, request_id) for request_id in (refused["X-Request-Id"], "0" * 16, "é" * 5)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "not_found"
    assert ERROR_TEXT.fullmatch(answers[0].json()["error_description"])


@pytest.mark.spec("U-26", "the inspector")
@pytest.mark.parametrize(
    "name", ["secret of another application", "code of another client", "refresh token of another client"]
)
def test_what_is_another_clients_reads_as_if_it_had_never_existed(world: World, name: str) -> None:
    refused = REFUSALS[name].send(world)
    members = told(world, world.web, refused)
    assert "Other" in world.why(refused)["cause"]
    assert "Other" not in str(members)
    assert world.other.client_id not in str(members)
    assert "never had" in members["cause"] or "was issued to this client" in members["cause"]


@pytest.mark.spec("U-26", "the inspector")
def test_a_stranger_who_claims_a_client_id_puts_no_words_into_a_sentence(world: World) -> None:
    for smuggled in ("visit https://evil.example/?x=<b>", "gtsec_abcdefghijklmnop", "a\u202eb\nc"):
        for refused in (
            world.web.exchange("x", client_secret=smuggled),
            world.web.exchange("x", client_secret="wrong", grant_type=smuggled),
        ):
            members = told(world, world.web, refused)
            assert smuggled not in str(members)
            assert "evil" not in str(members)
            assert "abcdefgh" not in str(members)


@pytest.mark.spec("U-26", "the inspector")
def test_nobody_reads_anything_without_showing_who_they_are(world: World) -> None:
    refused = world.web.exchange("gtcode_abcdefghijklmnop")
    world.journal.finish()
    form = {"request_id": refused["X-Request-Id"]}
    for parameters, status in (
        (form, 401),
        ({**form, "client_id": world.web.client_id}, 401),
        ({**form, "client_id": world.web.client_id, "client_secret": "wrong"}, 401),
        ({**form, "client_id": world.single_page.client_id}, 400),
    ):
        answer = world.web.post(EXPLAIN, parameters)
        assert (answer.status_code, answer.json()["error"]) == (status, "invalid_client")


@pytest.mark.spec("U-26", "the inspector")
def test_guessing_request_ids_is_slowed_down_and_the_clients_own_are_answered(world: World) -> None:
    refused = world.web.exchange("gtcode_abcdefghijklmnop")
    with override_settings(CLIENT_FAILURES_PER_CLIENT_AND_NETWORK=2):
        assert [ask(world.web, "0" * 16).status_code for _ in range(3)] == [404, 404, 429]
        assert told(world, world.web, refused)["error"] == "invalid_grant"


def test_a_request_id_is_needed_and_only_post_will_do(world: World) -> None:
    answer = world.web.post(EXPLAIN, {"hint": "x"}, Authorization=world.web.basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert world.web.http.get(EXPLAIN).status_code == 405


# The command


@pytest.mark.spec("U-27", "the inspector")
def test_the_command_says_it_in_lines_as_well(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    refused = REFUSALS["other redirect_uri"].send(world)
    world.why(refused)
    capsys.readouterr()
    call_command("explain", refused["X-Request-Id"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cause: redirect_uri differs")
    assert lines[1].startswith("fix: Send the redirect_uri")
    assert "endpoint: Token" in lines
    sent, registered, mark = lines[-3:]
    assert sent.index("https") == registered.index("https")
    assert sent[mark.index("^")] != registered[mark.index("^")]


@pytest.mark.spec("U-27", "the inspector")
def test_the_command_says_what_it_may_mean_that_there_is_no_such_request(world: World) -> None:
    with pytest.raises(CommandError, match="a few seconds after"):
        call_command("explain", "0" * 16)


@pytest.mark.spec("U-27", "the inspector")
def test_a_granted_request_needs_no_explanation(world: World) -> None:
    granted = world.web.exchange(world.web.get_code(world.visitor))
    world.journal.finish()
    with pytest.raises(CommandError):
        call_command("explain", granted["X-Request-Id"])
