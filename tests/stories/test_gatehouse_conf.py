"""Gatehouse behind a real nginx with the configuration in deploy/nginx, and behind Caddy, as curl sees it."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.infrastructure.caddy import caddy_in_front_of
from tests.infrastructure.front import BASE_URL, ENVIRONMENT, Front, in_front_of
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.processes import free_port
from tests.oauth_client import AUTHORIZE, ME, METADATA, TOKEN, hidden_fields
from tests.stories.conftest import SIGN_IN, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    require("nginx")
    with Installation(tmp_path_factory.mktemp("behind") / "gatehouse", ADMIN | ENVIRONMENT) as running:
        yield running


@pytest.fixture(scope="module")
def front(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with in_front_of([installation.port], tmp_path_factory.mktemp("front")) as running:
        yield running


@pytest.fixture(scope="module")
def caddy(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with caddy_in_front_of(installation.port, tmp_path_factory.mktemp("caddy")) as running:
        yield running


@pytest.fixture(scope="module")
def client_id(installation: Installation) -> str:
    options = ("--type", "web", "--name", "Long state", "--redirect-url", CALLBACK)
    return str(manage(installation, "create_application", *options)["client_id"])


@pytest.fixture(params=["front", "caddy"])
def either(request: pytest.FixtureRequest) -> Front:
    """What stands in front: nginx, then Caddy."""
    running: Front = request.getfixturevalue(request.param)
    return running


@pytest.mark.spec("O-83", "RFC 9113 §3.2; RFC 9325 §3.1.1")
@pytest.mark.spec("O-94", "operation")
def test_it_speaks_http_2_over_tls_1_2_or_newer(either: Front) -> None:
    assert either.curl("/healthz", "--http2").startswith("HTTP/2 200")
    assert either.curl("/healthz", "--http1.1", "--tls-max", "1.2").startswith("HTTP/1.1 200")
    old = either.run(f"{BASE_URL}/healthz", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0")
    assert old.returncode == 35, old.stderr  # CURLE_SSL_CONNECT_ERROR


@pytest.mark.spec("O-83", "RFC 9110 §7.4")
def test_another_host_gets_no_certificate(front: Front) -> None:
    assert front.run("https://elsewhere.example/healthz", "--insecure").returncode == 35
    redirected = front.curl("/a?b=c", scheme="http", host="elsewhere.example")
    assert f"Location: {BASE_URL}/a?b=c" in redirected


@pytest.mark.spec("O-83", "RFC 9700 §2.6; ASVS 12.2.1")
def test_people_are_redirected_to_https_and_api_clients_are_refused(front: Front) -> None:
    assert front.status("/accounts/login/", scheme="http") == 301
    assert front.status(AUTHORIZE, scheme="http") == 301
    assert front.status("/accounts/login/", "-d", "login=ada", scheme="http") == 403
    assert front.status(TOKEN, "-d", "grant_type=refresh_token", scheme="http") == 403
    assert front.status(ME, "-H", "Authorization: Bearer x", scheme="http") == 403
    assert front.status("/metrics", "-H", "Authorization: Bearer x", scheme="http") == 403


def sign_in(front: Front, *forged: str) -> int:
    """Sign in as the administrator with these options, and return the status of the answer."""
    jar = str(front.folder / "cookies")
    page = front.curl(SIGN_IN, "-c", jar, *forged)
    fields = hidden_fields(page) | {"login": ADMIN["ADMIN_USERNAME"], "password": ADMIN["ADMIN_PASSWORD"]}
    form = [part for name, value in fields.items() for part in ("--data-urlencode", f"{name}={value}")]
    return front.status(SIGN_IN, "-b", jar, "-e", f"{BASE_URL}{SIGN_IN}", *form, *forged)


@pytest.mark.spec("O-84", "RFC 7239 §8.1")
@pytest.mark.spec("O-94", "operation")
@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
def test_nobody_outside_says_where_a_request_comes_from(
    either: Front, installation: Installation, http: str
) -> None:
    forged = [
        "X-Forwarded-For: 203.0.113.9",
        "X_Forwarded_For: 203.0.113.9",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=203.0.113.9;proto=http;host=evil.example",
    ]
    options = [http, *(part for line in forged for part in ("-H", line))]
    assert sign_in(either, *options) == 302
    program = "from audit.models import Event; print(Event.objects.latest('pk').address)"
    done = installation.manage("shell", "--no-imports", "-c", program)
    assert done.stdout.split()[-1] == "127.0.0.1", done.stderr
    metadata = either.curl(METADATA, *options)
    assert f'"issuer": "{BASE_URL}"' in metadata
    assert "evil.example" not in metadata


def sent(front: Front, path: str, size: int) -> str:
    (front.folder / "body").write_bytes(b"a" * size)
    return front.curl(path, "--data-binary", f"@{front.folder / 'body'}", "-H", "Expect:")


@pytest.mark.spec("O-85", "RFC 9110 §15.5.14")
@pytest.mark.spec("O-94", "operation")
def test_bodies_go_as_far_as_gatehouse_takes_them(either: Front) -> None:
    assert re.match(r"HTTP/2 403", sent(either, SIGN_IN, 1_900_000))  # without a CSRF token


@pytest.mark.spec("O-85", "RFC 9110 §15.5.14")
def test_larger_bodies_are_refused(front: Front) -> None:
    assert re.match(r"HTTP/2 413", sent(front, SIGN_IN, 2_200_000))
    refused = sent(front, TOKEN, 100_000)
    assert re.match(r"HTTP/2 413", refused)
    assert '"error"' in refused


@pytest.mark.spec("O-85", "RFC 6749 §4.1.1")
@pytest.mark.spec("O-94", "operation")
def test_a_long_state_comes_through(either: Front, client_id: str) -> None:
    state = "%" * 3000  # three characters each, and nine once they are in the URL of the sign-in page
    parameters = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": state,
    }
    answer = either.curl(f"{AUTHORIZE}?{urlencode(parameters)}")
    assert re.match(r"HTTP/2 302", answer)
    assert len(answer) > 15_000


@pytest.mark.spec("O-85", "ASVS 16.2.5")
def test_the_log_of_nginx_has_no_query(front: Front) -> None:
    front.curl("/healthz?key=of-a-one-time-link")
    log = (front.folder / "access.log").read_text()
    assert '"GET /healthz HTTP/2.0" 200' in log
    assert "of-a-one-time-link" not in log


@pytest.mark.spec("O-86", "RFC 9110 §15.6.4")
def test_while_gatehouse_is_away_clients_are_told_to_come_back(front: Front) -> None:
    with in_front_of([free_port()], front.folder) as alone:
        answer = alone.curl("/accounts/login/")
    assert re.match(r"HTTP/2 503", answer)
    assert "retry-after: 5" in answer.lower()
