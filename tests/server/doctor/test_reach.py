"""What the doctor says of a URL at which nothing answers, or a proxy whose server is away."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from server.doctor.findings import Level
from server.doctor.reach import check_reach
from tests.infrastructure.processes import free_port
from tests.server.doctor.conftest import only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings


class Away(BaseHTTPRequestHandler):
    """Answers as a proxy that reaches no server."""

    def do_GET(self) -> None:
        """Say that what was asked for is unavailable."""
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def proxy() -> Iterator[str]:
    """The URL of a proxy whose server is away."""
    with HTTPServer(("127.0.0.1", 0), Away) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.spec("O-72", "operation")
def test_a_proxy_whose_server_is_away_is_not_taken_for_another_site(settings: Settings, proxy: str) -> None:
    settings.BASE_URL = proxy
    finding = only(check_reach)
    assert (finding.level, "unavailable (status 503)" in finding.sentence) == (Level.ERROR, True)
    assert finding.advice.startswith("Start the server")


@pytest.mark.spec("O-72", "operation")
def test_it_says_in_words_why_nothing_answers(settings: Settings) -> None:
    settings.BASE_URL = f"http://localhost:{free_port()}"
    assert only(check_reach).sentence.endswith("(Connection refused).")
    settings.BASE_URL = "https://gatehouse.invalid"
    finding = only(check_reach)
    assert finding.level is Level.WARNING
    assert "gaierror" not in finding.sentence
