"""An application behind a real nginx that asks Gatehouse, configured by the recipe in deploy/nginx."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import jwt
import pytest
import requests

from tests.infrastructure.installation import ADMIN, ROOT, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.oauth_client import JWT_EXCHANGE, REVOKE
from tests.stories.conftest import certificate, manage

pytestmark = pytest.mark.story

RECIPE = ROOT / "deploy" / "nginx" / "verify.conf"
# The recipe's own name for Gatehouse: an installation behind a proxy that ends TLS.
BEHIND_PROXY = {"BASE_URL": "https://gatehouse.example.com", "BEHIND_PROXY": "1"}
AS_PROXY = {"Host": "gatehouse.example.com", "X-Forwarded-Proto": "https"}


class Upstream:
    """The application to be protected: it answers with what reached it."""

    def __init__(self) -> None:
        self.requests = 0
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                upstream.requests += 1
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                told = {"method": self.command, "path": self.path, "headers": headers, "bytes": len(body)}
                reply = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply)

            def log_message(self, *arguments: object) -> None:
                pass

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Machine:
    """A machine application, which reaches Gatehouse as the proxy in front of it passes requests on."""

    installation: Installation
    application: dict[str, Any]
    private_key: str

    def token(self, **parameters: str) -> str:
        claims = {
            "iss": self.application["customer_id"],
            "sub": self.application["user_id"],
            "exp": int(time.time()) + 60,
        }
        assertion = jwt.encode(claims, self.private_key, algorithm="RS256")
        reply = self.post(JWT_EXCHANGE, jwt_token=assertion, **parameters)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def post(self, path: str, **parameters: str) -> requests.Response:
        credentials = {name: self.application[name] for name in ("client_id", "client_secret")}
        url = self.installation.base_url + path
        return requests.post(url, credentials | parameters, headers=AS_PROXY, timeout=30)


@dataclass
class Protected:
    """An application at `url` behind nginx, and the machine that calls it."""

    url: str
    upstream: Upstream
    machine: Machine

    def call(self, method: str = "GET", path: str = "/reports", **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=30, allow_redirects=False, **options)


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    require("nginx")
    folder = tmp_path_factory.mktemp("behind-nginx")
    port = free_port()
    with Upstream() as upstream, Installation(folder / "gatehouse", ADMIN | BEHIND_PROXY) as installation:
        machine = make_machine(installation, folder)
        with Nginx(recipe(installation.port, upstream.port, port), port):
            yield Protected(f"http://127.0.0.1:{port}", upstream, machine)


def recipe(gatehouse: int, application: int, port: int) -> str:
    """The recipe with this test's ports; whatever else it says is what stands in the file."""
    text = RECIPE.read_text()
    for ours, theirs in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{gatehouse};"),
        ("server 127.0.0.1:9000;", f"server 127.0.0.1:{application};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert text.count(ours) == 1
        text = text.replace(ours, theirs)
    return text


def make_machine(installation: Installation, folder: Path) -> Machine:
    private, public = certificate(folder)
    application = manage(
        installation,
        *("create_application", "--type", "machine_to_machine", "--name", "Behind nginx"),
        *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
    )
    return Machine(installation, application, private.read_text())


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_application_learns_who_calls_and_never_sees_the_token(protected: Protected) -> None:
    token = protected.machine.token()
    for headers in (bearer(token), {"sessionID": token}, bearer(token) | {"sessionID": token}):
        answer = protected.call(path="/reports?year=2031&scope=nothing", headers=headers)
        assert answer.status_code == 200, answer.text
        seen = answer.json()
        assert seen["path"] == "/reports?year=2031&scope=nothing"
        application = protected.machine.application
        assert seen["headers"]["x-auth-user-id"] == application["user_id"]
        assert seen["headers"]["x-auth-username"] == ADMIN["ADMIN_USERNAME"]
        assert seen["headers"]["x-auth-client-id"] == application["client_id"]
        assert seen["headers"]["x-auth-scope"] == "read write"
        assert token not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Basic dTpw"},
        {"X-Auth-User-Id": "0" * 32},
        {"Cookie": "gatehouse_session=unknown; __Host-gatehouse_session=unknown"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_nothing_reaches_the_application(
    protected: Protected, method: str, headers: dict[str, str]
) -> None:
    before = protected.upstream.requests
    answer = protected.call(method, headers=headers, data=b"x" * 100)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="gatehouse"')
    assert "Set-Cookie" not in answer.headers
    assert protected.call(path="/reports?sessionID=" + protected.machine.token()).status_code == 401
    assert protected.upstream.requests == before


def test_nobody_outside_says_who_they_are(protected: Protected) -> None:
    forged = {
        "X-Auth-User-Id": "0" * 32,
        "X-Auth-Username": "somebody-else",
        "X_Auth_User_Id": "0" * 32,
        "X-Auth-Scope": "everything",
        "X-Auth-Audience": "https://everything.example",
        "X-Auth-Sub-Type": "service",
    }
    seen = protected.call(headers=bearer(protected.machine.token()) | forged).json()["headers"]
    assert seen["x-auth-user-id"] == protected.machine.application["user_id"]
    assert seen["x-auth-username"] == ADMIN["ADMIN_USERNAME"]
    assert seen["x-auth-scope"] == "read write"
    assert "everything" not in seen["x-auth-audience"]
    assert "x-auth-sub-type" not in seen
    assert "x_auth_user_id" not in seen


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_to_change_something_a_token_needs_the_scope_write(protected: Protected, method: str) -> None:
    reader, writer = protected.machine.token(scope="read"), protected.machine.token()
    assert protected.call("GET", headers=bearer(reader)).status_code == 200
    assert protected.call("HEAD", headers=bearer(reader)).status_code == 200
    before = protected.upstream.requests
    for path in ("/reports", "/reports?scope=read"):
        assert protected.call(method, path, headers=bearer(reader)).status_code == 403
    assert protected.upstream.requests == before
    answer = protected.call(method, headers=bearer(writer))
    assert (answer.status_code, answer.json()["method"]) == (200, method)


def test_a_body_of_any_kind_goes_to_the_application_alone(protected: Protected) -> None:
    headers = bearer(protected.machine.token())
    big = b"x" * 900_000
    for content_type in ("application/json", "multipart/form-data", "application/x-www-form-urlencoded"):
        answer = protected.call("POST", data=big, headers={**headers, "Content-Type": content_type})
        assert (answer.status_code, answer.json()["bytes"]) == (200, len(big))
    chunked = protected.call("POST", data=iter([b"x" * 1000] * 10), headers=headers)
    assert (chunked.status_code, chunked.json()["bytes"]) == (200, 10_000)


@pytest.mark.parametrize(
    "path", ["/a%0Ab", "/a/%2e%2e/b", "/é", "/?a=%zz", "/" + "x" * 3000, "/?" + "a=1&" * 500]
)
def test_strange_addresses_get_a_yes_or_a_no(protected: Protected, path: str) -> None:
    assert protected.call(path=path, headers=bearer(protected.machine.token())).status_code == 200
    assert protected.call(path=path).status_code == 401


def test_the_question_cannot_be_asked_from_outside(protected: Protected) -> None:
    before = protected.upstream.requests
    answer = protected.call(path="/gatehouse-verify", headers=bearer(protected.machine.token()))
    assert answer.status_code == 404
    assert "X-Auth-User-Id" not in answer.headers
    assert protected.upstream.requests == before


def test_a_revoked_token_opens_nothing_any_more(protected: Protected) -> None:
    token = protected.machine.token()
    assert protected.call(headers=bearer(token)).status_code == 200
    assert protected.machine.post(REVOKE, token=token).status_code == 200
    assert protected.call(headers=bearer(token)).status_code == 401


def test_with_another_host_or_without_gatehouse_the_door_stays_shut(protected: Protected) -> None:
    """Each is an operator's mistake or bad luck; neither may let anybody in."""
    token, port = protected.machine.token(), free_port()
    wrong_host = recipe(protected.machine.installation.port, protected.upstream.port, port).replace(
        "Host gatehouse.example.com", "Host wrong.example.com"
    )
    nobody_there = recipe(free_port(), protected.upstream.port, port)
    before = protected.upstream.requests
    for site in (wrong_host, nobody_there):
        with Nginx(site, port):
            answer = requests.get(f"http://127.0.0.1:{port}/", headers=bearer(token), timeout=30)
        assert answer.status_code == 500
    assert protected.upstream.requests == before
