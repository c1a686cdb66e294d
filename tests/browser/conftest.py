"""A client's web server for browsers to be sent back to, and a window that is used for many pages."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser.window import Window

# Playwright runs an event loop in the thread of the tests; no coroutine of it touches the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


class Callback:
    """Remembers what browsers brought; it redirects once more, as many clients do, to its own start page."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/callback":
                    received.append({name: values[0] for name, values in parse_qs(parts.query).items()})
                    self.send_response(302)
                    self.send_header("Location", "/start")
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>Client</title><h1>Signed in at the client</h1>")

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callback"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def callback() -> Iterator[Callback]:
    listening = Callback()
    yield listening
    listening.server.shutdown()
    listening.server.server_close()


@pytest.fixture(scope="session")
def _window(browser: Browser, django_db_setup: None, live_server: LiveServer) -> Iterator[Window]:
    """One for all pages: opening another for each would take longer than looking at it.

    The database comes before the server, which would otherwise share the tests' connection between threads.
    """
    assert not live_server.thread.connections_override
    context = browser.new_context(reduced_motion="reduce")
    yield Window(context, live_server.url)
    context.close()


@pytest.fixture
def window(_window: Window, transactional_db: None) -> Window:
    return _window
