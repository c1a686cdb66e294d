"""`dev.py audit` with the real pip-audit and npm, which ask services of advisories on this machine."""

import gzip
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from devtools import audit
from devtools.terminal import Problem
from devtools.venv import ROOT, python_with
from tests.infrastructure.leaving_out import leave_out, require
from tests.infrastructure.processes import free_port

pytestmark = pytest.mark.story

# What is installed on every system; the others have a condition after their version.
LOCKED = re.compile(r"^([a-z0-9._-]+)==\S+ \\$", re.MULTILINE)
FLAWED = "oauthlib"
FLAW = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-00000"],
    "affected": [
        {
            "package": {"name": FLAWED, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}
NODE_FLAW = {
    "openid-client": [
        {
            "id": 1,
            "url": "https://advisories.example/1",
            "title": "Made up",
            "severity": "high",
            "vulnerable_versions": "<99",
        }
    ]
}


class Advisories:
    """A service of advisories for both: OSV's API, and that of npm's registry."""

    def __init__(self, *, of_python: dict[str, Any], of_node: dict[str, Any]) -> None:
        self.of_python, self.of_node = of_python, of_node
        self.asked_about: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                answer = json.dumps(service.answer(self.path, json.loads(body))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Keep the output of tests short."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def answer(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        if path != "/v1/query":
            return self.of_node
        name = asked["package"]["name"]
        self.asked_about.append(name)
        return {"vulns": [self.of_python[name]]} if name in self.of_python else {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module", autouse=True)
def _pip_audit() -> None:
    require("libatomic1")  # npm's
    try:
        python_with("audit")
    except Problem:
        leave_out("needs pip-audit, which could not be installed")


@pytest.fixture
def nobody() -> str:
    """A URL at which nobody answers."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def knows_nothing() -> Iterator[Advisories]:
    with Advisories(of_python={}, of_node={}) as service:
        yield service


def run_audit(*, osv: str, registry: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "dev.py", "audit", "--osv-url", f"{osv}/v1/query"],
        cwd=ROOT,
        env=os.environ | {"npm_config_registry": f"{registry}/"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def locked(name: str) -> set[str]:
    return set(LOCKED.findall((ROOT / "requirements" / f"{name}.txt").read_text()))


def test_every_package_is_looked_up_before_it_says_that_nothing_is_known(knows_nothing: Advisories) -> None:
    done = run_audit(osv=knows_nothing.url, registry=knows_nothing.url)
    assert done.returncode == audit.CLEAN, done.stdout + done.stderr
    names = [f"requirements/{name}.txt" for name in audit.PYTHON_LOCKS] + [str(audit.NODE_LOCK)]
    assert done.stdout.splitlines() == [f"{name}: no known vulnerabilities" for name in names]
    everything = {name for lock in audit.PYTHON_LOCKS for name in locked(lock)}
    assert everything
    assert everything <= set(knows_nothing.asked_about)


def test_a_vulnerable_package_is_named_with_where_it_is_fixed() -> None:
    with Advisories(of_python={FLAWED: FLAW}, of_node=NODE_FLAW) as service:
        done = run_audit(osv=service.url, registry=service.url)
    assert done.returncode == audit.VULNERABLE, done.stdout + done.stderr
    version = re.search(rf"^{FLAWED}==(\S+)", Path(ROOT, "requirements/base.txt").read_text(), re.MULTILINE)
    assert version is not None
    finding = f"  {FLAWED} {version[1]}: CVE-2026-00000, GHSA-aaaa-bbbb-cccc, fixed in 99.1"
    assert f"requirements/base.txt: VULNERABLE (1)\n{finding}\n" in done.stdout
    assert "requirements/audit.txt: no known vulnerabilities\n" in done.stdout
    assert "  openid-client: high, by Made up (https://advisories.example/1)\n" in done.stdout


def test_a_service_that_nobody_reaches_does_not_pass_for_clean(
    knows_nothing: Advisories, nobody: str
) -> None:
    done = run_audit(osv=nobody, registry=knows_nothing.url)
    assert done.returncode == audit.NOT_AUDITED, done.stdout + done.stderr
    for name in audit.PYTHON_LOCKS:
        assert f"requirements/{name}.txt: NOT AUDITED\n" in done.stdout
    assert "Connection refused" in done.stdout
    assert f"{audit.NODE_LOCK}: no known vulnerabilities\n" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("is unknown.")


def test_nor_does_a_registry_that_nobody_reaches(knows_nothing: Advisories, nobody: str) -> None:
    done = run_audit(osv=knows_nothing.url, registry=nobody)
    assert done.returncode == audit.NOT_AUDITED, done.stdout + done.stderr
    assert f"{audit.NODE_LOCK}: NOT AUDITED\n" in done.stdout
    assert "ECONNREFUSED" in done.stdout


def test_a_finding_counts_more_than_what_could_not_be_looked_up(nobody: str) -> None:
    with Advisories(of_python={FLAWED: FLAW}, of_node={}) as service:
        done = run_audit(osv=service.url, registry=nobody)
    assert done.returncode == audit.VULNERABLE, done.stdout + done.stderr
