"""Starting, stopping and operating an installation."""

import re
import socket
import stat
import time
from pathlib import Path

import pytest
import requests

from tests.infrastructure.installation import Installation
from tests.stories.conftest import OWN_PASSWORD, Person, choose_password, manage

pytestmark = pytest.mark.story


def test_a_first_run_prints_a_password_once_that_works_and_a_second_run_keeps_everything(
    tmp_path: Path,
) -> None:
    installation = Installation(tmp_path / "gatehouse", {}, first_run=True)
    installation.start()
    first_log = installation.log_text()
    password = re.search(r"Password \(shown only once\): (\S+)", first_log)
    assert password, first_log
    assert installation.base_url in first_log
    choose_password(Person(installation.base_url), password[1], OWN_PASSWORD)
    customer_id = manage(installation, "organization")["customer_id"]
    installation.stop()
    installation.start()
    assert installation.log_text().count(password[1]) == 1
    Person(installation.base_url).sign_in("admin", OWN_PASSWORD)
    assert manage(installation, "organization")["customer_id"] == customer_id
    installation.stop()


def test_secrets_on_disk_belong_to_their_owner(installation: Installation) -> None:
    key = installation.folder / "var" / "secret_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_debug_is_off_and_strange_hosts_are_refused(installation: Installation) -> None:
    missing = requests.get(f"{installation.base_url}/no-such-page", timeout=30)
    assert "Traceback" not in missing.text
    assert "DEBUG" not in missing.text
    strange = requests.get(installation.base_url, headers={"Host": "evil.example"}, timeout=30)
    assert strange.status_code == 400
    assert "evil.example" not in strange.text


def test_static_files_are_served_for_ever(installation: Installation) -> None:
    page = requests.get(f"{installation.base_url}/accounts/login/", timeout=30).text
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert sheet, page
    answer = requests.get(installation.base_url + sheet[1], timeout=30)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]


def test_idle_connections_keep_nobody_out(installation: Installation) -> None:
    """Browsers hold several connections open; they must not occupy what answers requests."""
    idle = [socket.create_connection(("localhost", installation.port)) for _ in range(50)]
    try:
        assert requests.get(f"{installation.base_url}/accounts/login/", timeout=5).status_code == 200
    finally:
        for connection in idle:
            connection.close()


@pytest.mark.spec("S-02", "ASVS 14.2.1, 16.2.5")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me?sessionID=gtacc_not-for-the-log"),
        ("GET", "/api/v1/me%3FsessionID=not-for-the-log"),
        ("GET", "/api/v1/me;sessionID=gtacc_not-for-the-log"),
        ("GET", "/attask/api/v22.0/user/gtacc_not-for-the-log"),
        ("gtacc_not-for-the-log", "/api/v1/me"),
    ],
)
def test_the_log_keeps_no_token_that_came_in_a_request_line(
    installation: Installation, method: str, path: str
) -> None:
    before = len(installation.log_text())
    requests.request(method, installation.base_url + path, timeout=30)
    deadline = time.monotonic() + 10
    while "HTTP/1.1" not in installation.log_text()[before:]:  # written after the answer
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "not-for-the-log" not in installation.log_text()[before:]


def test_a_refused_host_takes_one_line_of_the_log(installation: Installation) -> None:
    before = len(installation.log_text())
    requests.get(installation.base_url, headers={"Host": "evil.example"}, timeout=30)
    lines = installation.log_text()[before:]
    assert "evil.example" in lines
    assert "Traceback" not in lines


def test_manage_needs_no_earlier_run(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", {}, first_run=True)
    printed = manage(
        installation,
        *("create_application", "--type", "web", "--name", "Early", "--redirect-url", "https://a.example/"),
    )
    assert re.fullmatch("[0-9a-f]{32}", printed["client_id"])
    assert printed["client_secret"].startswith("gtsec_")


def test_plain_http_beyond_this_machine_is_refused(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", {"BASE_URL": "http://gatehouse.example"})
    done = installation.manage("organization")
    assert done.returncode != 0
    assert "ALLOW_HTTP" in done.stderr
