"""The requests that Okta's SCIM 2.0 reference prints, and those of its published test of SCIM servers."""

from typing import Any
from urllib.parse import quote

import pytest

from accounts.models import User
from tests.scim.client import BASE, CORE_USER, ERROR, LIST_RESPONSE, PATCH_OP, ScimClient, refusal

pytestmark = pytest.mark.django_db

USER = {
    "schemas": [CORE_USER],
    "userName": "test.user@okta.local",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}
BY_USER_NAME = "filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100"


@pytest.fixture
def created(scim: ScimClient) -> dict[str, Any]:
    answer = scim.send("POST", "Users", USER)
    assert answer.status_code == 201
    resource: dict[str, Any] = answer.json()
    return resource


@pytest.mark.spec("I-110", "Okta: Create users")
def test_create_users(scim: ScimClient) -> None:
    before = scim.get(f"Users?{BY_USER_NAME}").json()
    assert before == {
        "schemas": [LIST_RESPONSE],
        "totalResults": 0,
        "startIndex": 1,
        "itemsPerPage": 0,
        "Resources": [],
    }
    created = scim.send("POST", "Users", USER).json()
    for name in ("userName", "name", "emails", "displayName", "externalId", "active"):
        assert {**created, "name": {**created["name"]}}[name] == (
            USER[name] if name != "name" else {**USER["name"], "formatted": "Test User"}  # type: ignore[dict-item]
        )
    assert "password" not in created
    assert not User.objects.get(user_id=created["id"]).check_password("1mz050nq")
    assert scim.get(f"Users?{BY_USER_NAME}").json()["Resources"] == [created]


@pytest.mark.spec("I-117", "Okta: user already exists")
def test_a_user_that_exists_already(scim: ScimClient, created: dict[str, Any]) -> None:
    refusal(scim.send("POST", "Users", USER), 409, "uniqueness")
    other = {**USER, "userName": "other@okta.local", "externalId": "other"}
    refusal(scim.send("POST", "Users", other), 409, "uniqueness")  # the email address
    other["emails"] = [{"value": "other@okta.local", "primary": True}]
    refusal(scim.send("POST", "Users", {**other, "externalId": USER["externalId"]}), 409, "uniqueness")
    refusal(scim.send("POST", "Users", {**other, "userName": "TEST.user@okta.local"}), 409, "uniqueness")
    assert scim.send("POST", "Users", other).status_code == 201


@pytest.mark.spec("I-113", "Okta: Retrieve users")
def test_retrieve_users_page_by_page_in_one_order(scim: ScimClient) -> None:
    for number in range(7):
        scim.create(f"person{number}@okta.local")
    pages = [scim.get("Users", startIndex=start, count=3).json() for start in (1, 4, 7, 10)]
    assert [page["totalResults"] for page in pages] == [8] * 4  # with the administrator
    assert [page["itemsPerPage"] for page in pages] == [3, 3, 2, 0]
    assert [page["startIndex"] for page in pages] == [1, 4, 7, 10]
    ids = [user["id"] for page in pages for user in page["Resources"]]
    assert ids == [user["id"] for user in scim.get("Users").json()["Resources"]]
    assert len(set(ids)) == 8


@pytest.mark.spec("I-114", "Okta: Update a specific user (PUT)")
def test_update_a_user_by_put(scim: ScimClient, created: dict[str, Any]) -> None:
    fetched = scim.get(f"Users/{created['id']}").json()
    body = {
        **fetched,
        "name": {"givenName": "Another", "middleName": "Excited", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work", "display": "x"}],
        "groups": [],
        "meta": {"resourceType": "User"},
    }
    del body["externalId"]  # as printed: what is left out stays
    changed = scim.send("PUT", f"Users/{created['id']}", body)
    assert changed.status_code == 200
    assert changed.json()["name"] == {
        "formatted": "Another User",
        "givenName": "Another",
        "familyName": "User",
    }
    assert changed.json()["externalId"] == USER["externalId"]
    assert scim.get(f"Users/{created['id']}").json() == changed.json()


@pytest.mark.spec("I-115", "Okta: Update a specific user (PATCH), deactivation")
def test_deactivate_a_user_by_a_patch_without_a_path(scim: ScimClient, created: dict[str, Any]) -> None:
    operation = {"op": "replace", "value": {"active": False}}
    answer = scim.send("PATCH", f"Users/{created['id']}", {"schemas": [PATCH_OP], "Operations": [operation]})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert not User.objects.get(user_id=created["id"]).is_active


@pytest.mark.spec("I-115", "Okta: custom app integrations deactivate by PUT")
def test_deactivate_a_user_by_put(scim: ScimClient, created: dict[str, Any]) -> None:
    answer = scim.send("PUT", f"Users/{created['id']}", {**created, "active": False})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert scim.send("PUT", f"Users/{created['id']}", {**created, "active": True}).json()["active"] is True


@pytest.mark.spec("I-119", "Okta: groups")
def test_groups_are_refused_as_something_that_is_not_there(scim: ScimClient) -> None:
    for method, path in (
        ("GET", "Groups"),
        ("POST", "Groups"),
        ("PATCH", "Groups/1"),
        ("DELETE", "Groups/1"),
    ):
        detail = refusal(scim.send(method, path, {} if method != "GET" else None), 404)
        assert "Groups can't be provisioned here" in detail


@pytest.mark.spec("I-118", "Okta: SCIM 2.0 SPEC test")
def test_what_okta_asks_of_the_documents_about_this_server(scim: ScimClient) -> None:
    config = scim.get("ServiceProviderConfig").json()
    assert config["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    assert config["patch"]["supported"] is True
    assert (config["filter"]["supported"], config["filter"]["maxResults"]) == (True, 200)
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"
    for name in ("bulk", "changePassword", "sort", "etag"):
        assert config[name]["supported"] is False
    types = scim.get("ResourceTypes").json()
    assert types["schemas"] == [LIST_RESPONSE]
    assert types["Resources"][0]["endpoint"] == "/Users"
    assert types["Resources"][0]["schema"] == CORE_USER
    assert scim.get("ResourceTypes/User").json() == types["Resources"][0]
    assert scim.get(f"Schemas/{CORE_USER}").json()["id"] == CORE_USER
    for path in ("ServiceProviderConfig", "ResourceTypes", "Schemas"):
        answer = scim.send("POST", path, "test\r\n\r\n")
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
        assert answer.json()["schemas"] == [ERROR]


@pytest.mark.spec("I-112", "Okta: SCIM 2.0 SPEC test")
def test_a_filter_without_quotes_and_in_other_capitals(scim: ScimClient, created: dict[str, Any]) -> None:
    without_quotes = quote("userName eq test.user@okta.local")
    assert scim.get(f"Users?count=1&startIndex=1&filter={without_quotes}").json()["Resources"] == [created]
    assert scim.found('userName eq "TEST.USER@OKTA.LOCAL"') == [created]
    assert scim.found('USERNAME EQ "test.user@okta.local"') == [created]


@pytest.mark.spec("I-111", "Okta: SCIM 2.0 SPEC test")
def test_a_random_id_is_nobodys(scim: ScimClient) -> None:
    for user_id in ("010101001010101011001010101011", "%00", "a%2Fb", "…"):
        refusal(scim.send("GET", f"{BASE}/Users/{user_id}"), 404)
