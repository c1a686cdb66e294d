"""What stories do with an installation."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.oauth_client import hidden_fields


def manage(installation: Installation, *arguments: str, stdin: str | None = None) -> dict[str, Any]:
    """Run a command with --json and return what it printed."""
    done = installation.manage(*arguments, "--json", input=stdin)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


class Person:
    """Somebody with a browser that knows no JavaScript."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.browser = requests.Session()

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
