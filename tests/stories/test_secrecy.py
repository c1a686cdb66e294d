"""All flows, and then a search for everything that was in clear."""

import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import challenge_of, hidden_fields
from tests.stories.conftest import Person, certificate, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"
MEMBER_PASSWORD = "a password for the member"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


class Search:
    """Collects what must not be found, then looks for it in every file of an installation and its log."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.values: dict[str, str] = {}

    def remember(self, **values: str) -> None:
        for name, value in values.items():
            assert len(value) >= 20, f"{name} is too short to search for"
            self.values[name] = value

    def findings(self) -> list[str]:
        files = [path for path in (self.installation.folder / "var").rglob("*") if path.is_file()]
        texts = {str(path): path.read_bytes() for path in files}
        texts["the log"] = self.installation.log_text().encode()
        assert any(name.endswith(".sqlite3") for name in texts)
        return [
            f"{name} in {place}"
            for name, value in self.values.items()
            for place, text in texts.items()
            if value.encode() in text
        ]


class Console(Person):
    """The administrator's browser in the console."""

    def post(self, path: str, status: int = 200, **fields: str) -> str:
        page = self.browser.get(self.base_url + path, timeout=30)
        form = {"csrfmiddlewaretoken": hidden_fields(page.text)["csrfmiddlewaretoken"], **fields}
        answer = self.browser.post(
            self.base_url + path, form, timeout=30, headers={"Referer": self.base_url + path}
        )
        assert answer.status_code == status, answer.text
        return answer.text


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    assert match, text[:2000]
    return match[0]


@pytest.mark.spec("S-01", "ASVS 13.3, 14.2.4, 16.2.5")
@pytest.mark.spec("S-02", "ASVS 14.2.1, 16.2.5")
@pytest.mark.spec("B-13", "RFC 9700 §4.3.2")
@pytest.mark.spec("J-33", "ASVS 13.3, 14.2.4")
def test_nothing_that_was_shown_once_is_kept_anywhere(installation: Installation, tmp_path: Path) -> None:
    search = Search(installation)
    search.remember(administrator=ADMIN["ADMIN_PASSWORD"], member=MEMBER_PASSWORD, verifier=VERIFIER)
    member = manage(
        installation,
        *("create_user", "--username", "bob", "--email", "bob@example.org", "--role", "member"),
        "--password-stdin",
        stdin=MEMBER_PASSWORD,
    )
    console_flow(installation, search)
    password_flow(installation, search, member["user_id"])
    for app_type in ("web", "single_page"):
        code_flow(installation, search, app_type)
    jwt_flow(installation, search, tmp_path)
    assert len(search.values) >= 20
    assert search.findings() == []
    search.remember(client_id_that_is_kept=manage(installation, "organization")["customer_id"])
    assert search.findings() != []  # the search finds what is there


def console_flow(installation: Installation, search: Search) -> None:
    console = Console(installation.base_url)
    console.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    revealed = console.post("/console/applications/new", app_type="machine_to_machine", name="Secrecy")
    search.remember(console_secret=found(r"gtsec_[A-Za-z0-9_-]{40,}", revealed))
    path = found(r"/console/applications/[0-9a-f]{32}/", revealed)
    page = f"{installation.base_url}{path}"
    form = {
        "csrfmiddlewaretoken": hidden_fields(console.browser.get(page, timeout=30).text)[
            "csrfmiddlewaretoken"
        ]
    }
    headers = {"Referer": page}
    added = console.browser.post(f"{page}secrets/", form, timeout=30, headers=headers).text
    search.remember(added_secret=found(r"gtsec_[A-Za-z0-9_-]{40,}", added))
    generated = console.browser.post(f"{page}keys/generate", form, timeout=30, headers=headers).text
    pem = found(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", generated)
    search.remember(generated_key=pem.splitlines()[1], generated_key_end=pem.splitlines()[-3])


def password_flow(installation: Installation, search: Search, user_id: str) -> None:
    """The administrator makes a one-time link for the member, who sets a new password with it."""
    console = Console(installation.base_url)
    console.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    people = f"{installation.base_url}/people/"
    form = {
        "csrfmiddlewaretoken": hidden_fields(console.browser.get(people, timeout=30).text)[
            "csrfmiddlewaretoken"
        ]
    }
    revealed = console.browser.post(
        f"{people}{user_id}/password-link/", form, timeout=30, headers={"Referer": people}
    )
    link = found(r"http://localhost:\d+/accounts/password/link/\?key=[\w-]+", revealed.text)
    search.remember(password_link_key=link.partition("key=")[2])
    member = requests.Session()
    page = member.get(link, timeout=30)
    new = "another password for the member"
    filled = hidden_fields(page.text) | {"password1": new, "password2": new}
    answer = member.post(link.partition("?")[0], filled, timeout=30, headers={"Referer": link})
    assert "/accounts/login/" in answer.url, answer.text
    search.remember(member_new_password=new)
    Person(installation.base_url).sign_in("bob", new)


def code_flow(installation: Installation, search: Search, app_type: str) -> None:
    application = manage(
        installation,
        *("create_application", "--type", app_type, "--name", f"Secrecy {app_type}"),
        *("--redirect-url", CALLBACK),
    )
    client = {"client_id": application["client_id"]}
    if application["client_secret"]:
        search.remember(**{f"{app_type} secret": application["client_secret"]})
        client["client_secret"] = application["client_secret"]
    request = {
        "client_id": application["client_id"],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    address = requests.Request(
        "GET", f"{installation.base_url}/integrations/oauth2/authorize", params=request
    )
    location = Person(installation.base_url).allow(str(address.prepare().url))
    code = parse_qs(urlsplit(location).query)["code"][0]
    token = f"{installation.base_url}/integrations/oauth2/api/v1/token"
    exchange = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    first = requests.post(token, {**client, **exchange, "code_verifier": VERIFIER}, timeout=30).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = requests.post(token, {**client, **refresh}, timeout=30).json()
    replay = requests.post(token, {**client, **exchange, "code_verifier": VERIFIER}, timeout=30)
    assert replay.status_code == 400
    requests.get(
        f"{installation.base_url}/api/v1/me", headers={"sessionID": second["access_token"]}, timeout=30
    )
    requests.get(f"{installation.base_url}/api/v1/me?sessionID={second['access_token']}", timeout=30)
    search.remember(
        **{
            f"{app_type} code": code,
            f"{app_type} first access token": first["access_token"],
            f"{app_type} first refresh token": first["refresh_token"],
            f"{app_type} second access token": second["access_token"],
            f"{app_type} second refresh token": second["refresh_token"],
        }
    )


def jwt_flow(installation: Installation, search: Search, folder: Path) -> None:
    private, public = certificate(folder)
    application = manage(
        installation,
        *("create_application", "--type", "machine_to_machine", "--name", "Secrecy machine"),
        *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
    )
    claims = {"iss": application["customer_id"], "sub": application["user_id"], "exp": int(time.time()) + 60}
    assertion = jwt.encode(claims | {"jti": "a jti of its own"}, private.read_text(), algorithm="RS256")
    reply = requests.post(
        f"{installation.base_url}/integrations/oauth2/api/v1/jwt/exchange",
        {
            "client_id": application["client_id"],
            "client_secret": application["client_secret"],
            "jwt_token": assertion,
        },
        timeout=30,
    ).json()
    console = Console(installation.base_url)
    console.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    path = f"/console/applications/{application['client_id']}/keys/new"
    refused = console.post(path, status=422, public_key=private.read_text())  # somebody pastes the wrong half
    lines = private.read_text().splitlines()
    assert lines[5] not in refused
    search.remember(
        machine_secret=application["client_secret"],
        machine_token=reply["access_token"],
        assertion=assertion,
        assertion_signature=assertion.rpartition(".")[2],
        private_key=lines[1],
        private_key_middle=lines[10],
    )
