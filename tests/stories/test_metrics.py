"""Metrics of a running server: all workers are added up, dead ones too."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.processes import is_running, workers_of
from tests.oauth_client import ME

pytestmark = pytest.mark.story

KEY = "a token for whoever scrapes"


@pytest.fixture(params=["0", "1"], ids=["direct", "behind_proxy"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """A server with three workers."""
    environment = ADMIN | {"BEHIND_PROXY": request.param, "METRICS_TOKEN": KEY, "WORKERS": "3"}
    with Installation(tmp_path / "gatehouse", environment) as running:
        yield running


def scraped(server: Installation) -> dict[str, float]:
    """The requests for the resource that were refused, and the workers that were started."""
    answer = requests.get(
        f"{server.base_url}/metrics",
        headers={"Authorization": f"Bearer {KEY}", "Host": "10.0.0.7:9"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.labels in ({}, {"endpoint": "me", "outcome": "refused"})
    }


def ask(server: Installation, times: int) -> None:
    """Ask so often, each time on a connection of its own, so that every worker gets some."""
    for _ in range(times):
        assert requests.get(server.base_url + ME, timeout=10).status_code == 401


def counted(server: Installation) -> float:
    """How many requests for the resource were refused; they are counted after they were answered."""
    time.sleep(0.3)
    return scraped(server).get("gatehouse_request_duration_seconds_count", 0)


@pytest.mark.spec("O-10", "operation")
@pytest.mark.spec("O-12", "operation")
def test_workers_are_added_up_and_take_nothing_along_when_they_die(server: Installation) -> None:
    ask(server, 60)
    assert counted(server) == 60
    assert scraped(server)["gatehouse_permits"] == 6
    for worker in workers_of(server.pid):
        os.kill(worker, signal.SIGKILL)
        while is_running(worker):
            time.sleep(0.05)
        time.sleep(1.5)  # it is replaced
    ask(server, 20)
    assert counted(server) == 80
    assert scraped(server)["gatehouse_worker_starts_total"] == 6
    assert "/metrics" not in server.log_text()
    server.stop()
    server.start()
    assert counted(server) == 0


@pytest.mark.spec("O-10", "operation")
def test_who_comes_from_this_machine_may_read_unless_there_is_a_proxy(server: Installation) -> None:
    closed = server.environment["BEHIND_PROXY"] == "1"
    url = f"{server.base_url}/metrics"
    assert requests.get(url, timeout=10).status_code == (403 if closed else 200)
    assert requests.get(url, headers={"X-Forwarded-For": "127.0.0.1"}, timeout=10).status_code == 403
    assert requests.get(url, headers={"Authorization": "Bearer no"}, timeout=10).status_code == (
        403 if closed else 200
    )
    assert scraped(server)["gatehouse_database_up"] == 1
