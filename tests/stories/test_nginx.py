"""An application behind a real nginx that asks Gatehouse, configured by the recipe in deploy/nginx."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.infrastructure.front import ENVIRONMENT
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.oauth_client import REVOKE
from tests.stories.conftest import certificate
from tests.stories.protected import Machine, Upstream, as_proxy, bearer, make_machine, recipe

pytestmark = pytest.mark.story


@dataclass
class Protected:
    """An application at `url` behind nginx, and the machine that calls it."""

    url: str
    upstream: Upstream
    machine: Machine
    gatehouse: int

    def call(self, method: str = "GET", path: str = "/reports", **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, timeout=30, allow_redirects=False, **options)


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    require("nginx")
    folder = tmp_path_factory.mktemp("behind-nginx")
    port = free_port()
    with Upstream() as upstream, Installation(folder / "gatehouse", ADMIN | ENVIRONMENT) as installation:
        machine = make_machine(installation, *certificate(folder), installation.base_url, as_proxy())
        with Nginx(recipe([installation.port], upstream.port, port), port):
            yield Protected(f"http://127.0.0.1:{port}", upstream, machine, installation.port)


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
    wrong_host = recipe([protected.gatehouse], protected.upstream.port, port).replace(
        "Host gatehouse.example.com", "Host wrong.example.com"
    )
    nobody_there = recipe([free_port()], protected.upstream.port, port)
    before = protected.upstream.requests
    for site in (wrong_host, nobody_there):
        with Nginx(site, port):
            answer = requests.get(f"http://127.0.0.1:{port}/", headers=bearer(token), timeout=30)
        assert answer.status_code == 500
    assert protected.upstream.requests == before
