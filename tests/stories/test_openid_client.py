"""A client in JavaScript whose tokens are for APIs of the organization: openid-client, unmodified."""

from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.node import Script
from tests.oauth_client import VERIFY
from tests.stories.clients import CALLBACK
from tests.stories.conftest import Person, manage

pytestmark = pytest.mark.story

INVOICES, REPORTS = "https://invoices.example", "https://reports.example/v2"
FOREIGN = "https://foreign.example"
INVALID_TARGET = {"name": "ResponseBodyError", "status": 400, "error": "invalid_target"}
NOT_FOR_THIS_API = {"name": "WWWAuthenticateChallengeError", "status": 403, "error": "insufficient_scope"}


def create_api(installation: Installation, identifier: str, *names: str) -> dict[str, str]:
    """Create an API with these scopes, and the machine application that verifies its tokens."""
    verifier = manage(
        installation, "create_application", "--type", "machine_to_machine", "--name", identifier
    )
    scopes = [f"--scope={name}=Whatever {name} means" for name in names]
    options = ("--identifier", identifier, "--name", identifier, "--verifier", verifier["client_id"])
    api = manage(installation, "create_api", *options, *scopes)
    assert api["scopes"] == list(names)
    return {
        "identifier": api["identifier"],
        "clientId": verifier["client_id"],
        "clientSecret": verifier["client_secret"],
    }


@pytest.fixture(scope="module")
def found(package: Path, installation: Installation) -> dict[str, Any]:
    """What the client and the servers of two APIs found out about its tokens."""
    scopes = ("invoices:read", "invoices:write", "reports:read", "offline_access")
    apis = {
        "invoices": create_api(installation, INVOICES, *scopes[:2]),
        "reports": create_api(installation, REPORTS, scopes[2]),
    }
    allowed = [f"--allow-scope={name}" for name in scopes]
    options = ("--type", "web", "--name", "Ledger", "--redirect-url", CALLBACK)
    created = manage(installation, "create_application", *options, *allowed)
    person = Person(installation.base_url)
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with Script(package, "openid_client.js") as script:
        asked = script.ask(
            {
                "issuer": installation.base_url,
                "clientId": created["client_id"],
                "clientSecret": created["client_secret"],
                "redirectUri": CALLBACK,
                "scope": " ".join(scopes),
                "verify": installation.base_url + VERIFY,
                "apis": apis,
                "foreign": FOREIGN,
            }
        )
        asked = script.ask(person.sent_back(asked["authorizationUrl"]))
        return script.ask(person.allow(asked["authorizationUrl"]))


def check(seen: dict[str, Any], scope: str, *audience: str) -> None:
    """Insist that a token is for these APIs, as their servers see it, and for no other."""
    assert seen["scope"] == scope
    for identifier, answer in zip((INVOICES, REPORTS), seen["byApi"], strict=True):
        if identifier in audience:
            assert answer["introspected"]["active"] is True
            assert answer["introspected"]["aud"] == [identifier]
            assert answer["refused"] is None
            assert answer["audience"] == identifier
        else:
            assert answer["introspected"] == {"active": False}
            assert answer["refused"] == NOT_FOR_THIS_API


@pytest.mark.spec("Y-20", "openid-client")
@pytest.mark.spec("Y-22", "openid-client")
@pytest.mark.spec("Y-23", "openid-client")
def test_a_token_is_for_the_api_that_the_client_names(found: dict[str, Any]) -> None:
    check(found["first"], "invoices:read invoices:write offline_access", INVOICES)


@pytest.mark.spec("Y-20", "openid-client")
def test_a_refresh_brings_a_token_for_another_api_of_the_consent(found: dict[str, Any]) -> None:
    check(found["second"], "reports:read offline_access", REPORTS)
    check(found["both"], "invoices:read invoices:write reports:read offline_access", INVOICES, REPORTS)


@pytest.mark.spec("Y-21", "openid-client")
def test_an_api_that_nobody_knows_is_no_target(found: dict[str, Any]) -> None:
    assert found["unknown"]["name"] == "AuthorizationResponseError"
    assert found["unknown"]["error"] == "invalid_target"
    assert found["unknownInExchange"] == INVALID_TARGET
    assert found["unknownInRefresh"] == INVALID_TARGET
