"""Every request of docs/endpoints.md, sent as it stands there, gets the response that is printed below it."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.oauth_client import TOKEN
from tests.stories.conftest import Person, certificate, manage
from tests.stories.documents import BLOCK, Example, examples, looks_like, text_of

pytestmark = pytest.mark.story

CALLBACK = "https://app.example.com/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


class Reader:
    """Somebody who reads the page and types what stands there, on an installation of their own."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.base = installation.base_url
        self.person = Person(self.base)
        self.private_key, public_key = certificate(folder)
        callback = ("--redirect-url", CALLBACK)
        self.web = self.create("web", "Web", *callback)
        self.compatible = self.create("web", "Existing", *callback, "--response-profile", "workfront")
        self.create("single_page", "Script", *callback)
        owner = ("--owner", ADMIN["ADMIN_USERNAME"])
        self.machine = self.create("machine_to_machine", "Job", *owner, "--public-key", str(public_key))

    def create(self, app_type: str, name: str, *options: str) -> dict[str, Any]:
        return manage(self.installation, "create_application", "--type", app_type, "--name", name, *options)

    def type(self, command: str, **changes: str) -> str:
        """Run a command of the page in a shell that knows the values it speaks of."""
        of_machine = "$JWT" in command or "client_credentials" in command
        application = self.machine if of_machine else self.web
        values = {
            "BASE": self.base,
            "TOKEN": self.base + TOKEN,
            "CLIENT_ID": application["client_id"],
            "CLIENT_SECRET": application["client_secret"],
            "CALLBACK": CALLBACK,
            "VERIFIER": VERIFIER,
        }
        values |= {name: self.fresh(name) for name in FRESH if f"${name}" in command} | changes
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            env={"PATH": "/usr/bin:/bin", **values},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.replace("\r", "").strip()

    def fresh(self, name: str) -> str:
        """A new code, token or JWT, because most of them work once."""
        if name == "JWT":
            return self.sign()
        code = parse_qs(urlsplit(self.allow()).query)["code"][0]
        if name == "CODE":
            return code
        parameters = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        client = (self.web["client_id"], self.web["client_secret"])
        body = {**parameters, "redirect_uri": CALLBACK}
        value: str = requests.post(self.base + TOKEN, body, auth=client, timeout=30).json()[name.lower()]
        return value

    def sign(self, **changes: str) -> str:
        claims = {
            "iss": self.machine["customer_id"],
            "sub": self.machine["user_id"],
            "exp": int(time.time()) + 60,
        }
        return jwt.encode(claims | changes, self.private_key.read_text(), algorithm="RS256")

    def allow(self) -> str:
        """Send the browser where the page says, allow, and return where it is sent."""
        return self.person.allow(self.type(AUTHORIZATION.command))

    def other_answers(self, example: Example) -> Iterator[str]:
        """What else the page says may come of the same request, where something is different."""
        changed: dict[str, Mapping[str, str]] = {
            "Errors": {
                "CLIENT_ID": self.compatible["client_id"],
                "CLIENT_SECRET": self.compatible["client_secret"],
            },
            "Exchange a JWT": {"JWT": self.sign(iss="0" * 32)},
            "Introspect": {"ACCESS_TOKEN": "unknown"},
            "Who am I": {"ACCESS_TOKEN": "unknown"},
        }
        for _ in example.answers[1:]:
            yield self.type(example.command, **changed[example.heading])


FRESH = ("CODE", "ACCESS_TOKEN", "REFRESH_TOKEN", "JWT")
# The first block gives names to values and asks for nothing.
EXAMPLES = examples("docs/endpoints.md")[1:]
AUTHORIZATION = next(example for example in EXAMPLES if example.heading == "Authorize")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    require("curl", "openssl")
    folder = tmp_path_factory.mktemp("documented")
    with Installation(folder / "gatehouse", ADMIN) as installation:
        yield Reader(installation, folder)


def check(documented: str, answer: str, base_url: str) -> None:
    """An answer with headers has all lines that are printed; any other is exactly what is printed."""
    if not documented.startswith("HTTP/"):
        assert looks_like(documented, base_url).fullmatch(answer), f"{documented}\n{answer}"
        return
    for line in documented.splitlines():
        pattern = looks_like(line, base_url)
        assert any(pattern.fullmatch(one) for one in answer.splitlines()), f"no {line!r} in:\n{answer}"


@pytest.mark.parametrize("number", [n for n, example in enumerate(EXAMPLES) if example is not AUTHORIZATION])
def test_the_documented_request_gets_the_documented_answer(reader: Reader, number: int) -> None:
    example = EXAMPLES[number]
    own, *others = example.answers
    check(own, reader.type(example.command), reader.base)
    for documented, answer in zip(others, reader.other_answers(example), strict=True):
        check(documented, answer, reader.base)


def test_the_documented_authorization_request_comes_back_as_documented(reader: Reader) -> None:
    code, error = AUTHORIZATION.answers
    check(code, f"HTTP/1.1 302 Found\nlocation: {reader.allow()}", reader.base)
    url = reader.type(AUTHORIZATION.command).replace("response_type=code", "response_type=token")
    refused = requests.get(url, allow_redirects=False, timeout=30)
    told = f"HTTP/1.1 {refused.status_code} {refused.reason}\nlocation: {refused.headers['Location']}"
    check(error, told, reader.base)


def test_the_heart_of_the_configuration_for_nginx_is_that_of_the_file() -> None:
    file = [line.split() for line in text_of("deploy/nginx/verify.conf").splitlines()]
    blocks = BLOCK.finditer(text_of("docs/endpoints.md"))
    heart = next(block["text"] for block in blocks if block["language"] == "nginx")
    for line in heart.splitlines():
        words = line.split()
        assert any(words == one[: len(words)] for one in file), line
