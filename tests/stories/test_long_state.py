"""Long authorization requests against the real server, with and without nginx in front of it."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.installation import ADMIN, ROOT, Installation
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.oauth_client import AUTHORIZE, hidden_fields
from tests.stories.conftest import SIGN_IN, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"
SITE = """
server {{
    listen 127.0.0.1:{port};
    {directives}
    location / {{
        proxy_pass http://127.0.0.1:{gatehouse};
        proxy_set_header Host localhost:{gatehouse};
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
    }}
}}
"""
STATES = {
    "8,000 plain": "x" * 8_000,
    "2,000 percent-encoded": "{" * 2_000,
    "2,000 of four bytes": "\U0001f511" * 2_000,
}


@pytest.fixture(params=["direct", "nginx"])
def front(request: pytest.FixtureRequest, server: Installation) -> Iterator[str]:
    """Where browsers reach the server."""
    with ExitStack() as running:
        port = server.port
        if request.param == "nginx":
            port = free_port()
            site = SITE.format(port=port, gatehouse=server.port, directives=recommended())
            running.enter_context(Nginx(site, port))
        yield f"http://localhost:{port}"


def recommended() -> str:
    """What the operator of an nginx is told to set."""
    row = re.compile(r"^\| nginx \| `(large_client_header_buffers [^`]+)` \|$", re.MULTILINE)
    found = row.search((ROOT / "docs" / "operating.md").read_text())
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def client_id(server: Installation) -> str:
    made = manage(server, "create_application", "--type", "web", "--name", "Long", "--redirect-url", CALLBACK)
    return str(made["client_id"])


def asked(front: str, client_id: str, state: str) -> requests.PreparedRequest:
    parameters = {"client_id": client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": state}
    return requests.Request("GET", f"{front}{AUTHORIZE}?{urlencode(parameters)}").prepare()


def told(location: str) -> dict[str, str]:
    """What a client hears by a redirect."""
    assert location.startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def sign_in_and_allow(front: str, client_id: str, state: str) -> dict[str, str]:
    """Go the way of an authorization request, as a browser does, and return what the client hears."""
    browser = requests.Session()
    page = browser.send(asked(front, client_id, state), timeout=30)
    assert (page.status_code, urlsplit(page.url).path) == (200, SIGN_IN), page.text[:500]
    # Browsers send no more than the origin of a page whose URL has more than 4,096 characters.
    referer = {"Referer": f"{front}/"}
    form = hidden_fields(page.text) | {
        "login": ADMIN["ADMIN_USERNAME"],
        "password": ADMIN["ADMIN_PASSWORD"],
    }
    page = browser.post(f"{front}{SIGN_IN}", form, timeout=30, headers=referer)
    assert (page.status_code, urlsplit(page.url).path) == (200, AUTHORIZE), page.text[:500]
    decision = hidden_fields(page.text) | {"decision": "allow"}
    answer = browser.post(f"{front}{AUTHORIZE}", decision, timeout=30, allow_redirects=False, headers=referer)
    assert answer.status_code == 302, answer.text[:500]
    return told(answer.headers["Location"])


@pytest.mark.spec("A-47", "RFC 6749 §4.1.2")
@pytest.mark.parametrize("state", STATES)
def test_a_long_state_comes_back_through_the_sign_in_page(front: str, client_id: str, state: str) -> None:
    back = sign_in_and_allow(front, client_id, STATES[state])
    assert back["state"] == STATES[state]
    assert back["code"]


@pytest.mark.spec("A-47", "RFC 6749 §4.1.2")
@pytest.mark.spec("A-48", "RFC 6749 §4.1.2.1")
def test_the_longest_request_works_and_one_byte_more_is_an_error_for_the_client(
    front: str, client_id: str
) -> None:
    rest = 10 * 1024 - len(client_id) - len(CALLBACK) - len("code")
    assert sign_in_and_allow(front, client_id, "{" * rest)["state"] == "{" * rest
    for length, character in ((rest + 1, "{"), (18_000, "{"), (60_000, "x")):
        answer = requests.Session().send(
            asked(front, client_id, character * length), timeout=30, allow_redirects=False
        )
        assert answer.status_code == 302
        back = told(answer.headers["Location"])
        assert (back["error"], back["state"]) == ("invalid_request", character * length)


def test_more_than_the_server_reads_is_refused_and_hurts_nobody(front: str, client_id: str) -> None:
    for length in (70_000, 200_000):
        answer = requests.Session().send(asked(front, client_id, "x" * length), timeout=30)
        assert answer.status_code in {400, 414, 431}
    assert "code" in json.dumps(sign_in_and_allow(front, client_id, "short"))
