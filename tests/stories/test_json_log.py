"""A running server that writes its log as JSON: whatever happens, each line is an object."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.processes import workers_of
from tests.oauth_client import ME, TOKEN
from tests.stories.conftest import Person

pytestmark = pytest.mark.story


@pytest.mark.spec("O-20", "operation")
@pytest.mark.spec("O-21", "RFC 3339")
@pytest.mark.parametrize("mode", ["0", "1"], ids=["direct", "behind_proxy"])
def test_every_line_of_a_server_is_an_object(tmp_path: Path, mode: str) -> None:
    environment = ADMIN | {"LOG_FORMAT": "json", "BEHIND_PROXY": mode}
    with Installation(tmp_path / "gatehouse", environment) as server:
        requests.post(server.base_url + TOKEN, {"grant_type": "none"}, timeout=10)
        refused = requests.get(server.base_url + ME, headers={"Authorization": "Bearer gtacc_x"}, timeout=10)
        Person(server.base_url).sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
        requests.get(f"{server.base_url}/nothing?key=secret", timeout=10)
        os.kill(workers_of(server.pid)[0], signal.SIGKILL)
        time.sleep(1.5)
        requests.get(server.base_url + ME, timeout=10)
        time.sleep(0.3)
    _, _, written = server.log_text().partition("(stop it with Ctrl-C)\n")
    lines: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]
    assert all(
        {"time", "level", "logger", "request_id", "outcome", "message"} <= line.keys() for line in lines
    )
    about = [line for line in lines if line["request_id"] == refused.headers["X-Request-Id"]]
    assert {(line["logger"], line["outcome"]) for line in about} == {
        ("gatehouse.api", "refused"),
        ("gatehouse.access", "refused"),
    }
    assert all(line["time"].endswith("Z") for line in lines)
    assert "secret" not in written
    assert "gtacc_x" not in written
