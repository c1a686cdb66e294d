"""What an export writes, and that an import makes the same of it."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Organization, Role, User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services import moving_in
from oauthapps.services.apis import create_api
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.credentials import add_key, delete_key
from oauthapps.services.scopes import NewScope
from tests.factories import PASSWORD, UserFactory, make_application
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.transfer.conftest import Transfer
from tests.transfer.documents import SECRET, document, secrets

TESTS = Actor.command("tests")


def furnish() -> None:
    """Make an installation with everything that a document can have, in no particular order."""
    zoe = UserFactory.create(username="Zoe", name="Zoë “Z” <&>", role=Role.ADMINISTRATOR)
    UserFactory.create(username="adam", name="", is_active=False)
    UserFactory.create(username="béa".replace("é", "e"), is_active=False, joined_at=None)
    verifier = make_application(AppType.MACHINE_TO_MACHINE, name="Verifier").application
    for name, count in (("Zebras", 2), ("apples", 1), ("Bees", 3)):
        create_api(
            name=name,
            identifier=f"https://{name.lower()}.example.com/api",
            actor=TESTS,
            new_scopes=[
                NewScope(name=f"{name}:{letter}", sentence=f"{letter} {name}", is_default=letter == "z")
                for letter in "zyx"[:count]
            ],
            verifiers=[verifier],
            fields={"description": "Two\nlines", "token_seconds": 301},
        )
    machine = make_application(
        AppType.MACHINE_TO_MACHINE,
        name="ärger",
        owner=zoe,
        settings={
            "may_verify_tokens": True,
            "access_token_seconds": 600,
            "allowed_scope": "write read Bees:y apples:z",
        },
    ).application
    add_key(machine, public_pem(SIGNING_KEY), user=zoe, actor=TESTS)
    add_key(machine, public_pem(OTHER_KEY), user=None, actor=TESTS)
    ends = {"repeated_jti": date(2027, 2, 1), "long_assertions": timezone.now().date() - timedelta(days=3)}
    moving_in.begin(machine, exceptions=ends, actor=TESTS)
    web = make_application(
        AppType.WEB,
        name="Web",
        redirect_urls=["https://b.example/", "https://a.example/"],
        settings={
            "requires_pkce": True,
            "allowed_scope": "",
            "description": "d",
            "second_contact": "c@x.org",
        },
    ).application
    key = add_key(web, public_pem(SIGNING_KEY), user=None, actor=TESTS)
    delete_key(key, actor=TESTS)
    disable_application(web, actor=TESTS)
    make_application(
        AppType.SINGLE_PAGE,
        name="a kiosk",
        settings={"privacy_policy_url": "https://example.com/privacy", "inactivity_expiration": "1h"},
    )
    delete_application(make_application(AppType.WEB, name="Gone").application, actor=TESTS)


def empty() -> None:
    """Have the database of a new installation."""
    call_command("flush", verbosity=0, interactive=False)
    assert not Application.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("O-114", "moving in")
@pytest.mark.parametrize("from_document", [True, False])
def test_an_export_imported_into_an_empty_installation_exports_the_same_bytes(
    transfer: Transfer, from_document: bool
) -> None:
    if from_document:
        transfer.load()
    else:
        furnish()
    first = transfer.save()
    empty()
    told = transfer.load(first)
    assert told.error == "", told.refusals
    assert transfer.save() == first
    again = transfer.load(first)
    assert (again.counts["new"], again.counts["changed"], again.counts["kept"]) == (0, 0, 0)


@pytest.mark.django_db
@pytest.mark.spec("O-114", "ASVS 13.3")
def test_an_export_has_no_secret_and_nothing_that_was_deleted(transfer: Transfer) -> None:
    furnish()
    UserFactory.create(password=PASSWORD)
    table = transfer.write(secrets(), "secrets.csv")
    made = document()
    made["people"], made["apis"] = [], []
    made["applications"] = [made["applications"][1] | {"allowed_scopes": ["read"]}]
    transfer.load_files(transfer.write(made), options=("--secrets", str(table)))
    written = transfer.save().decode()
    assert SECRET not in written
    for user in User.objects.all():
        assert user.password not in written
    for application in Application.objects.all():
        assert ("Gone" in written) is False
        for row in application.secrets.all():
            assert row.digest not in written
    assert len(json.loads(written)["applications"]) == 4


@pytest.mark.django_db
@pytest.mark.spec("O-114", "moving in")
def test_an_export_is_sorted_by_what_it_contains(transfer: Transfer) -> None:
    furnish()
    written = json.loads(transfer.save())
    assert list(written) == ["format", "organization", "people", "apis", "applications"]
    assert [person["username"] for person in written["people"]] == ["adam", "bea", "Zoe"]
    assert [person.get("status") for person in written["people"]] == ["inactive", "invited", None]
    assert [api["name"] for api in written["apis"]] == ["apples", "Bees", "Zebras"]
    assert [scope["name"] for scope in written["apis"][1]["scopes"]] == ["Bees:z", "Bees:y", "Bees:x"]
    names = [application["name"] for application in written["applications"]]
    assert names == ["a kiosk", "Verifier", "Web", "ärger"]
    machine = written["applications"][-1]
    assert machine["allowed_scopes"] == ["read", "write", "Bees:y", "apples:z"]
    assert [key["acts_as"] == "application" for key in machine["keys"]].count(True) == 1
    web = written["applications"][2]
    assert (web["status"], web["redirect_urls"], web["allowed_scopes"], web["keys"]) == (
        "disabled",
        ["https://b.example/", "https://a.example/"],
        [],
        [],
    )


@pytest.mark.django_db
def test_an_export_of_nothing_names_the_organization(transfer: Transfer, tmp_path: Path) -> None:
    written = json.loads(transfer.save())
    assert written["organization"]["customer_id"] == Organization.current().customer_id
    assert (written["people"], written["applications"]) == ([], [])


@pytest.mark.django_db
@pytest.mark.spec("I-154", "the console")
def test_a_document_makes_auditors_and_an_export_names_them(transfer: Transfer) -> None:
    made = document()
    made["people"][1] |= {"role": "auditor"}
    assert transfer.load(made).error == ""
    bob = User.objects.get(user_id=made["people"][1]["user_id"])
    assert bob.role == Role.AUDITOR
    assert [each["role"] for each in json.loads(transfer.save())["people"]] == ["administrator", "auditor"]
