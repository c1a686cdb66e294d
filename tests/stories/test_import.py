"""An installation made by an import alone serves the clients of the retiring service as they are."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import requests

from tests.infrastructure.installation import Installation
from tests.oauth_client import AUTHORIZE, JWT_EXCHANGE, ME, TOKEN, challenge_of
from tests.stories.conftest import Person, certificate
from tests.transfer.documents import BOB, CUSTOMER_ID, KIOSK, NIGHTLY, PORTAL, SECRET, document, secrets

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"
PASSWORD = "a password of her own"
VERIFIER = "a-verifier-of-the-kiosk-0123456789-0123456789"


@dataclass
class Moved:
    """An installation that was made by an import, and the key that a client signs with."""

    installation: Installation
    private_key: str

    def post(self, path: str, **form: str) -> requests.Response:
        return requests.post(self.installation.base_url + path, form, timeout=30)

    def tokens(self, path: str, **form: str) -> dict[str, Any]:
        reply = self.post(path, **form)
        assert reply.status_code == 200, reply.text
        tokens: dict[str, Any] = reply.json()
        return tokens

    def me(self, token: str) -> dict[str, Any]:
        reply = requests.get(self.installation.base_url + ME, headers={"sessionID": token}, timeout=30)
        assert reply.status_code == 200, reply.text
        person: dict[str, Any] = reply.json()
        return person

    def code(self, client_id: str, **parameters: str) -> dict[str, str]:
        person = Person(self.installation.base_url)
        person.sign_in("ada", PASSWORD)
        asked = {"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK} | parameters
        location = person.allow(f"{self.installation.base_url}{AUTHORIZE}?{urlencode(asked)}")
        assert location.startswith(CALLBACK)
        return dict(parse_qsl(urlsplit(location).query))


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    folder = tmp_path_factory.mktemp("moved")
    private, public = certificate(folder)
    made = document()
    made["applications"][0]["keys"][0]["key"] = public.read_text()
    (folder / "moving.json").write_text(json.dumps(made))
    installation = Installation(folder / "gatehouse", {})
    done = installation.manage("import", str(folder / "moving.json"), "--secrets", "-", input=secrets())
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout
    given = installation.manage("reset_user", "ada", input=PASSWORD)
    assert given.returncode == 0, given.stderr
    with installation:
        yield Moved(installation, private.read_text())


@pytest.mark.spec("O-118", "RFC 7523 §2.1")
def test_a_machine_exchanges_its_jwt_with_the_old_iss_sub_key_and_secret(moved: Moved) -> None:
    month = 30 * 24 * 3600  # longer than a day, by its dated exception
    claims = {"iss": CUSTOMER_ID, "sub": BOB, "exp": int(time.time()) + month}
    assertion = jwt.encode(claims, moved.private_key, algorithm="RS256")
    reply = moved.tokens(JWT_EXCHANGE, client_id=NIGHTLY, client_secret=SECRET, jwt_token=assertion)
    assert (reply["token_type"], reply["wid"]) == ("sessionID", CUSTOMER_ID)
    person = moved.me(reply["access_token"])
    assert (person["ID"], person["client_id"]) == (BOB, NIGHTLY)


@pytest.mark.spec("O-118", "RFC 6749 §4.1")
def test_a_web_application_gets_tokens_with_its_old_client_id_and_secret(moved: Moved) -> None:
    answer = moved.code(PORTAL, state="old state")
    assert (answer["state"], answer["domain"], answer["lane"]) == ("old state", "acme", "preview")
    client = {"client_id": PORTAL, "client_secret": SECRET}
    grant = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
    tokens = moved.tokens(TOKEN, **client, **grant)
    assert moved.me(tokens["access_token"])["username"] == "ada"
    refreshed = moved.tokens(
        TOKEN, **client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert moved.me(refreshed["access_token"])["client_id"] == PORTAL


@pytest.mark.spec("O-118", "RFC 7636")
def test_a_single_page_application_gets_tokens_with_pkce(moved: Moved) -> None:
    challenge = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    grant = {
        "grant_type": "authorization_code",
        "client_id": KIOSK,
        "code": moved.code(KIOSK, **challenge)["code"],
        "redirect_uri": CALLBACK,
    }
    assert moved.post(TOKEN, **grant, code_verifier=VERIFIER.upper()).status_code == 400
    tokens = moved.tokens(TOKEN, **grant, code_verifier=VERIFIER)
    assert moved.me(tokens["access_token"])["client_id"] == KIOSK


@pytest.mark.spec("O-118", "moving in")
def test_the_first_start_makes_no_administrator_beside_the_imported_ones(moved: Moved) -> None:
    exported = moved.installation.manage("export")
    assert exported.returncode == 0, exported.stderr
    assert [person["username"] for person in json.loads(exported.stdout)["people"]] == ["ada", "bob"]
    assert SECRET not in exported.stdout


@pytest.mark.spec("O-114", "moving in")
def test_an_export_goes_through_a_pipe_into_another_installation(moved: Moved, tmp_path: Path) -> None:
    exported = moved.installation.manage("export").stdout
    another = Installation(tmp_path / "gatehouse", {})
    assert another.manage("import", "-", input=exported).returncode == 0
    assert another.manage("export").stdout == exported
    again = another.manage("import", "-", input=exported)
    assert "nothing to change" in again.stdout
    wrong = another.manage("import", "-", input=exported.replace('"email"', '"mail"'))
    assert wrong.returncode == 1
    assert (
        "refused  standard input /people/0/mail: There is no such field. Did you mean email?" in wrong.stdout
    )
    assert wrong.stderr.splitlines() == ["CommandError: Nothing was imported: 4 refused."]
