"""The doctor, of an installation behind a proxy and of some that are broken."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.infrastructure.tls import SITE, make_certificate

pytestmark = pytest.mark.story

SECRETS = {
    "SECRET_KEY": "a-key-that-nobody-prints-0123456789abcdef",
    "EMAIL_HOST_PASSWORD": "a-password-that-nobody-prints",
}
BELIEVING = """
map $http_x_forwarded_proto $said {{ "" https; default $http_x_forwarded_proto; }}
""" + SITE.replace("X-Forwarded-Proto https", "X-Forwarded-Proto $said")


@dataclass
class Patient:
    """An installation whose proxy is to be started at a port."""

    installation: Installation
    folder: Path
    port: int

    def site(self, template: str) -> str:
        upstream = self.installation.port
        return template.format(rules="", port=self.port, folder=self.folder, upstream=upstream)


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    require("nginx")
    folder, port = tmp_path_factory.mktemp("patient"), free_port()
    certificate, _ = make_certificate(folder)
    where = {"BASE_URL": f"https://localhost:{port}", "BEHIND_PROXY": "1", "SSL_CERT_FILE": str(certificate)}
    with Installation(folder / "gatehouse", ADMIN | SECRETS | where) as installation:
        yield Patient(installation, folder, port)


def examined(installation: Installation, *options: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit status, and the findings by check."""
    done = installation.manage("doctor", "--json", *options)
    assert done.stderr == ""
    assert not [value for value in SECRETS.values() if value in done.stdout]
    report: dict[str, Any] = json.loads(done.stdout)
    found: dict[str, list[dict[str, str]]] = {}
    for each in report["checks"]:
        found.setdefault(each["check"], []).append(each)
    assert ["ok", "warning", "error"].index(report["status"]) == done.returncode
    return done.returncode, found


@pytest.mark.spec("O-70", "operation")
def test_each_line_says_how_bad_it_is_and_what_to_do(patient: Patient) -> None:
    with Nginx(patient.site(SITE), patient.port):
        done = patient.installation.manage("doctor")
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) > 12
    assert all(re.match(r"(ok|warning|error) +[a-z_]+: [A-Z0-9].*\.$", line) for line in lines), lines
    assert re.search(r"^warning  mail: No mail server is set", done.stdout, re.MULTILINE)


@pytest.mark.spec("O-70", "operation")
def test_monitoring_can_accept_a_warning_and_no_error(patient: Patient) -> None:
    # Housekeeping may not have run yet.
    checks = ("mail", "administrators", "reach", "housekeeping")
    accepted = [part for check in checks for part in ("--accept", check)]
    with Nginx(patient.site(SITE), patient.port):
        status, found = examined(patient.installation, *accepted)
    assert status == 0, found
    assert found["mail"][0]["level"] == "warning"


@pytest.mark.spec("O-72", "RFC 7239 §8.1")
def test_it_asks_as_a_stranger_whether_the_proxy_believes_strangers(patient: Patient) -> None:
    with Nginx(patient.site(SITE), patient.port):
        _, found = examined(patient.installation)
    assert [each["level"] for each in found["reach"]] == ["warning", "ok"]  # the certificate is for two days
    with Nginx(patient.site(BELIEVING), patient.port):
        status, found = examined(patient.installation, "--accept", "reach")
    assert (status, [each["level"] for each in found["reach"]]) == (2, ["warning", "error"])
    assert "X-Forwarded-Proto" in found["reach"][1]["message"]


@pytest.mark.spec("O-72", "operation")
def test_a_url_that_leads_nowhere_or_elsewhere_is_reported(patient: Patient) -> None:
    _, found = examined(patient.installation)
    assert [each["level"] for each in found["reach"]] == ["warning"]
    elsewhere = SITE.replace("proxy_pass http://gatehouse;", 'return 200 "{{}}";')
    with Nginx(patient.site(elsewhere), patient.port):
        _, found = examined(patient.installation)
    assert [each["level"] for each in found["reach"]] == ["error"]


@pytest.mark.spec("O-72", "ASVS 13.2.2")
def test_it_says_where_the_server_listens(patient: Patient) -> None:
    _, found = examined(patient.installation)
    assert found["listening"][0]["level"] == "ok"
    assert f"127.0.0.1:{patient.installation.port}" in found["listening"][0]["message"]


@pytest.mark.spec("O-75", "ASVS 16.2.5")
def test_a_database_that_is_away_is_an_error_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://gatehouse:{SECRETS['EMAIL_HOST_PASSWORD']}@localhost:{free_port()}/gatehouse"
    installation = Installation(tmp_path / "gatehouse", {"DATABASE_URL": url}, first_run=True)
    status, found = examined(installation)
    assert (status, found["database"][0]["level"]) == (2, "error")
    assert "migrations" not in found


@pytest.mark.spec("O-70", "operation")
def test_settings_that_cannot_be_read_are_an_error_for_monitoring(tmp_path: Path) -> None:
    environment = {"BASE_URL": "http://gatehouse.example"}
    installation = Installation(tmp_path / "gatehouse", environment, first_run=True)
    done = installation.manage("doctor")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Configuration error: BASE_URL uses plain http")


@pytest.mark.spec("O-79", "operation")
def test_it_changes_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", {}, first_run=True)
    status, found = examined(installation)
    assert (status, found["database"][0]["level"]) == (2, "error")
    made = {path.name for path in (installation.folder / "var").iterdir()}
    assert made == {"secret_key.draft"}
