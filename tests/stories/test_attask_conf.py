"""An organization's own API below /attask/ behind a real nginx, with the configurations in deploy/nginx."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infrastructure.front import BASE_URL, ENVIRONMENT, HOST, Front, configuration
from tests.infrastructure.installation import ADMIN, ROOT, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.infrastructure.tls import make_certificate
from tests.stories.conftest import certificate
from tests.stories.protected import Machine, Upstream, make_machine

pytestmark = pytest.mark.story

SNIPPET = ROOT / "deploy" / "nginx" / "attask.conf"
INCLUDE = "include snippets/gatehouse-attask.conf;"  # as the snippet says itself
CALL = "/attask/api/v22.0/project/search"


@dataclass
class Behind:
    """The API, nginx in front of it, and an application that calls it."""

    front: Front
    installation: Installation
    api: Upstream
    machine: Machine

    def body(self, path: str, *options: str) -> dict[str, Any]:
        answer = self.front.curl(path, *options)
        assert re.match(r"HTTP/2 200", answer), answer
        found: dict[str, Any] = json.loads(answer.replace("\r\n", "\n").partition("\n\n")[2])
        return found


def site(front: Front, *, gatehouse: int, api: int) -> str:
    """Both files with this test's ports; whatever else they say is what stands in them."""
    snippet = SNIPPET.read_text()
    assert snippet.count(INCLUDE) == 1
    assert snippet.count("proxy_pass http://127.0.0.1:9000;") == 1
    included = front.folder / "attask.conf"
    included.write_text(snippet.replace("127.0.0.1:9000", f"127.0.0.1:{api}"))
    whole = configuration(front, [gatehouse])
    server, found, rest = whole.rpartition("    location / {\n        proxy_pass http://gatehouse;")
    assert found
    return f"{server}include {included};\n{found}{rest}"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    require("nginx")
    folder = tmp_path_factory.mktemp("attask")
    make_certificate(folder, HOST)
    with Upstream() as api, Installation(folder / "gatehouse", ADMIN | ENVIRONMENT) as installation:
        private, public = certificate(folder)
        front = Front(folder, https=free_port(), http=free_port())
        machine = make_machine(installation, private, public, BASE_URL, front.session())
        with Nginx(site(front, gatehouse=installation.port, api=api.port), front.https):
            yield Behind(front, installation, api, machine)


@pytest.mark.spec("O-117", "moving in")
def test_the_api_learns_who_calls_and_never_sees_the_token(behind: Behind) -> None:
    token = behind.machine.token()
    for header in (f"sessionID: {token}", f"Authorization: Bearer {token}"):
        seen = behind.body(f"{CALL}?fields=ID%2Fname&x=", "-H", header, "-H", "Cookie: a=b")
        assert seen["path"] == f"{CALL}?fields=ID%2Fname&x="
        headers = seen["headers"]
        assert headers["x-auth-user-id"] == behind.machine.application["user_id"]
        assert headers["x-auth-client-id"] == behind.machine.application["client_id"]
        assert (headers["x-auth-scope"], headers["host"]) == ("read write", HOST)
        assert "cookie" not in headers
        assert token not in json.dumps(seen)


@pytest.mark.spec("O-117", "moving in")
@pytest.mark.parametrize("name", ["user/me", "user/search"])
def test_the_calls_that_gatehouse_answers_stay_with_it(behind: Behind, name: str) -> None:
    before = behind.api.requests
    answer = behind.body(f"/attask/api/v22.0/{name}", "-H", f"sessionID: {behind.machine.token()}")
    person = answer["data"][0] if name == "user/search" else answer["data"]
    assert person["ID"] == behind.machine.application["user_id"]
    assert behind.api.requests == before


@pytest.mark.spec("O-117", "moving in")
def test_logging_out_ends_the_token_for_the_api_too(behind: Behind) -> None:
    header = ("-H", f"sessionID: {behind.machine.token()}")
    assert behind.front.status(CALL, *header) == 200
    before = behind.api.requests
    assert behind.body("/attask/api/v22.0/logout", "-X", "POST", *header) == {"data": {"success": True}}
    assert behind.front.status(CALL, *header) == 401
    assert behind.api.requests == before


@pytest.mark.spec("O-117", "RFC 6750 §3.1")
def test_without_a_token_or_its_scope_nothing_reaches_the_api(behind: Behind) -> None:
    before = behind.api.requests
    reader = ("-H", f"sessionID: {behind.machine.token(scope='read')}")
    paths = [
        CALL,
        "/attask/",
        "/attask/api/v22.0/user/me/",
        "/attask/api/v22.0/user/mex",
        "/attask/api/a/b/user/me",
        "/attask/x/api/v1/logout",
        "/attask/api/v1/user/../project/search",
        "/attask//api/v22.0/project/search",
    ]
    for path in paths:
        assert behind.front.status(path, "--path-as-is") == 401, path
        assert behind.front.status(path, "--path-as-is", "-H", "X-Auth-User-Id: 0") == 401, path
    assert behind.front.status(CALL, "-X", "PUT", *reader) == 403
    assert behind.front.status("/gatehouse-verify-attask", *reader) == 404
    assert behind.api.requests == before
    assert behind.front.status(CALL, *reader) == 200
    seen = behind.body(
        CALL, "-X", "DELETE", "-H", f"sessionID: {behind.machine.token()}", "-H", "X-Auth-User-Id: 0"
    )
    assert (seen["method"], seen["headers"]["x-auth-user-id"]) == (
        "DELETE",
        behind.machine.application["user_id"],
    )


@pytest.mark.spec("O-117", "RFC 6750 §3.1")
def test_a_method_that_a_request_names_needs_its_scope(behind: Behind) -> None:
    reader = ("-H", f"sessionID: {behind.machine.token(scope='read')}")
    before = behind.api.requests
    for query in ("method=DELETE", "a=1&method=put&b=2", "method=GET&method=POST", "METHOD=PUT"):
        assert behind.front.status(f"{CALL}?{query}", *reader) == 403, query
    assert behind.api.requests == before
    for query in ("method=GET", "method=get&a=1", "method=", "methods=PUT"):
        seen = behind.body(f"{CALL}?{query}", *reader, "-H", "X-HTTP-Method-Override: DELETE")
        assert "x-http-method-override" not in seen["headers"]
        assert seen["path"] == f"{CALL}?{query}"


@pytest.mark.spec("O-117", "moving in")
def test_the_api_gets_no_audience_that_a_client_chose(behind: Behind) -> None:
    forged = "https://forged.example/"
    seen = behind.body(CALL, "-H", f"sessionID: {behind.machine.token()}", "-H", f"X-Auth-Audience: {forged}")
    assert seen["headers"].get("x-auth-audience") != forged


@pytest.mark.spec("O-117", "moving in")
def test_the_api_gets_no_forwarding_that_a_client_chose(behind: Behind) -> None:
    forged = ("-H", "X-Forwarded-Host: forged.example", "-H", "Forwarded: host=forged.example")
    assert "forged" not in json.dumps(
        behind.body(CALL, "-H", f"sessionID: {behind.machine.token()}", *forged)
    )


@pytest.mark.spec("O-117", "RFC 9700 §4.3.2")
def test_a_token_in_the_url_needs_an_exception_and_goes_no_further(behind: Behind) -> None:
    token = behind.machine.token()
    url = f"{CALL}?a=1&sessionID={token}&b=%26"
    assert behind.front.status(url) == 401
    client_id = behind.machine.application["client_id"]
    program = (
        "from datetime import date, timedelta; from audit.actors import Actor; "
        "from oauthapps.models import Application; from oauthapps.services.moving_in import begin; "
        f"begin(Application.objects.get(client_id='{client_id}'), actor=Actor.command('tests'), "
        "exceptions={'session_id_in_url': date.today() + timedelta(days=1)})"
    )
    done = behind.installation.manage("shell", "--no-imports", "-c", program)
    assert done.returncode == 0, done.stderr
    seen = behind.body(url)
    assert seen["path"] == f"{CALL}?a=1&b=%26"
    assert token not in json.dumps(seen)
    assert behind.body(f"{CALL}?sessionID={token}")["path"] in (CALL, f"{CALL}?")
    # nginx finds the parameter in any case, and the first of several.
    for query in (f"sessionid={token}", f"a=1&SESSIONID={token}&b=2"):
        assert token not in json.dumps(behind.body(f"{CALL}?{query}")), query
    before = behind.api.requests
    for query in (f"sessionID={token}&sessionID={token}", f"sessionID={token}&a=1&sessionid="):
        assert behind.front.status(f"{CALL}?{query}") == 400, query
    assert behind.api.requests == before
    assert token not in (behind.front.folder / "access.log").read_text()


@pytest.mark.spec("O-117", "RFC 9110 §15.6.4")
def test_while_the_api_is_away_clients_are_told_to_come_back(behind: Behind) -> None:
    front = Front(behind.front.folder, https=free_port(), http=free_port())
    gone = site(front, gatehouse=behind.installation.port, api=free_port())
    header = ("-H", f"sessionID: {behind.machine.token()}")
    with Nginx(gone, front.https):
        answer = front.curl(CALL, *header)
    assert re.match(r"HTTP/2 503", answer)
    assert "retry-after: 5" in answer.lower()
