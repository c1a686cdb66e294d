"""Whoever leaves the organization loses sessions and tokens in the second in which the directory says so."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import ME
from tests.scim.client import CORE_USER, PATCH_OP, SCIM_JSON
from tests.stories.clients import Client, application
from tests.stories.conftest import Person, manage

pytestmark = pytest.mark.story

PASSWORD = "a password of her own, set here"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("scim") / "gatehouse", ADMIN) as running:
        yield running


@pytest.fixture(scope="module")
def directory(installation: Installation) -> requests.Session:
    """The organization's directory, as an operator set it up."""
    created = manage(installation, "scim_token", "add", "--name", "Entra ID")
    assert created["url"] == f"{installation.base_url}/scim/v2"
    session = requests.Session()
    session.headers.update({"Authorization": f"Bearer {created['token']}", "Content-Type": SCIM_JSON})
    return session


def provisioned(installation: Installation, directory: requests.Session, name: str) -> dict[str, Any]:
    body = {
        "schemas": [CORE_USER],
        "userName": f"{name}@example.com",
        "externalId": f"object-of-{name}",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": f"{name}@example.com"}],
    }
    answer = directory.post(f"{installation.base_url}/scim/v2/Users", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    resource: dict[str, Any] = answer.json()
    return resource


def deactivate(installation: Installation, directory: requests.Session, user_id: str) -> requests.Response:
    operation = {"op": "Replace", "path": "active", "value": "False"}
    body = {"schemas": [PATCH_OP], "Operations": [operation]}
    return directory.patch(f"{installation.base_url}/scim/v2/Users/{user_id}", json=body, timeout=30)


@pytest.mark.spec("I-122", "the issue: loses sessions and tokens within a minute")
def test_sessions_and_tokens_end_within_the_same_second(
    installation: Installation, directory: requests.Session, person: Person
) -> None:
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(installation, person, "web", "Field visits") as created:
        grace = provisioned(installation, directory, "grace")
        installation.manage("reset_user", "grace", input=PASSWORD)
        hers = Person(installation.base_url)
        hers.sign_in("grace", PASSWORD)
        client = Client(hers, created)
        tokens = client.ask(client.new_code()).json()
        waiting = client.new_code()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        security = f"{installation.base_url}/security/"
        assert requests.get(installation.base_url + ME, headers=bearer, timeout=30).status_code == 200
        assert hers.browser.get(security, timeout=30).url == security

        began = time.monotonic()
        answer = deactivate(installation, directory, grace["id"])
        statuses = [
            requests.get(installation.base_url + ME, headers=bearer, timeout=30).status_code,
            client.ask({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}).status_code,
            client.ask(waiting).status_code,
            hers.browser.get(security, timeout=30, allow_redirects=False).status_code,
        ]
        seconds = time.monotonic() - began
        assert (answer.status_code, answer.json()["active"]) == (200, False)
        assert statuses == [401, 400, 400, 302]
        assert seconds < 1, seconds

    activity = person.browser.get(f"{installation.base_url}/console/activity/?who=grace", timeout=30).text
    assert "SCIM token Entra ID" in activity
    assert "Field visits" in activity


@pytest.mark.spec("I-131", "the issue")
def test_a_removed_token_is_refused_by_the_running_server(
    installation: Installation, directory: requests.Session
) -> None:
    extra = manage(installation, "scim_token", "add", "--name", "Okta")
    users = f"{installation.base_url}/scim/v2/Users"
    bearer = {"Authorization": f"Bearer {extra['token']}"}
    assert requests.get(users, headers=bearer, timeout=30).status_code == 200
    assert f"Okta (…{extra['token'][-4:]})" in manage(installation, "scim_token", "list")[str(extra["id"])]
    manage(installation, "scim_token", "remove", "--id", str(extra["id"]))
    assert requests.get(users, headers=bearer, timeout=30).status_code == 401
    assert directory.get(users, timeout=30).status_code == 200


def test_a_body_that_is_too_large_is_refused_in_the_form_of_scim(
    installation: Installation, directory: requests.Session
) -> None:
    answer = directory.post(f"{installation.base_url}/scim/v2/Users", data=b" " * 70_000, timeout=30)
    assert answer.status_code == 413
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
