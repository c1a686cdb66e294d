"""Requests of SCIM clients: who may send them, what they may look like, and what is kept of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import ScimToken, User
from oauthapps.models import RecordedRequest
from oauthapps.rules.credential_values import new_access_token, new_scim_token
from tests.infrastructure.recording import recording
from tests.scim.client import BASE, CORE_USER, ScimClient, okta_user, refusal

pytestmark = pytest.mark.django_db

UNKNOWN = "gtscim_thisTokenWasNeverIssuedByAnybody0000000000000000"

# Who may send them


@pytest.mark.spec("I-132", "RFC 6750 §3; RFC 7644 §2")
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", f"Bearer {UNKNOWN}", "Basic Zm9vOmJhcg==", UNKNOWN],
)
@pytest.mark.parametrize("path", ["Users", "Users/1", "Groups", "Bulk", ""])
def test_without_a_token_that_works_nothing_is_told(scim: ScimClient, authorization: str, path: str) -> None:
    answer = scim.send("GET", f"{BASE}/{path}", Authorization=authorization)
    refusal(answer, 401)
    assert answer["WWW-Authenticate"].startswith('Bearer realm="SCIM"')
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.spec("I-132", "RFC 6750 §3; RFC 7644 §2")
def test_neither_an_access_token_nor_a_session_is_a_scim_token(administrator: User) -> None:
    refusal(ScimClient(new_access_token()).get("Users"), 401)
    browser = Client()
    browser.force_login(administrator)
    assert browser.get(f"{BASE}/Users").status_code == 401


@pytest.mark.spec("I-133", "RFC 6585 §4")
def test_guessing_is_slowed_down_and_the_right_token_is_not(scim: ScimClient, settings: Settings) -> None:
    settings.CLIENT_FAILURES_PER_NETWORK = 3
    wrong = ScimClient(new_scim_token())
    with time_machine.travel(timezone.now().replace(second=1), tick=False) as clock:
        assert [wrong.get("Users").status_code for _ in range(5)] == [401, 401, 401, 429, 429]
        assert wrong.get("Users")["Retry-After"] == "59"
        assert scim.get("Users").status_code == 200
        clock.shift(60)
        assert wrong.get("Users").status_code == 401


@pytest.mark.spec("I-134", "the issue")
def test_it_is_known_to_the_minute_when_a_token_was_used(scim: ScimClient) -> None:
    def used() -> datetime | None:
        return ScimToken.objects.get().last_used_at

    assert used() is None
    with time_machine.travel(timezone.now(), tick=False) as clock:
        scim.get("Users")
        first = used()
        assert first == timezone.now()
        clock.shift(59)
        scim.get("Users")
        assert used() == first
        clock.shift(2)
        scim.get("Users")
        assert used() == timezone.now()
    assert timezone.now() - timedelta(days=1) < (first or timezone.now())


# What they may look like


UNREADABLE: dict[str, tuple[Any, int, str]] = {
    "nothing": ("", 400, "invalidSyntax"),
    "a form": ("userName=ada", 400, "invalidSyntax"),
    "a list": ("[]", 400, "invalidSyntax"),
    "much depth": ("[" * 60_000, 400, "invalidSyntax"),
    "no UTF-8": (b"\xff\xfe", 400, "invalidSyntax"),
    "a long number": ("1" * 60_000, 400, "invalidSyntax"),
    "no members": ({}, 400, "invalidValue"),
    "an empty user name": ({"userName": ""}, 400, "invalidValue"),
    "a number as user name": ({"userName": 7}, 400, "invalidValue"),
    "a NUL": (okta_user("a\0b"), 400, "invalidValue"),
    "half a surrogate": ('{"userName": "\\ud800"}', 400, "invalidValue"),
    "a long user name": (okta_user("a" * 256), 400, "invalidValue"),
    "a name as text": (okta_user("ada", name="Ada"), 400, "invalidValue"),
    "no email address": (okta_user("ada", emails=[{"value": "no address"}]), 400, "invalidValue"),
    "another word for true": (okta_user("ada", active="perhaps"), 400, "invalidValue"),
    "a number for true": (okta_user("ada", active=1), 400, "invalidValue"),
    "a long external ID": (okta_user("ada", externalId="x" * 256), 400, "invalidValue"),
    "a list as name": (okta_user("ada", displayName=["Ada"]), 400, "invalidValue"),
    "too much": ("x" * 65_537, 413, ""),
}


@pytest.mark.spec("I-135", "RFC 7644 §3.12")
@pytest.mark.parametrize(("body", "status", "scim_type"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_can_not_be_read_is_refused_and_nothing_is_made(
    scim: ScimClient, body: Any, status: int, scim_type: str
) -> None:
    before = User.objects.count()
    refusal(scim.send("POST", "Users", body), status, scim_type)
    assert User.objects.count() == before


@pytest.mark.spec("I-135", "RFC 7644 §3.12")
def test_both_media_types_are_read_and_others_are_not(scim: ScimClient) -> None:
    for number, kind in enumerate(["application/scim+json", "application/json; charset=utf-8"]):
        scim.content_type = kind
        assert scim.create(f"{number}@example.com")["active"] is True
    scim.content_type = "text/plain"
    refusal(scim.send("POST", "Users", okta_user("ada@example.com")), 415)


@pytest.mark.spec("I-135", "RFC 7644 §3.12")
@pytest.mark.parametrize(
    ("body", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ({"Operations": []}, "invalidSyntax"),
        ({"Operations": {}}, "invalidSyntax"),
        ({"Operations": ["replace"]}, "invalidSyntax"),
        ({"Operations": [{"op": "replace", "value": {}}] * 101}, "invalidSyntax"),
        ({"Operations": [{"op": "move", "path": "active", "value": False}]}, "invalidSyntax"),
        ({"Operations": [{"path": "active", "value": False}]}, "invalidSyntax"),
        ({"Operations": [{"op": "replace", "path": "active", "value": "no"}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "value": "no object"}]}, "invalidValue"),
        ({"Operations": [{"op": "replace", "path": "emails[type", "value": "x"}]}, "invalidPath"),
        ({"Operations": [{"op": "replace", "path": "/active", "value": False}]}, "invalidPath"),
        ({"Operations": [{"op": "remove"}]}, "noTarget"),
        ({"Operations": [{"op": "Remove", "path": "userName"}]}, "mutability"),
        ({"Operations": [{"op": "Remove", "path": 'emails[type eq "work"].value'}]}, "mutability"),
    ],
    ids=str,
)
def test_a_patch_that_can_not_be_read_changes_nothing(scim: ScimClient, body: Any, scim_type: str) -> None:
    created = scim.create()
    refusal(scim.send("PATCH", f"Users/{created['id']}", body), 400, scim_type)
    assert scim.get(f"Users/{created['id']}").json() == created


def test_what_may_be_missing_can_be_removed(scim: ScimClient) -> None:
    created = scim.create()
    changed = scim.patch(
        created["id"], {"op": "Remove", "path": "externalId"}, {"op": "remove", "path": "name.givenName"}
    ).json()
    assert "externalId" not in changed
    assert changed["name"] == {"formatted": "User", "familyName": "User"}
    assert "givenName" not in scim.patch(created["id"], {"op": "remove", "path": "name"}).json()["name"]


@pytest.mark.spec("I-112", "RFC 7644 §3.4.2.2")
@pytest.mark.parametrize(
    "expression",
    [
        "userName",
        'userName eq "ada" or userName eq "bob"',
        'userName sw "a"',
        "userName pr",
        'userName eq "ada" and',
        'userName eq "ada"x',
        'title eq "x"',
        'userName eq "\\u0000"',
        'userName eq "\\x"',
        'not (userName eq "ada")',
        "active eq perhaps",
        'emails[type eq "home"].value eq "ada@example.com"',
        " and ".join(['id eq "1"'] * 11),
        "a" * 10_000,
    ],
)
def test_filters_that_nobody_sends_are_refused(scim: ScimClient, expression: str) -> None:
    answer = scim.get("Users", filter=expression)
    assert answer.status_code == 400
    assert answer.json()["scimType"] in {"invalidFilter", "invalidValue"}


@pytest.mark.spec("I-112", "RFC 7644 §3.4.2.2")
def test_conditions_are_joined(scim: ScimClient) -> None:
    created = scim.create()
    for expression in (
        f'id eq "{created["id"]}" and active eq true',
        f'userName eq "{created["userName"]}" AND externalId eq "{created["externalId"]}"',
        f'emails.value eq "{created["userName"].upper()}" and active eq "True"',
        f'{CORE_USER}:userName eq "{created["userName"]}"',
    ):
        assert [found["id"] for found in scim.found(expression)] == [created["id"]], expression
    assert scim.found(f'id eq "{created["id"]}" and active eq false') == []
    assert scim.found(f'externalId eq "{created["externalId"].upper()}x"') == []


@pytest.mark.spec("I-113", "RFC 7644 §3.4.2.4")
def test_counts_and_first_numbers_are_kept_within_bounds(scim: ScimClient) -> None:
    def listed(**asked: Any) -> tuple[int, int, int]:
        said = scim.get("Users", **asked).json()
        return said["totalResults"], said["startIndex"], said["itemsPerPage"]

    scim.create()
    assert listed() == (2, 1, 2)
    assert listed(count=0) == (2, 1, 0)
    assert listed(count=-5, startIndex=-3) == (2, 1, 0)
    assert listed(count=999_999_999, startIndex=2) == (2, 2, 1)
    for asked in ({"count": "x"}, {"startIndex": "1.5"}, {"count": "9" * 20}):
        refusal(scim.get("Users", **asked), 400, "invalidValue")


@pytest.mark.spec("I-136", "RFC 7644 §3.9")
def test_clients_get_the_attributes_that_they_ask_for(scim: ScimClient) -> None:
    created = scim.create()
    path = f"Users/{created['id']}"
    only = scim.get(path, attributes="userName,name.givenName").json()
    assert only == {
        "schemas": [CORE_USER],
        "id": created["id"],
        "userName": created["userName"],
        "name": {"givenName": "Test"},
    }
    assert scim.get(path, attributes=f"{CORE_USER}:EMAILS").json().keys() == {"schemas", "id", "emails"}
    less = scim.get("Users", excludedAttributes="emails,id,meta", filter=f'id eq "{created["id"]}"').json()
    assert created.keys() - less["Resources"][0].keys() == {"emails", "meta"}
    assert scim.send("POST", "Users?attributes=id", okta_user("two@example.com")).json().keys() == {
        "schemas",
        "id",
    }


def test_other_methods_and_paths_are_refused_in_the_same_form(scim: ScimClient) -> None:
    for method, path, allowed in (
        ("DELETE", "Users", "GET, HEAD, POST"),
        ("POST", "Users/1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "Schemas", "GET, HEAD"),
    ):
        answer = scim.send(method, path)
        refusal(answer, 405)
        assert answer["Allow"] == allowed
    for path in ("Bulk", "Me", "Users/.search", "Users/1/2", ""):
        refusal(scim.send("POST" if path != "Users/.search" else "GET", f"{BASE}/{path}"), 404)
    refusal(scim.get("Schemas/urn:none"), 404)
    refusal(scim.get("ResourceTypes/Group"), 404)


# What is kept of them


@pytest.mark.spec("I-137", "the issue")
def test_a_refused_request_is_recorded_without_its_token(scim: ScimClient) -> None:
    created = scim.create()
    with recording() as journal:
        scim.replace(created["id"], "userName", "")
        scim.send("POST", "Users", okta_user("ada.lovelace@example.com", password=scim.token))
        journal.finish()
    first, second = RecordedRequest.objects.order_by("pk")
    assert (first.endpoint, first.endpoint_label) == ("scim", "Provisioning (SCIM)")
    assert (first.status, first.error) == (400, "invalidValue")
    assert first.cause == "The attribute userName is required."
    assert first.username == User.objects.get(user_id=created["id"]).username
    assert first.parameters["Authorization"] == f"Bearer gtscim_…{scim.token[-4:]}"
    assert (second.error, second.fix[:30]) == ("uniqueness", "Configure the directory to mat")
    for row in (first, second):
        assert scim.token not in repr(vars(row))
        assert "ada.lovelace@example.com" not in repr(row.parameters)
