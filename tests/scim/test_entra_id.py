"""The requests that Microsoft's page on SCIM endpoints for Entra ID prints, and the responses it expects.

"Develop and plan provisioning for a SCIM endpoint in Microsoft Entra ID", and "Known issues and resolutions
with SCIM 2.0 protocol compliance of the Microsoft Entra user provisioning service".
"""

from typing import Any

import pytest

from accounts.models import Role, User
from tests.scim.client import (
    CORE_USER,
    ENTERPRISE_USER,
    LIST_RESPONSE,
    PATCH_OP,
    SCIM_JSON,
    ScimClient,
    refusal,
)

pytestmark = pytest.mark.django_db

USER_NAME = "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee"
EMAIL = "Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com"
EXTERNAL_ID = "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"
CREATE = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "externalId": EXTERNAL_ID,
    "userName": USER_NAME,
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": EMAIL}],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "roles": [],
}


@pytest.fixture
def created(scim: ScimClient) -> dict[str, Any]:
    answer = scim.send("POST", "Users", CREATE)
    assert answer.status_code == 201
    assert answer["Content-Type"] == SCIM_JSON
    resource: dict[str, Any] = answer.json()
    assert answer["Location"] == resource["meta"]["location"]
    return resource


@pytest.mark.spec("I-110", "Entra ID: Create User")
def test_a_created_user_is_a_member_with_everything_as_it_was_sent(created: dict[str, Any]) -> None:
    assert created["schemas"] == [CORE_USER]
    assert created["externalId"] == EXTERNAL_ID
    assert created["userName"] == USER_NAME
    assert created["name"] == CREATE["name"]
    assert created["active"] is True
    # An email address is one mailbox whatever its capitals, so it is kept in lower case.
    assert created["emails"] == [{"value": EMAIL.lower(), "type": "work", "primary": True}]
    assert created["meta"]["resourceType"] == "User"
    person = User.objects.get(user_id=created["id"])
    assert (person.role, person.is_active, person.has_usable_password()) == (Role.MEMBER, True, False)
    assert person.name == "givenName familyName"


@pytest.mark.spec("I-111", "Entra ID: Get User")
def test_get_user(scim: ScimClient, created: dict[str, Any]) -> None:
    assert scim.get(f"Users/{created['id']}").json() == created
    refusal(scim.get("Users/5171a35d82074e068ce2"), 404)


@pytest.mark.spec("I-112", "Entra ID: Get User by query")
def test_get_user_by_query(scim: ScimClient, created: dict[str, Any]) -> None:
    answer = scim.get("Users", filter=f'userName eq "{USER_NAME}"')
    assert answer.json() == {
        "schemas": [LIST_RESPONSE],
        "totalResults": 1,
        "Resources": [created],
        "startIndex": 1,
        "itemsPerPage": 1,
    }
    none = scim.get("Users", filter='userName eq "non-existent user"').json()
    assert (none["totalResults"], none["Resources"]) == (0, [])
    assert scim.found(f'externalId eq "{EXTERNAL_ID}"') == [created]
    assert scim.found(f'emails[type eq "work"].value eq "{EMAIL}"') == [created]


@pytest.mark.spec("I-114", "Entra ID: Update User [Multi-valued properties]")
def test_update_user_multi_valued_properties(scim: ScimClient, created: dict[str, Any]) -> None:
    answer = scim.patch(
        created["id"],
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updatedEmail@microsoft.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
    )
    assert answer.status_code == 200
    changed = answer.json()
    assert changed["emails"] == [{"value": "updatedemail@microsoft.com", "type": "work", "primary": True}]
    assert changed["name"] == {
        "formatted": "givenName updatedFamilyName",
        "familyName": "updatedFamilyName",
        "givenName": "givenName",
    }
    assert User.objects.get(user_id=created["id"]).name == "givenName updatedFamilyName"


@pytest.mark.spec("I-114", "Entra ID: Update User [Single-valued properties]")
def test_update_user_single_valued_properties(scim: ScimClient, created: dict[str, Any]) -> None:
    new = "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com"
    before = User.objects.get(user_id=created["id"]).username
    assert scim.replace(created["id"], "userName", new).json()["userName"] == new
    assert [found["id"] for found in scim.found(f'userName eq "{new}"')] == [created["id"]]
    assert scim.found(f'userName eq "{USER_NAME}"') == []
    assert User.objects.get(user_id=created["id"]).username == before  # clients know people by it


@pytest.mark.spec("I-115", "Entra ID: Disable User; known issues: active as text")
@pytest.mark.parametrize("value", [False, "False", "false"], ids=repr)
@pytest.mark.parametrize("op", ["Replace", "Add"])
def test_disable_user_and_enable_again(
    scim: ScimClient, created: dict[str, Any], op: str, value: Any
) -> None:
    answer = scim.send(
        "PATCH",
        f"Users/{created['id']}",
        {"Operations": [{"op": op, "path": "active", "value": value}], "schemas": [PATCH_OP]},
    )
    assert answer.json() == {**created, "active": False}
    # It should be returned whether or not it is active.
    assert scim.found(f'userName eq "{USER_NAME}"') == [{**created, "active": False}]
    assert scim.replace(created["id"], "active", "True" if isinstance(value, str) else True).json() == created


@pytest.mark.spec("I-116", "Entra ID: Delete User")
def test_delete_user(scim: ScimClient, created: dict[str, Any]) -> None:
    answer = scim.send("DELETE", f"Users/{created['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    refusal(scim.get(f"Users/{created['id']}"), 404)
    assert scim.found(f'userName eq "{USER_NAME}"') == []
    assert not User.objects.get(user_id=created["id"]).is_active


@pytest.mark.spec("I-114", "Entra ID, known issues: requests to replace multiple attributes")
def test_several_attributes_without_the_feature_flag(scim: ScimClient, created: dict[str, Any]) -> None:
    changed = scim.patch(
        created["id"],
        {"op": "Replace", "path": "displayName", "value": "Pvlo"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "TestBcwqnm@test.microsoft.com"},
        {"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
        {"op": "Replace", "path": "name.familyName", "value": "Pkqf"},
        {"op": "Replace", "path": "externalId", "value": "Eqpj"},
        {"op": "Replace", "path": f"{ENTERPRISE_USER}:employeeNumber", "value": "Eqpj"},
    ).json()
    assert changed["displayName"] == "Pvlo"
    assert changed["emails"][0]["value"] == "testbcwqnm@test.microsoft.com"
    assert (changed["name"]["givenName"], changed["name"]["familyName"]) == ("Gtfd", "Pkqf")
    assert changed["externalId"] == "Eqpj"


@pytest.mark.spec("I-114", "Entra ID, known issues: with the flag aadOptscim062020")
def test_several_attributes_with_the_feature_flag(scim: ScimClient, created: dict[str, Any]) -> None:
    changed = scim.patch(
        created["id"],
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "TestMhvaes@test.microsoft.com"},
        {
            "op": "replace",
            "value": {
                "displayName": "Bjfe",
                "name.givenName": "Kkom",
                "name.familyName": "Unua",
                f"{ENTERPRISE_USER}:employeeNumber": "Aklq",
            },
        },
    ).json()
    assert changed["displayName"] == "Bjfe"
    assert changed["name"] == {"formatted": "Kkom Unua", "givenName": "Kkom", "familyName": "Unua"}
    assert changed["emails"][0]["value"] == "testmhvaes@test.microsoft.com"


@pytest.mark.spec("I-114", "Entra ID, known issues: requests to add a single-value string attribute")
def test_what_means_nothing_here_is_ignored(scim: ScimClient, created: dict[str, Any]) -> None:
    answer = scim.patch(
        created["id"],
        {"op": "Add", "path": "nickName", "value": "Babs"},
        {"op": "Add", "path": "manager", "value": [{"$ref": "http://example/Users/1", "value": "1"}]},
        {"op": "Replace", "path": 'phoneNumbers[type eq "work"].value', "value": "55555555555"},
        {"op": "Replace", "path": 'emails[type eq "other"].value', "value": "other@example.com"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "administrator"},
    )
    assert answer.json() == created
    assert User.objects.get(user_id=created["id"]).role == Role.MEMBER


@pytest.mark.spec("I-110", "Entra ID: sample with null members")
def test_create_with_nulls(scim: ScimClient) -> None:
    answer = scim.send(
        "POST",
        "Users",
        {
            "schemas": [CORE_USER, f"{ENTERPRISE_USER}"],
            "externalId": "jyoung",
            "userName": "jyoung@testuser.com",
            "active": True,
            "addresses": None,
            "displayName": "Joy Young",
            "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": True}],
            "meta": {"resourceType": "User"},
            "name": {"familyName": "Young", "givenName": "Joy"},
            "phoneNumbers": None,
            "preferredLanguage": None,
            "title": None,
            "department": None,
            "manager": None,
        },
    )
    assert answer.status_code == 201
    assert User.objects.get(external_id="jyoung").username == "jyoung"


@pytest.mark.spec("I-118", "Entra ID: Discover schema; Test Connection")
def test_schema_discovery_and_test_connection(scim: ScimClient) -> None:
    listed = scim.get("Schemas").json()
    assert listed["totalResults"] == 1
    names = [attribute["name"] for attribute in listed["Resources"][0]["attributes"]]
    assert names == ["userName", "name", "displayName", "emails", "active"]
    nobody = scim.get("Users", filter='userName eq "2b7f0a1c-random-guid"')
    assert (nobody.status_code, nobody.json()["totalResults"]) == (200, 0)
