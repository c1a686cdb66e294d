"""What stories do with an installation."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.node import installed
from tests.infrastructure.wire import Wire, status_in
from tests.oauth_client import TOKEN, hidden_fields

ME, SIGN_IN = "/api/v1/me", "/accounts/login/"
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
REFRESH = urlencode({"grant_type": "refresh_token", "refresh_token": "none", "client_id": "none"}).encode()
CLIENT_SECONDS = 3
NODE_CLIENTS = Path(__file__).with_name("node")


@pytest.fixture(scope="module", autouse=True)
def _on_one_worker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> None:
    """Insist that one worker runs the stories of a file, so that their installation starts once."""
    if worker_id == "master":
        return
    note = tmp_path_factory.getbasetemp().parent / f"{request.path.stem}.worker"
    with contextlib.suppress(FileExistsError), note.open("x") as new:
        new.write(worker_id)
    assert note.read_text() == worker_id, "Two workers run these stories: see infrastructure/scheduling.py."


class Manageable(Protocol):
    """What commands can be run on: an installation or a container."""

    def manage(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Run `manage.py`."""


def manage(installation: Manageable, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
    """Run a command with --json and return what it printed."""
    done = installation.manage(*arguments, "--json", input=stdin)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


class Person:
    """Somebody with a browser that knows no JavaScript."""

    def __init__(self, base_url: str, browser: requests.Session | None = None) -> None:
        self.base_url = base_url
        self.browser = browser or requests.Session()

    def sign_in(self, username: str, password: str) -> None:
        page = self.browser.get(f"{self.base_url}/accounts/login/", timeout=30)
        form = hidden_fields(page.text) | {"login": username, "password": password}
        answer = self.browser.post(page.url, form, timeout=30, headers={"Referer": page.url})
        assert "/accounts/login/" not in answer.url, answer.text

    def allow(self, authorization_url: str) -> str:
        """Open an authorization URL, sign in if asked, allow, and return where the browser is sent."""
        page = self.browser.get(authorization_url, timeout=30)
        if "/accounts/login/" in page.url:
            form = hidden_fields(page.text) | {
                "login": ADMIN["ADMIN_USERNAME"],
                "password": ADMIN["ADMIN_PASSWORD"],
            }
            page = self.browser.post(page.url, form, timeout=30, headers={"Referer": page.url})
        assert page.status_code == 200, page.text
        form = hidden_fields(page.text) | {"decision": "allow"}
        address = f"{self.base_url}/integrations/oauth2/authorize"
        answer = self.browser.post(
            address, form, timeout=30, allow_redirects=False, headers={"Referer": page.url}
        )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def sent_back(self, authorization_url: str) -> str:
        """Open an authorization URL that asks for nothing that can be allowed; return where that leads."""
        answer = self.browser.get(authorization_url, timeout=30, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


OWN_PASSWORD = "a password of her own"


def choose_password(person: Person, generated: str, own: str) -> None:
    """Sign in with the password of a first run, as far as the page that asks for another, and set that."""
    page = person.browser.get(f"{person.base_url}/accounts/login/", timeout=30)
    sent = [
        {"login": "admin", "password": generated},
        {"password1": own, "password2": own},
    ]
    for fields in sent:
        form = hidden_fields(page.text) | fields
        page = person.browser.post(page.url, form, timeout=30, headers={"Referer": page.url})
        assert page.status_code == 200, page.text
    assert page.url == f"{person.base_url}/console/applications/", page.text


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder with the clients in JavaScript, and the libraries that they use."""
    return installed(NODE_CLIENTS)


@pytest.fixture
def person(installation: Installation) -> Person:
    return Person(installation.base_url)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key pair as the documentation says and return the files of its private key and certificate."""
    require("openssl")
    private, public = folder / "private.key", folder / "certificate_pub.crt"
    command = "openssl req -x509 -sha256 -nodes -newkey rsa:2048 -batch -subj /CN=integration"
    subprocess.run(
        [*command.split(), "-keyout", str(private), "-out", str(public)], check=True, capture_output=True
    )
    return private, public


@pytest.fixture(scope="module", params=["0", "1"], ids=["direct", "behind_proxy"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A server that gives its clients three seconds."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "tmp").mkdir()
    environment = ADMIN | {
        "CLIENT_SECONDS": str(CLIENT_SECONDS),
        "BEHIND_PROXY": request.param,
        "TMPDIR": str(folder / "tmp"),
    }
    with Installation(folder / "gatehouse", environment) as running:
        yield running


@pytest.fixture
def wire(server: Installation) -> Wire:
    return Wire(server.port)


def post(wire: Wire, path: str, *lines: str, body: bytes = b"") -> bytes:
    return wire.request(f"POST {path}", FORM, *lines, body=body)


def answers_everybody(wire: Wire) -> None:
    """Insist on an answer within a second from an API, an endpoint for clients and a page."""
    for data, status in [
        (wire.request(f"GET {ME}"), 401),
        (post(wire, TOKEN, body=b"grant_type=none"), 400),
        (wire.request(f"GET {SIGN_IN}"), 200),
    ] * 4:
        with wire.connect() as connection:
            connection.sendall(data)
            began = time.monotonic()
            connection.settimeout(1)
            assert status_in(connection.recv(100)) == status
            assert time.monotonic() - began < 1


def is_behind_proxy(server: Installation) -> bool:
    return server.environment["BEHIND_PROXY"] == "1"
