"""A database that dies, hangs, only reads or is locked, under a running server."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import requests

from server.probes import UNREACHABLE
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.migrated import migrated_server
from tests.infrastructure.postgres import PostgresServer
from tests.oauth_client import INTROSPECT, ME, METADATA
from tests.stories.chains import LONGEST, Chain, bearer, get, refreshing, until_refreshed, web_client
from tests.stories.clients import Client, application
from tests.stories.conftest import Person

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with migrated_server({}) as server:
        yield server


@pytest.fixture(scope="module")
def running(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("faults") / "gatehouse"
    with Installation(folder, {**ADMIN, "DATABASE_URL": postgres.url}) as found:
        yield found


@pytest.fixture(scope="module")
def client(running: Installation) -> Client:
    return web_client(running)


@pytest.mark.spec("S-12", "RFC 9110 §15.6.4; RFC 9700 §4.14.2")
@pytest.mark.parametrize("round_", range(2))
def test_a_client_that_is_told_to_come_again_may(
    client: Client, postgres: PostgresServer, running: Installation, round_: int
) -> None:
    """Eight clients refresh while the database is killed and comes back: nobody loses their access."""
    chains = [Chain(client, client.ask(client.new_code()).json()["refresh_token"]) for _ in range(8)]
    until = time.monotonic() + 6
    with ThreadPoolExecutor(len(chains)) as pool:
        following = [pool.submit(chain.follow, lambda: time.monotonic() > until) for chain in chains]
        time.sleep(1 + 0.13 * round_)
        postgres.kill()
        postgres.start()
        for each in following:
            each.result()
    said = sum((chain.said for chain in chains), Counter[str]())
    assert set(said) <= {"200", "503 temporarily_unavailable"}, said
    assert max(chain.slowest for chain in chains) < LONGEST
    for chain in chains:
        answer, _ = get(running.base_url + ME, headers=bearer(chain.access_token))
        assert answer.status_code == 200, chain.said


@pytest.mark.spec("O-01", "operation")
@pytest.mark.spec("O-02", "operation")
@pytest.mark.spec("S-12", "RFC 9110 §15.6.4")
def test_a_database_that_stays_away_costs_a_line_a_request(
    client: Client, postgres: PostgresServer, running: Installation
) -> None:
    token = client.ask(client.new_code()).json()["access_token"]
    before = len(running.log_text())
    postgres.kill()
    try:
        answers = [get(running.base_url + ME, headers=bearer(token))[0] for _ in range(50)]
        page, _ = get(f"{running.base_url}/console/applications/", cookies={"gatehouse_session": "a" * 32})
        assert {answer.status_code for answer in answers} | {page.status_code} == {503}
        assert get(running.base_url + METADATA)[0].status_code == 200
        probes = [get(f"{running.base_url}/{probe}")[0] for probe in ("healthz", "readyz")]
        assert [probe.status_code for probe in probes] == [200, 503]
        assert probes[1].json() == {"status": "unavailable", "reason": UNREACHABLE}
    finally:
        postgres.start()
    assert get(running.base_url + ME, headers=bearer(token))[0].status_code == 200
    assert get(f"{running.base_url}/readyz")[0].status_code == 200
    written = running.log_text()[before:]
    assert "Traceback" not in written
    assert "healthz" not in written
    assert len(written) < 60 * 500


@pytest.mark.spec("S-13", "RFC 9110 §15.6.4")
def test_a_database_that_hangs_holds_nobody_up(
    client: Client, postgres: PostgresServer, running: Installation
) -> None:
    token = client.ask(client.new_code()).json()["access_token"]
    postgres.send(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(12) as pool:
            urls = [running.base_url + ME] * 10 + [f"{running.base_url}/connected/"] * 2
            asked = [pool.submit(get, url, headers=bearer(token)) for url in urls]
            time.sleep(0.5)
            for path in (METADATA, "/healthz", "/static/css/tokens.css", "/docs/errors/", "/api/v1/nothing"):
                answer, seconds = get(running.base_url + path)
                assert answer.status_code in (200, 404)
                assert seconds < 1
            answers = [each.result() for each in asked]
    finally:
        postgres.send(signal.SIGCONT)
    for answer, seconds in answers:
        assert answer.status_code in (503, 200), answer.text  # a page that asks for a sign-in needs nothing
        assert seconds < LONGEST
    assert sum(answer.status_code == 503 for answer, _ in answers) >= 10
    assert all("Retry-After" in answer.headers for answer, _ in answers if answer.status_code == 503)
    deadline = time.monotonic() + 10
    while get(running.base_url + ME, headers=bearer(token))[0].status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.spec("S-13", "RFC 9110 §15.6.4")
def test_a_statement_that_waits_for_a_lock_is_ended(client: Client, postgres: PostgresServer) -> None:
    tokens = client.ask(client.new_code()).json()
    with psycopg.connect(postgres.url) as other:
        other.execute("LOCK TABLE oauthapps_refreshtoken IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = client.ask({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 503
        assert time.monotonic() - began < LONGEST
    answer = client.ask({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 200


@pytest.mark.spec("S-13", "RFC 9110 §15.6.4")
def test_a_database_that_only_reads_is_a_matter_of_time(
    client: Client, postgres: PostgresServer, running: Installation
) -> None:
    tokens = client.ask(client.new_code()).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    only_reads(postgres, "on")
    try:
        for _ in range(4):  # every connection
            answer = client.ask(refresh)
            assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert get(running.base_url + ME, headers=bearer(tokens["access_token"]))[0].status_code == 200
    finally:
        only_reads(postgres, "off")
    assert client.ask(refresh).status_code == 200


def only_reads(postgres: PostgresServer, value: str) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as other:
        other.execute("SET default_transaction_read_only = off")
        other.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        other.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with psycopg.connect(postgres.url) as other:
            if other.execute("SHOW default_transaction_read_only").fetchone() == (value,):
                time.sleep(0.3)  # the others hear of it before their next statement
                return


@pytest.mark.spec("O-144", "operation")
def test_no_connection_is_left_for_a_while(
    client: Client, postgres: PostgresServer, running: Installation
) -> None:
    with refreshing(client, 4) as chains:
        with ExitStack() as stack:
            take_all(postgres.url, stack)
            until = time.monotonic() + 2
            while time.monotonic() < until:
                answer, seconds = get(f"{running.base_url}/readyz")
                assert (answer.status_code, seconds < LONGEST) == (503, True)
                time.sleep(0.1)
            assert all(chain.said["503 temporarily_unavailable"] for chain in chains)
        until_refreshed(chains, 5)


def take_all(url: str, stack: ExitStack) -> None:
    """Take every connection that there is, those that a server kept among them."""
    first = stack.enter_context(psycopg.connect(url, autocommit=True, application_name="thief"))
    deadline, refused = time.monotonic() + 10, 0
    while refused < 50:
        assert time.monotonic() < deadline
        first.execute(END_OTHERS)
        try:
            another = psycopg.connect(url, autocommit=True, application_name="thief")
        except psycopg.OperationalError:
            refused += 1
            continue
        refused = 0
        stack.enter_context(another)


END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE application_name <> 'thief' AND backend_type = 'client backend'
"""


@pytest.mark.spec("S-14", "RFC 9110 §15.6.4")
def test_on_sqlite_a_writer_elsewhere_stops_no_reader(installation: Installation) -> None:
    person = Person(installation.base_url)
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(installation, person, "web", "Locked") as created:
        read_while_locked(installation, person, Client(person, created))


def read_while_locked(installation: Installation, person: Person, client: Client) -> None:
    tokens = client.ask(client.new_code()).json()
    file = installation.folder / "var" / "gatehouse.sqlite3"
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    with LockedFile(file, seconds=7), ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        writing = [pool.submit(client.ask, refresh) for _ in range(6)]
        time.sleep(0.3)
        for _ in range(5):
            answer, seconds = get(installation.base_url + ME, headers=bearer(tokens["access_token"]))
            assert (answer.status_code, seconds < 1) == (200, True)
            url = installation.base_url + INTROSPECT
            asked = requests.post(url, {"token": tokens["access_token"]}, auth=client.credentials, timeout=30)
            assert asked.json()["active"] is True
            page = person.browser.get(f"{installation.base_url}/console/applications/", timeout=30)
            assert page.status_code == 200
        assert time.monotonic() - began < 3
        answers = [each.result() for each in writing]
        assert {answer.status_code for answer in answers} == {503}
        assert time.monotonic() - began < LONGEST + 0.3
    assert client.ask(refresh).status_code == 200


class LockedFile:
    """An SQLite file that another program writes to, for so many seconds or until the block ends."""

    def __init__(self, file: Path, seconds: float) -> None:
        self.file, self.seconds = file, seconds
        self.locked, self.done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def __enter__(self) -> None:
        self.thread.start()
        assert self.locked.wait(5)

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()

    def hold(self) -> None:
        connection = sqlite3.connect(self.file, isolation_level=None, timeout=5)
        connection.execute("BEGIN IMMEDIATE")
        self.locked.set()
        self.done.wait(self.seconds)
        connection.execute("ROLLBACK")
        connection.close()
