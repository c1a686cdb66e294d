"""What takes long for one person does not make programs wait."""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import ME, hidden_fields
from tests.stories.conftest import Person

pytestmark = pytest.mark.story


class SlowMailServer:
    """Takes letters, each after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.letters: list[str] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.listener.close()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=[self.listener.accept()[0]], daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        time.sleep(self.seconds)
        with contextlib.suppress(OSError), client, client.makefile("rw", newline=None) as line:
            say(line, "220 slow")
            while command := line.readline():
                if command.upper().startswith("DATA"):
                    say(line, "354 go on")
                    self.letters.append("".join(iter(line.readline, ".\n")))
                say(line, "221 bye" if command.upper().startswith("QUIT") else "250 taken")


def say(line: TextIO, text: str) -> None:
    line.write(f"{text}\n")
    line.flush()


class From(HTTPAdapter):
    """Sends requests from another address of this machine, so that no throttle counts them together."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **options)


@pytest.fixture(scope="module")
def mail() -> Iterator[SlowMailServer]:
    with SlowMailServer(4) as server:
        yield server


@pytest.fixture(scope="module")
def running(mail: SlowMailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("neighbors") / "gatehouse"
    settings = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail.port)}
    with Installation(folder, {**ADMIN, **settings}) as found:
        yield found


def slowest_call(installation: Installation, seconds: float) -> float:
    """The longest that a program waited while it called the API again and again."""
    slowest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        assert requests.get(installation.base_url + ME, timeout=30).status_code == 401
        slowest = max(slowest, time.monotonic() - began)
    return slowest


@pytest.mark.spec("S-17", "ASVS 15.2.2")
def test_a_slow_mail_server_holds_up_nobody_else(running: Installation, mail: SlowMailServer) -> None:
    person = Person(running.base_url)
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    page = person.browser.get(f"{running.base_url}/people/new", timeout=30)

    def invite(number: int) -> str:
        name = f"ines{number}"
        form = {"name": name, "username": name, "email": f"{name}@example.org", "role": "member"}
        answer = person.browser.post(
            page.url, hidden_fields(page.text) | form, timeout=60, headers={"Referer": page.url}
        )
        return answer.text

    with ThreadPoolExecutor(6) as pool:
        invited = [pool.submit(invite, number) for number in range(6)]
        assert slowest_call(running, 3) < 1
        texts = [each.result() for each in invited]
    assert all("An invitation was sent" in text for text in texts)
    assert len(mail.letters) == 6


@pytest.mark.spec("S-11", "ASVS 15.2.2")
def test_many_wrong_passwords_hold_up_nobody_else(running: Installation) -> None:
    with ThreadPoolExecutor(16) as pool:
        guesses = [pool.submit(guess, running, f"127.0.1.{number + 1}", "nobody") for number in range(60)]
        slowest = slowest_call(running, 2)
        statuses = Counter(each.result() for each in guesses)
    assert slowest < 1
    assert set(statuses) == {200, 429}, statuses


def guess(installation: Installation, address: str, login: str, password: str = "wrong") -> int:
    """Try to sign in from an address and return the status of the answer."""
    page = requests.get(f"{installation.base_url}/accounts/login/", timeout=30)
    browser = requests.Session()
    browser.mount("http://", From(address))
    form = hidden_fields(page.text) | {"login": login, "password": password}
    headers = {"Referer": page.url}
    answer = browser.post(
        page.url, form, timeout=60, cookies=page.cookies, headers=headers, allow_redirects=False
    )
    return answer.status_code


@pytest.mark.spec("W-67", "ASVS 6.3.1, 15.2.2")
def test_those_who_are_slowed_down_hold_up_nobody_else(running: Installation) -> None:
    name, password = ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"]
    for number in range(20):
        assert guess(running, f"127.0.2.{number // 5 + 1}", name) == 200
    with ThreadPoolExecutor(12) as pool:
        guesses = [pool.submit(guess, running, f"127.0.3.{number + 1}", name) for number in range(12)]
        assert slowest_call(running, 4) < 1
        statuses = Counter(each.result() for each in guesses)
    assert set(statuses) == {200, 429}, statuses
    began = time.monotonic()
    assert guess(running, "127.0.4.1", name, password) == 302
    assert time.monotonic() - began > 5
    began = time.monotonic()
    assert guess(running, "127.0.4.1", name, password) == 302
    assert time.monotonic() - began < 4
