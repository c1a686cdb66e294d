"""A client in JavaScript: oauth4webapi, unmodified, which knows of the server what its metadata says."""

from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.node import Script
from tests.oauth_client import AUTHORIZE, INTROSPECT, ME, REVOKE, TOKEN
from tests.stories.clients import CALLBACK, application, key_pair
from tests.stories.conftest import Person

pytestmark = pytest.mark.story

INVALID_GRANT = {"name": "ResponseBodyError", "status": 400, "error": "invalid_grant"}
INVALID_CLIENT = {"name": "WWWAuthenticateChallengeError", "status": 401}
INVALID_TOKEN = {"name": "WWWAuthenticateChallengeError", "status": 401, "error": "invalid_token"}


def walk_through(
    package: Path, installation: Installation, person: Person, created: dict[str, Any], method: str
) -> dict[str, Any]:
    """What the client found out on its way from discovery to logging out."""
    with Script(package, "oauth4webapi.js") as script:
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


def run_machine(
    package: Path, installation: Installation, created: dict[str, Any], **credentials: str
) -> dict[str, Any]:
    """What a machine found out that got a token for itself."""
    with Script(package, "machine.js") as script:
        return script.ask(
            {
                "issuer": installation.base_url,
                "clientId": created["client_id"],
                "scope": "read",
                "resource": installation.base_url + ME,
                **credentials,
            }
        )


def check_machine(found: dict[str, Any], created: dict[str, Any]) -> None:
    assert "refresh_token" not in found["token"]
    assert (found["token"]["scope"], found["token"]["expires_in"]) == ("read", 3600)
    assert (found["me"]["ID"], found["me"]["sub_type"]) == (created["service_id"], "service")
    assert found["introspected"]["active"] is True
    assert found["introspected"]["sub"] == created["service_id"]
    assert found["introspected"]["client_id"] == created["client_id"]
    assert found["afterRevocation"] == INVALID_TOKEN
    assert found["otherCredential"] == INVALID_CLIENT


@pytest.mark.spec("Y-30", "oauth4webapi")
@pytest.mark.parametrize("method", ["ClientSecretBasic", "ClientSecretPost"])
def test_oauth4webapi_gets_a_token_for_a_machine_itself(
    package: Path, installation: Installation, person: Person, method: str
) -> None:
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(installation, person, "machine_to_machine", f"Machine {method}") as created:
        secrets = {"credential": created["client_secret"], "otherCredential": "not the secret of anybody"}
        found = run_machine(package, installation, created, method=method, **secrets)
    check_machine(found, created)


@pytest.mark.spec("Y-60", "oauth4webapi")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_oauth4webapi_authenticates_with_a_key(
    package: Path, installation: Installation, person: Person, tmp_path: Path, algorithm: str
) -> None:
    other, _ = key_pair(tmp_path, algorithm)
    private, public = key_pair(tmp_path, algorithm)
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(
        installation, person, "machine_to_machine", f"Key {algorithm}", "--public-key", str(public)
    ) as created:
        keys = {"credential": private, "otherCredential": other}
        found = run_machine(package, installation, created, algorithm=algorithm, **keys)
    check_machine(found, created)
    assert "private_key_jwt" in found["methods"]
    assert algorithm in found["algorithms"]
