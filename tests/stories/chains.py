"""Clients that refresh all the time, while something happens to the server."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.infrastructure.installation import Installation
from tests.oauth_client import ME
from tests.stories.clients import CALLBACK, Client
from tests.stories.conftest import Person, manage

# Seconds in which every request has an answer, whatever the database does; a little for a busy machine.
LONGEST = 5.9


def get(url: str, **options: Any) -> tuple[requests.Response, float]:
    """An answer, and the seconds that it took."""
    began = time.monotonic()
    answer = requests.get(url, timeout=30, **options)
    return answer, time.monotonic() - began


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Chain:
    """A client that refreshes as fast as it can, each time with the latest refresh token."""

    client: Client
    refresh_token: str
    access_token: str = ""
    said: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    def follow(self, ended: Callable[[], bool]) -> None:
        while not ended():
            began = time.monotonic()
            try:
                answer = self.client.ask({"grant_type": "refresh_token", "refresh_token": self.refresh_token})
            except requests.ConnectionError:
                self.said["broken off"] += 1
                time.sleep(0.1)
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.said[f"{answer.status_code} {answer.json().get('error', '')}".strip()] += 1
            if answer.status_code == 200:
                self.refresh_token = answer.json()["refresh_token"]
                self.access_token = answer.json()["access_token"]
            elif answer.status_code == 503:
                assert int(answer.headers["Retry-After"]) > 0
                time.sleep(0.1)  # the sooner it comes again the harder
            else:
                return


def web_client(installation: Installation) -> Client:
    created = manage(
        installation,
        *("create_application", "--type", "web", "--name", "Faults", "--redirect-url", CALLBACK),
    )
    return Client(Person(installation.base_url), created)


@contextmanager
def refreshing(client: Client, number: int) -> Iterator[list[Chain]]:
    """So many chains that go on until the end of the block; each then has tokens that are good."""
    chains = [Chain(client, client.ask(client.new_code()).json()["refresh_token"]) for _ in range(number)]
    ended: list[bool] = []
    with ThreadPoolExecutor(number) as pool:
        following = [pool.submit(chain.follow, lambda: bool(ended)) for chain in chains]
        try:
            yield chains
        finally:
            ended.append(True)
        for each in following:
            each.result()
    for chain in chains:
        assert set(chain.said) <= {"200", "503 temporarily_unavailable", "broken off"}, chain.said
        assert chain.slowest < LONGEST
        answer, _ = get(client.base + ME, headers=bearer(chain.access_token))
        assert answer.status_code == 200, chain.said
        last = client.ask({"grant_type": "refresh_token", "refresh_token": chain.refresh_token})
        assert last.status_code == 200, last.text


def until_refreshed(chains: list[Chain], seconds: float) -> None:
    """Insist that every chain gets new tokens within so many seconds from now."""
    before, deadline = [chain.said["200"] for chain in chains], time.monotonic() + seconds
    while any(chain.said["200"] <= number for chain, number in zip(chains, before, strict=True)):
        assert time.monotonic() < deadline, [chain.said for chain in chains]
        time.sleep(0.02)
