"""Parallel requests against a running server with its two workers, on either database."""

from collections.abc import Callable, Iterator

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.postgres import PostgresServer
from tests.stories.clients import Client, application
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
    with PostgresServer() as server, Installation(folder, {**ADMIN, "DATABASE_URL": server.url}) as found:
        yield found


Race = Callable[[Client], bool]


def of_a_code(client: Client) -> bool:
    return client.is_alive(client.ask_at_once(client.new_code()))


def of_a_refresh(client: Client) -> bool:
    token = client.ask(client.new_code()).json()["refresh_token"]
    return client.is_alive(client.ask_at_once({"grant_type": "refresh_token", "refresh_token": token}))


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
@pytest.mark.spec("T-12", "ASVS 15.4.2")
@pytest.mark.spec("R-07", "RFC 9700 §4.14.2")
@pytest.mark.spec("S-09", "ASVS 15.4.2")
@pytest.mark.parametrize(
    ("race", "winner_lives"), [(of_a_code, False), (of_a_refresh, True)], ids=["code", "refresh"]
)
def test_one_of_many_succeeds_and_a_replayed_code_costs_it_its_tokens(
    running: Installation, race: Race, winner_lives: bool
) -> None:
    person = Person(running.base_url)
    with application(running, person, "web", f"Race {race.__name__}") as created:
        client = Client(person, created)
        assert [race(client) for _ in range(ROUNDS)] == [winner_lives] * ROUNDS
