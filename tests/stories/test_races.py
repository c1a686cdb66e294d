"""Parallel requests against a running server with its two workers, on either database."""

from collections.abc import Iterator

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.migrated import migrated_server
from tests.stories.clients import AT_ONCE, Client, application
from tests.stories.conftest import Person

pytestmark = pytest.mark.story

ROUNDS = 5


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    if request.param == "sqlite":
        yield request.getfixturevalue("installation")
        return
    folder = tmp_path_factory.mktemp("races") / "gatehouse"
    with migrated_server() as server, Installation(folder, {**ADMIN, "DATABASE_URL": server.url}) as found:
        yield found


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
@pytest.mark.spec("T-12", "ASVS 15.4.2")
@pytest.mark.spec("S-09", "ASVS 15.4.2")
def test_one_of_many_uses_a_code_and_the_others_cost_it_its_tokens(running: Installation) -> None:
    person = Person(running.base_url)
    with application(running, person, "web", "Race for a code") as created:
        client = Client(person, created)
        assert [client.is_alive(client.ask_at_once(client.new_code())) for _ in range(ROUNDS)] == [
            False
        ] * ROUNDS


@pytest.mark.spec("R-07", "RFC 9700 §4.14.2")
@pytest.mark.spec("S-09", "ASVS 15.4.2")
def test_many_refreshes_at_once_get_one_refresh_token_and_an_access_token_each(running: Installation) -> None:
    person = Person(running.base_url)
    with application(running, person, "web", "Race for a refresh") as created:
        client = Client(person, created)
        for _ in range(ROUNDS):
            token = client.ask(client.new_code()).json()["refresh_token"]
            answers = client.answers_at_once({"grant_type": "refresh_token", "refresh_token": token})
            assert {answer.status_code for answer in answers} == {200}
            replies = [answer.json() for answer in answers]
            assert len({reply["refresh_token"] for reply in replies}) == 1
            assert len({reply["access_token"] for reply in replies}) == AT_ONCE
            assert client.is_alive(replies[0])
