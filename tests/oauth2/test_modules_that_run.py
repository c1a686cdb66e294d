"""Which of our modules run for one code exchange and one bearer check: few, and those that the docs list.

From the dispatcher to the response; the server's threads (`server/workers`) come before and after. Where a
list has changed, the failing test prints it as `docs/architecture.md` should have it.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from oauthapps.http.notes import notes
from server.dispatcher import Application, endpoint_at
from tests.infrastructure.recording import recording
from tests.oauth_client import ME, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
OURS = {"accounts", "audit", "common", "config", "oauthapps", "server"}
DOCUMENT = ROOT / "docs" / "architecture.md"
MOST = {"code exchange": 18, "bearer check": 12}

Environ = dict[str, Any]


def modules_that_run(request: Callable[[], Environ]) -> list[str]:
    """The modules in which a function runs while a request is answered and noted, in order.

    Args:
        request: makes the request anew; it is answered twice, because the first time fills caches.
    """
    handler = Application()
    seen: dict[str, None] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            relative = path.relative_to(ROOT)
            if relative.parts[0] in OURS:
                seen.setdefault(str(relative))

    for _ in range(2):
        environ = request()
        seen.clear()
        with recording():
            sys.setprofile(note)
            try:
                response = handler.respond(environ, endpoint_at(environ["PATH_INFO"]))
            finally:
                sys.setprofile(None)
            assert len(notes) == 1
        assert response.status == 200
    return list(seen)


def listed(title: str) -> list[str]:
    """The modules that the docs list under a title, less those that run on the other database."""
    section = re.split(rf"^### .*{title}.*$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    lines = re.findall(r"^\d+\. `([\w/]+\.py)`(.*)$", section.partition("\n#")[0], re.MULTILINE)
    other = "SQLite alone" if connection.vendor == "postgresql" else "PostgreSQL alone"
    return [path for path, text in lines if other not in text]


def check(title: str, ran: list[str]) -> None:
    expected = listed(title)
    assert len(ran) <= MOST[title], "\n".join(ran)
    found = [path for path in expected if path in ran] + [path for path in ran if path not in expected]
    assert found == expected, "\n".join(f"{number}. `{path}`" for number, path in enumerate(ran, 1))


def test_a_code_exchange_runs_few_modules(web: OAuthClient, visitor: Client) -> None:
    def exchange() -> Environ:
        body = urlencode(web.token_parameters(web.get_code(visitor)))
        return RequestFactory().post(TOKEN, body, content_type="application/x-www-form-urlencoded").META

    check("code exchange", modules_that_run(exchange))


def test_a_bearer_check_runs_few_modules(web: OAuthClient, visitor: Client) -> None:
    access_token = web.get_tokens(visitor)["access_token"]

    def bearer() -> Environ:
        return RequestFactory().get(ME, headers={"Authorization": f"Bearer {access_token}"}).META

    check("bearer check", modules_that_run(bearer))
