"""Parallel requests against a running server with its two workers, on either database."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.postgres import PostgresServer
from tests.oauth_client import AUTHORIZE, ME, TOKEN
from tests.stories.conftest import Person
from tests.stories.test_outside_clients import CALLBACK, application

pytestmark = pytest.mark.story

AT_ONCE = 8
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


class Client:
    """A web application's client that sends one request several times at once."""

    def __init__(self, person: Person, created: dict[str, Any]) -> None:
        self.person, self.base = person, person.base_url
        self.credentials = (created["client_id"], created["client_secret"])

    def new_code(self) -> dict[str, str]:
        """The token request for a new code."""
        asked = {"client_id": self.credentials[0], "response_type": "code", "redirect_uri": CALLBACK}
        location = self.person.allow(f"{self.base}{AUTHORIZE}?{urlencode(asked)}")
        code = parse_qs(urlsplit(location).query)["code"][0]
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}

    def ask(self, parameters: dict[str, str]) -> requests.Response:
        return requests.post(self.base + TOKEN, parameters, auth=self.credentials, timeout=60)

    def ask_at_once(self, parameters: dict[str, str]) -> dict[str, Any]:
        """What the one request that succeeded brought; all others were refused and nothing broke."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(self.ask, [parameters] * AT_ONCE))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
        tokens: dict[str, Any] = next(answer.json() for answer in answers if answer.status_code == 200)
        return tokens

    def is_alive(self, tokens: dict[str, Any]) -> bool:
        """Whether both tokens still work, or neither."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        access = requests.get(self.base + ME, headers=bearer, timeout=30).status_code == 200
        refreshed = self.ask({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        assert (refreshed.status_code == 200) == access
        return access


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
