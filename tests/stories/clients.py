"""Applications for one story, and what their clients send."""

import contextlib
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.infrastructure.installation import Installation
from tests.infrastructure.leaving_out import require
from tests.oauth_client import AUTHORIZE, ME, TOKEN, hidden_fields
from tests.stories.conftest import Person, manage

CALLBACK = "https://client.example/callback"
AT_ONCE = 8


@contextlib.contextmanager
def application(
    installation: Installation, person: Person, app_type: str, name: str, *more: str
) -> Iterator[dict[str, Any]]:
    """An application for one test: an installation has room for ten, and every story wants some."""
    redirect_url = () if app_type == "machine_to_machine" else ("--redirect-url", CALLBACK)
    created = manage(
        installation, *("create_application", "--type", app_type, "--name", name, *redirect_url, *more)
    )
    yield created
    page = f"{installation.base_url}/console/applications/{created['client_id']}/deletion/"
    form = hidden_fields(person.browser.get(page, timeout=30).text) | {"name": name}
    deleted = person.browser.post(page, form, timeout=30, headers={"Referer": page})
    assert f"Deleted: {name}" in deleted.text


def key_pair(folder: Path, algorithm: str) -> tuple[str, Path]:
    """Make a key pair for an algorithm; return the private key as PEM and the file of the public one."""
    kind = ("EC", "ec_paramgen_curve:P-256") if algorithm == "ES256" else ("RSA", "rsa_keygen_bits:2048")
    private = openssl("genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1])
    public = folder / "public.pem"
    public.write_text(openssl("pkey", "-pubout", stdin=private))
    return private, public


def openssl(*arguments: str, stdin: str = "") -> str:
    require("openssl")
    command = ["openssl", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, text=True).stdout


class Client:
    """A web application's client that sends one request several times at once."""

    def __init__(self, person: Person, created: dict[str, Any]) -> None:
        self.person, self.base = person, person.base_url
        self.credentials = (created["client_id"], created["client_secret"])

    def new_code(self) -> dict[str, str]:
        """The token request for a new code."""
        asked = {"client_id": self.credentials[0], "response_type": "code", "redirect_uri": CALLBACK}
        location = self.person.allow(f"{self.base}{AUTHORIZE}?{urlencode(asked)}")
        code = parse_qs(urlsplit(location).query)["code"][0]
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}

    def ask(self, parameters: dict[str, str]) -> requests.Response:
        return requests.post(self.base + TOKEN, parameters, auth=self.credentials, timeout=60)

    def answers_at_once(self, parameters: dict[str, str]) -> list[requests.Response]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.ask, [parameters] * AT_ONCE))

    def ask_at_once(self, parameters: dict[str, str]) -> dict[str, Any]:
        """What the one request that succeeded brought; all others were refused and nothing broke."""
        answers = self.answers_at_once(parameters)
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: AT_ONCE - 1}
        tokens: dict[str, Any] = next(answer.json() for answer in answers if answer.status_code == 200)
        return tokens

    def is_alive(self, tokens: dict[str, Any]) -> bool:
        """Whether both tokens still work, or neither."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        access = requests.get(self.base + ME, headers=bearer, timeout=30).status_code == 200
        refreshed = self.ask({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
        assert (refreshed.status_code == 200) == access
        return access
