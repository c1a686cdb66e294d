"""How to use it: lines that can be pasted into a shell."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.urls import reverse

from accounts.models import Organization, User
from audit.actors import Actor
from oauthapps.models import Api, Application
from oauthapps.services.credentials import add_key
from oauthapps.services.scopes import delete_scope
from tests.console.pages import Browser, text_of
from tests.factories import allow_scopes
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth_client import challenge_of


def snippets(console: Browser, application: Application) -> list[str]:
    page = console.get(reverse("console:application-use", args=[application.client_id]))
    return ["".join(code.itertext()) for pre in page.all("pre") for code in pre.iter("code")]


def run(script: str, folder: Path) -> str:
    """Run lines as somebody who pastes them would."""
    shell = shutil.which("bash")
    if shell is None or shutil.which("openssl") is None:
        pytest.fail("the lines are for bash and openssl, which this machine lacks")
    done = subprocess.run(
        [shell, "-e"],
        input=script,
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_lines_carry_the_applications_own_ids_and_addresses(
    console: Browser, web: Application, single_page: Application
) -> None:
    for application in (web, single_page):
        text = "\n".join(snippets(console, application))
        assert application.client_id in text
        assert f"{settings.BASE_URL}/integrations/oauth2/api/v1/token" in text
        assert "redirect_uri=https%3A%2F%2Fclient.example%2Fcallback" in text
        assert ("code_challenge" in text) == (application == single_page)


def test_the_machines_lines_make_a_jwt_that_is_valid(
    console: Browser, machine: Application, administrator: User, tmp_path: Path
) -> None:
    add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=Actor(user=administrator))
    pem = SIGNING_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "nightly-export_private_key.pem").write_bytes(pem)
    sign, exchange, *_ = snippets(console, machine)
    token = run(sign + '\nprintf "%s" "$HEADER.$CLAIMS.$SIGNATURE"', tmp_path)
    claims = jwt.decode(token, SIGNING_KEY.public_key(), algorithms=["RS256"])
    assert claims["iss"] == Organization.current().customer_id
    assert claims["sub"] == administrator.user_id
    assert f"{settings.BASE_URL}/integrations/oauth2/api/v1/jwt/exchange" in exchange
    assert machine.client_id in exchange


def test_the_single_page_applications_lines_make_a_pair_that_matches(
    console: Browser, single_page: Application, tmp_path: Path
) -> None:
    pair = snippets(console, single_page)[0]
    verifier, challenge = run(pair + '\nprintf "%s" "$VERIFIER"', tmp_path).splitlines()[::-1]
    assert len(verifier) >= 43
    assert challenge_of(verifier) == challenge


def test_without_a_key_the_lines_are_for_one_that_acts_as_the_application(
    console: Browser, machine: Application
) -> None:
    assert f" {machine.service_id} " in snippets(console, machine)[0]


def test_what_is_for_a_browser_is_an_address_that_works_once_it_is_filled_in(
    console: Browser, single_page: Application
) -> None:
    page = console.get(reverse("console:application-use", args=[single_page.client_id]))
    (address,) = ["".join(pre.itertext()) for pre in page.all("pre") if "snippet-url" in pre.get("class", "")]
    assert "$" not in address
    assert "Replace STATE with a random value and CHALLENGE with the code challenge" in page.text
    challenge = challenge_of("a verifier of some forty-three characters and more")
    path = address.removeprefix(settings.BASE_URL).replace("=CHALLENGE", f"={challenge}")
    assert "Allow access" in console.get(path).buttons()


@pytest.mark.spec("Y-87", "RFC 8707 §2")
def test_what_asks_for_an_api_alone_works_at_the_end_of_the_address(
    console: Browser, single_page: Application, api: Api
) -> None:
    use = reverse("console:application-use", args=[single_page.client_id])
    assert "resource=" not in console.get(use).text
    allow_scopes(single_page, ["read", "offline_access", "invoices:read"], actor=Actor())
    page = console.get(use)
    address, alone = [
        "".join(pre.itertext()) for pre in page.all("pre") if "snippet-url" in pre.get("class", "")
    ]
    asked = {"scope": "invoices:read offline_access", "resource": api.identifier}
    assert alone == f"&{urlencode(asked)}"
    challenge = challenge_of("a verifier of some forty-three characters and more")
    path = address.removeprefix(settings.BASE_URL).replace("=CHALLENGE", f"={challenge}")
    consent = console.get(path + alone)
    assert [text_of(heading) for heading in consent.all("h2")] == ["Invoices"]
    assert "Retrieve content and information" not in consent.text
    delete_scope(api.scopes.get(), actor=Actor())
    assert "resource=" not in console.get(use).text
