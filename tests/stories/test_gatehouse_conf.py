"""Gatehouse behind a real nginx with the configuration in deploy/nginx, as curl sees it."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.infrastructure.installation import ADMIN, ROOT, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.infrastructure.tls import make_certificate
from tests.oauth_client import AUTHORIZE, ME, METADATA, TOKEN, hidden_fields
from tests.stories.conftest import SIGN_IN, manage

pytestmark = pytest.mark.story

CONFIGURATION = ROOT / "deploy" / "nginx" / "gatehouse.conf"
HOST = "gatehouse.example.com"  # as it stands in the file
CALLBACK = "https://client.example/callback"


@dataclass
class Front:
    """nginx at its own ports, which curl takes for 443 and 80 of the host."""

    folder: Path
    installation: Installation
    https: int
    http: int

    def curl(self, path: str, *options: str, scheme: str = "https", host: str = HOST) -> str:
        """What curl writes: the headers of the answer and its body."""
        done = self.run(f"{scheme}://{host}{path}", *options)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self, path: str, *options: str, scheme: str = "https") -> int:
        last = re.findall(r"^HTTP/[\d.]+ (\d{3})", self.curl(path, *options, scheme=scheme), re.MULTILINE)
        return int(last[-1])

    def run(self, url: str, *options: str) -> subprocess.CompletedProcess[str]:
        ports = {443: self.https, 80: self.http}
        leading = []
        for port, ours in ports.items():
            leading += ["--connect-to", f":{port}:127.0.0.1:{ours}"]
        command = ["curl", "-sS", "-i", "--cacert", str(self.folder / "tls.crt"), *leading, *options, url]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def configuration(folder: Path, *, gatehouse: int, https: int, http: int) -> str:
    """The file with this test's ports and paths; whatever else it says is what stands in it."""
    text = CONFIGURATION.read_text()
    for ours, theirs, count in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{gatehouse};", 1),
        ("listen 443 ", f"listen 127.0.0.1:{https} ", 2),
        ("listen [::]:443 ", f"listen [::1]:{https} ", 2),
        ("listen 80;", f"listen 127.0.0.1:{http};", 1),
        ("listen [::]:80;", f"listen [::1]:{http};", 1),
        ("/etc/ssl/certs/gatehouse.pem", str(folder / "tls.crt"), 1),
        ("/etc/ssl/private/gatehouse.key", str(folder / "tls.key"), 1),
        ("/var/log/nginx/gatehouse.log", str(folder / "access.log"), 2),
    ):
        assert text.count(ours) == count, ours
        text = text.replace(ours, theirs)
    return text


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    require("nginx")
    folder = tmp_path_factory.mktemp("front")
    make_certificate(folder, HOST)
    environment = ADMIN | {"BASE_URL": f"https://{HOST}", "BEHIND_PROXY": "1"}
    with Installation(folder / "gatehouse", environment) as installation:
        ports = {"https": free_port(), "http": free_port()}
        site = configuration(folder, gatehouse=installation.port, **ports)
        with Nginx(site, ports["https"]):
            yield Front(folder, installation, **ports)


@pytest.mark.spec("O-83", "RFC 9113 §3.2; RFC 9325 §3.1.1")
def test_it_speaks_http_2_over_tls_1_2_or_newer(front: Front) -> None:
    assert front.curl("/healthz", "--http2").startswith("HTTP/2 200")
    assert front.curl("/healthz", "--http1.1", "--tls-max", "1.2").startswith("HTTP/1.1 200")
    old = front.run(f"https://{HOST}/healthz", "--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0")
    assert old.returncode == 35, old.stderr  # CURLE_SSL_CONNECT_ERROR


@pytest.mark.spec("O-83", "RFC 9110 §7.4")
def test_another_host_gets_no_certificate(front: Front) -> None:
    assert front.run("https://elsewhere.example/healthz", "--insecure").returncode == 35
    redirected = front.curl("/a?b=c", scheme="http", host="elsewhere.example")
    assert f"Location: https://{HOST}/a?b=c" in redirected


@pytest.mark.spec("O-83", "RFC 9700 §2.6; ASVS 12.2.1")
def test_people_are_redirected_to_https_and_api_clients_are_refused(front: Front) -> None:
    assert front.status("/accounts/login/", scheme="http") == 301
    assert front.status(AUTHORIZE, scheme="http") == 301
    assert front.status("/accounts/login/", "-d", "login=ada", scheme="http") == 403
    assert front.status(TOKEN, "-d", "grant_type=refresh_token", scheme="http") == 403
    assert front.status(ME, "-H", "Authorization: Bearer x", scheme="http") == 403


def sign_in(front: Front, *forged: str) -> int:
    """Sign in as the administrator with these options, and return the status of the answer."""
    jar = str(front.folder / "cookies")
    page = front.curl(SIGN_IN, "-c", jar, *forged)
    fields = hidden_fields(page) | {"login": ADMIN["ADMIN_USERNAME"], "password": ADMIN["ADMIN_PASSWORD"]}
    form = [part for name, value in fields.items() for part in ("--data-urlencode", f"{name}={value}")]
    return front.status(SIGN_IN, "-b", jar, "-e", f"https://{HOST}{SIGN_IN}", *form, *forged)


@pytest.mark.spec("O-84", "RFC 7239 §8.1")
@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
def test_nobody_outside_says_where_a_request_comes_from(front: Front, http: str) -> None:
    forged = [
        "X-Forwarded-For: 203.0.113.9",
        "X_Forwarded_For: 203.0.113.9",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: evil.example",
        "Forwarded: for=203.0.113.9;proto=http;host=evil.example",
    ]
    options = [http, *(part for line in forged for part in ("-H", line))]
    assert sign_in(front, *options) == 302
    program = "from audit.models import Event; print(Event.objects.latest('pk').address)"
    done = front.installation.manage("shell", "--no-imports", "-c", program)
    assert done.stdout.split()[-1] == "127.0.0.1", done.stderr
    metadata = front.curl(METADATA, *options)
    assert f'"issuer": "https://{HOST}"' in metadata
    assert "evil.example" not in metadata


@pytest.mark.spec("O-85", "RFC 9110 §15.5.14")
def test_bodies_go_as_far_as_gatehouse_takes_them(front: Front) -> None:
    def sent(path: str, size: int) -> str:
        (front.folder / "body").write_bytes(b"a" * size)
        return front.curl(path, "--data-binary", f"@{front.folder / 'body'}", "-H", "Expect:")

    assert re.match(r"HTTP/2 403", sent(SIGN_IN, 1_900_000))  # without a CSRF token
    assert re.match(r"HTTP/2 413", sent(SIGN_IN, 2_200_000))
    refused = sent(TOKEN, 100_000)
    assert re.match(r"HTTP/2 413", refused)
    assert '"error"' in refused


@pytest.mark.spec("O-85", "RFC 6749 §4.1.1")
def test_a_long_state_comes_through(front: Front) -> None:
    options = ("--type", "web", "--name", "Long state", "--redirect-url", CALLBACK)
    application = manage(front.installation, "create_application", *options)
    state = "%" * 3000  # three characters each, and nine once they are in the URL of the sign-in page
    parameters = {
        "client_id": application["client_id"],
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": state,
    }
    answer = front.curl(f"{AUTHORIZE}?{urlencode(parameters)}")
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
    ports = {"https": free_port(), "http": free_port()}
    site = configuration(front.folder, gatehouse=free_port(), **ports)
    with Nginx(site, ports["https"]):
        answer = Front(front.folder, front.installation, **ports).curl("/accounts/login/")
    assert re.match(r"HTTP/2 503", answer)
    assert "retry-after: 5" in answer.lower()
