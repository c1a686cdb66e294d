"""A running server writes down what it refused, and loses nothing when it is told to stop."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.infrastructure.installation import ADMIN, DATABASE, Installation
from tests.oauth_client import ME

pytestmark = pytest.mark.story

REQUESTS = 40


def rows_of(installation: Installation, query: str, *values: str) -> list[Any]:
    """What a query finds in the installation's file."""
    with sqlite3.connect(installation.folder / "var" / DATABASE) as database:
        return database.execute(query, values).fetchall()


def ask(installation: Installation) -> str:
    """Ask with a token that was never issued, and return the request's id."""
    answer = requests.get(
        installation.base_url + ME, headers={"Authorization": "Bearer gtacc_never-issued"}, timeout=30
    )
    assert answer.status_code == 401
    return answer.headers["X-Request-Id"]


@pytest.mark.spec("U-02", "the inspector")
def test_a_refusal_is_there_within_seconds_and_none_is_lost_at_a_stop(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", ADMIN)
    installation.start()
    try:
        first = ask(installation)
        deadline = time.monotonic() + 3
        query = "SELECT times FROM oauthapps_recordedrequest WHERE request_id = ?"
        while not rows_of(installation, query, first):
            assert time.monotonic() < deadline, installation.log_text()
            time.sleep(0.1)
        for _ in range(REQUESTS - 1):
            ask(installation)
        installation.stop()
        assert rows_of(installation, "SELECT SUM(times) FROM oauthapps_recordedrequest") == [(REQUESTS,)]
        assert rows_of(installation, "SELECT COUNT(*) FROM oauthapps_recordedrequest")[0][0] <= 2 * 5 + 1
    finally:
        installation.kill()
