"""A client in JavaScript: oauth4webapi, unmodified, which knows of the server what its metadata says."""

from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.node import Script, installed
from tests.oauth_client import AUTHORIZE, INTROSPECT, ME, REVOKE, TOKEN
from tests.stories.clients import CALLBACK, application
from tests.stories.conftest import Person

pytestmark = pytest.mark.story

PACKAGE = Path(__file__).with_name("oauth4webapi")
INVALID_GRANT = {"name": "ResponseBodyError", "status": 400, "error": "invalid_grant"}
INVALID_TOKEN = {"name": "WWWAuthenticateChallengeError", "status": 401, "error": "invalid_token"}


@pytest.fixture(scope="session")
def package() -> Path:
    return installed(PACKAGE)


def walk_through(
    package: Path, installation: Installation, person: Person, created: dict[str, Any], method: str
) -> dict[str, Any]:
    """What the client found out on its way from discovery to logging out."""
    with Script(package, "client.js") as script:
        asked = script.ask(
            {
                "issuer": installation.base_url,
                "clientId": created["client_id"],
                "clientSecret": created["client_secret"],
                "method": method,
                "redirectUri": CALLBACK,
                "scope": "read write offline_access",
                "resource": installation.base_url + ME,
            }
        )
        return script.ask(person.allow(asked["authorizationUrl"]))


def check(found: dict[str, Any], base_url: str, client_id: str) -> None:
    server = found["server"]
    assert server["issuer"] == found["iss"] == base_url
    assert server["authorization_endpoint"] == base_url + AUTHORIZE
    assert server["token_endpoint"] == base_url + TOKEN
    assert server["revocation_endpoint"] == base_url + REVOKE
    assert server["introspection_endpoint"] == base_url + INTROSPECT
    assert found["otherIssuer"]["name"] == "OperationProcessingError"
    first, second = found["first"], found["second"]
    assert first["token_type"] == "bearer"  # the library writes it so, whatever the case it was sent in
    assert first["scope"] == "read write offline_access"
    assert first["expires_in"] == 3600
    assert len({first["access_token"], second["access_token"]}) == 2
    assert len({first["refresh_token"], second["refresh_token"]}) == 2
    assert found["person"]["username"] == ADMIN["ADMIN_USERNAME"]
    assert found["person"]["client_id"] == client_id
    assert found["afterRevocation"] == INVALID_TOKEN
    assert found["afterLogout"] == INVALID_GRANT
    assert found["accessAfterLogout"] == INVALID_TOKEN
    assert found["codeAgain"] == INVALID_GRANT


@pytest.mark.parametrize("method", ["ClientSecretBasic", "ClientSecretPost"])
def test_oauth4webapi_signs_a_web_application_in(
    package: Path, installation: Installation, person: Person, method: str
) -> None:
    with application(installation, person, "web", method) as created:
        found = walk_through(package, installation, person, created, method)
    check(found, installation.base_url, created["client_id"])
    assert found["introspected"]["active"] is True
    assert found["introspected"]["client_id"] == created["client_id"]
    assert found["introspected"]["sub"] == found["person"]["ID"]
    assert found["introspectedThen"] == {"active": False}


def test_oauth4webapi_signs_a_single_page_application_in(
    package: Path, installation: Installation, person: Person
) -> None:
    with application(installation, person, "single_page", "oauth4webapi") as created:
        found = walk_through(package, installation, person, created, "None")
    check(found, installation.base_url, created["client_id"])
