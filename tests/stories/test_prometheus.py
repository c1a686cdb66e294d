"""A real Prometheus scrapes a running server, and takes the alerts and the dashboard's expressions."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.infrastructure.alerts import alerts, panels
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.processes import dying_with_parent, free_port
from tests.oauth_client import ME

pytestmark = pytest.mark.story

KEY = "a token for whoever scrapes"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A server behind a proxy, which Prometheus goes past."""
    environment = ADMIN | {"BEHIND_PROXY": "1", "METRICS_TOKEN": KEY}
    with Installation(tmp_path_factory.mktemp("server") / "gatehouse", environment) as running:
        yield running


def configuration(folder: Path, server: Installation) -> Path:
    """What Prometheus is told: whom to scrape, and our alerts. YAML is a superset of JSON."""
    rules = [
        {
            "alert": alert.name.title().replace(" ", ""),
            "expr": alert.expression,
            "for": alert.lasts,
            "annotations": {"summary": alert.name, "description": alert.what_to_do},
        }
        for alert in alerts()
    ]
    (folder / "alerts.yml").write_text(json.dumps({"groups": [{"name": "gatehouse", "rules": rules}]}))
    (folder / "token").write_text(KEY)
    scrape = {
        "job_name": "gatehouse",
        "authorization": {"credentials_file": str(folder / "token")},
        "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
    }
    every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    told = {"global": every, "rule_files": ["alerts.yml"], "scrape_configs": [scrape]}
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(told))
    return file


class Prometheus:
    """Prometheus, which has scraped a server twice.

    Args:
        folder: where it keeps what it has read.
        server: whom it scrapes.
    """

    def __init__(self, folder: Path, server: Installation) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        options = {
            "config.file": configuration(folder, server),
            "storage.tsdb.path": folder / "data",
            "web.listen-address": self.url.removeprefix("http://"),
        }
        command = ["prometheus", *(f"--{name}={value}" for name, value in options.items())]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*dying_with_parent("KILL"), *command], stdout=log, stderr=subprocess.STDOUT
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until it takes queries: it listens before, and refuses them with 503."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/-/ready", timeout=10).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("Prometheus did not start")

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/api/v1/{path}", parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    def value(self, expression: str) -> float:
        """The one value of an expression; 0 where it has none yet."""
        found = self.get("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else 0

    def wait_for(self, expression: str, value: float) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self.value(expression) == value:
                return
            time.sleep(0.2)
        raise AssertionError(f"{expression} is not {value}: {self.get('targets')}")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, server: Installation) -> Iterator[Prometheus]:
    require("prometheus")
    running = Prometheus(tmp_path_factory.mktemp("prometheus"), server)
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.spec("O-12", "operation")
def test_prometheus_reads_what_was_counted(prometheus: Prometheus, server: Installation) -> None:
    for _ in range(7):
        requests.get(server.base_url + ME, timeout=10)
    prometheus.wait_for('gatehouse_request_duration_seconds_count{endpoint="me",outcome="refused"}', 7)
    assert prometheus.value('up{job="gatehouse"}') == 1
    assert prometheus.value("gatehouse_permits") == 4
    assert prometheus.value("gatehouse_database_up") == 1
    assert prometheus.get("targets")["activeTargets"][0]["lastError"] == ""


@pytest.mark.spec("O-13", "operation")
def test_prometheus_takes_every_expression(prometheus: Prometheus) -> None:
    prometheus.wait_for("gatehouse_permits", 4)
    for _, expression in panels():
        prometheus.get("query", query=expression)
    [group] = prometheus.get("rules")["groups"]
    assert [rule["annotations"]["summary"] for rule in group["rules"]] == [alert.name for alert in alerts()]
    time.sleep(2)
    [group] = prometheus.get("rules")["groups"]
    assert {(rule["health"], rule["state"]) for rule in group["rules"]} == {("ok", "inactive")}
