"""Somebody who reads our documents and types what stands there, on an installation of their own."""

import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import AUTHORIZE, TOKEN, challenge_of
from tests.stories.conftest import Person, certificate, manage
from tests.stories.documents import BASE_URL, looks_like

CALLBACK = "https://app.example.com/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
# Values of which most work once.
FRESH = ("CODE", "ACCESS_TOKEN", "REFRESH_TOKEN", "JWT")
Application = dict[str, Any]


class Reader:
    """Knows the values that commands speak of, and types them."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.base = installation.base_url
        self.person = Person(self.base)
        self.private_key, public_key = certificate(folder)
        callback = ("--redirect-url", CALLBACK)
        self.web = self.create("web", "Web", *callback)
        self.compatible = self.create("web", "Existing", *callback, "--response-profile", "workfront")
        self.script = self.create("single_page", "Script", *callback)
        owner = ("--owner", ADMIN["ADMIN_USERNAME"])
        self.machine = self.create("machine_to_machine", "Job", *owner, "--public-key", str(public_key))

    def create(self, app_type: str, name: str, *options: str) -> Application:
        return manage(self.installation, "create_application", "--type", app_type, "--name", name, *options)

    def type(self, command: str, application: Application, **changes: str) -> str:
        """Run a command in a shell and folder of its own; return what it prints."""
        values = {
            "BASE": self.base,
            "TOKEN": self.base + TOKEN,
            "CLIENT_ID": application["client_id"],
            "CLIENT_SECRET": application.get("client_secret") or "",
            "CUSTOMER_ID": self.machine["customer_id"],
            "SERVICE_ID": self.machine["user_id"],
            "CALLBACK": CALLBACK,
            "STATE": "af0ifjsldkj",
            "VERIFIER": VERIFIER,
            "CHALLENGE": challenge_of(VERIFIER),
        }
        asked = [name for name in FRESH if f"${name}" in command and name not in changes]
        is_bound = "code_verifier" in command
        values |= {name: self.fresh(name, application, is_bound=is_bound) for name in asked} | changes
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(self.private_key, Path(folder, "private.key"))
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command.replace(BASE_URL, self.base)],
                cwd=folder,
                env={"PATH": "/usr/bin:/bin", **values},
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            )
        return done.stdout.replace("\r", "").strip()

    def fresh(self, name: str, application: Application, *, is_bound: bool = True) -> str:
        """A new code, token or JWT; a code may be bound to the verifier."""
        if name == "JWT":
            return self.sign()
        challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
        asked = {
            "response_type": "code",
            "client_id": application["client_id"],
            "redirect_uri": CALLBACK,
            **(challenge if is_bound or name != "CODE" else {}),
        }
        back = self.person.allow(f"{self.base}{AUTHORIZE}?{urlencode(asked)}")
        code = parse_qs(urlsplit(back).query)["code"][0]
        if name == "CODE":
            return code
        body = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
        body |= {"redirect_uri": CALLBACK, "client_id": application["client_id"]}
        if secret := application.get("client_secret"):
            body["client_secret"] = secret
        value: str = requests.post(self.base + TOKEN, body, timeout=30).json()[name.lower()]
        return value

    def sign(self, **changes: str) -> str:
        claims = {
            "iss": self.machine["customer_id"],
            "sub": self.machine["user_id"],
            "exp": int(time.time()) + 60,
        }
        return jwt.encode(claims | changes, self.private_key.read_text(), algorithm="RS256")

    def answer(self, command: str, application: Application, **changes: str) -> str:
        """What comes of a command: what it prints or, if that is an authorization request, where it leads."""
        printed = self.type(command, application, **changes)
        if not re.fullmatch(r"\S+/integrations/oauth2/authorize\?\S+", printed):
            return printed
        return f"HTTP/1.1 302 Found\nlocation: {self.person.allow(printed)}"


def check(documented: str, answer: str, base_url: str) -> None:
    """An answer with headers has all lines that are printed; any other is exactly what is printed."""
    if not documented.startswith("HTTP/"):
        assert looks_like(documented, base_url).fullmatch(answer), f"{documented}\n{answer}"
        return
    for line in documented.splitlines():
        pattern = looks_like(line, base_url)
        assert any(pattern.fullmatch(one) for one in answer.splitlines()), f"no {line!r} in:\n{answer}"
