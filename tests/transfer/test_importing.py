"""What an import makes and changes, and that it is all or nothing."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization, Role, Status, User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Api, Application, ClientSecret, MovingIn, PublicKey
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.credentials import delete_key
from oauthapps.services.moving_in import exceptions_of
from tests.factories import PASSWORD, UserFactory
from tests.transfer.conftest import Transfer
from tests.transfer.documents import ADA, BOB, CUSTOMER_ID, INVOICES, KIOSK, NIGHTLY, PORTAL, document

pytestmark = pytest.mark.django_db

Document = dict[str, Any]
TESTS = Actor.command("tests")


@pytest.mark.spec("O-100", "moving in")
def test_a_document_makes_an_installation(transfer: Transfer) -> None:
    told = transfer.load()
    assert told.error == ""
    organization = Organization.current()
    assert (organization.customer_id, organization.domain, organization.lane) == (
        CUSTOMER_ID,
        "acme",
        "preview",
    )
    ada, bob = User.objects.get(user_id=ADA), User.objects.get(user_id=BOB)
    assert (ada.name, ada.role, bob.name, bob.role) == ("Ada", Role.ADMINISTRATOR, "", Role.MEMBER)
    api = Api.objects.get()
    assert (api.identifier, api.token_seconds) == (INVOICES, 900)
    assert list(api.scopes.values_list("name", "is_default")) == [
        ("invoices:read", True),
        ("invoices:pay", False),
    ]
    assert [application.client_id for application in api.verifiers.all()] == [NIGHTLY]
    nightly, portal, kiosk = (Application.objects.get(client_id=each) for each in (NIGHTLY, PORTAL, KIOSK))
    assert (nightly.user, nightly.allowed_scope) == (ada, "read invoices:read")
    assert nightly.keys.get().user == bob
    assert exceptions_of(nightly) == {"long_assertions": date(2027, 2, 1)}
    assert (nightly.response_profile, kiosk.response_profile) == ("workfront", "standard")
    assert [row.url for row in portal.redirect_urls.all()] == [
        "https://client.example/callback",
        "https://portal.example.com/b",
    ]
    assert (portal.rotate_refresh_tokens, portal.absolute_expiration, portal.inactivity_expiration) == (
        False,
        "2y",
        "none",
    )
    assert portal.first_contact == "portal@example.org"
    assert MovingIn.objects.unfinished().count() == 3
    assert not ClientSecret.objects.exists()


@pytest.mark.spec("O-100", "ASVS 16.3")
def test_each_thing_that_is_made_is_an_event_of_the_command(transfer: Transfer) -> None:
    transfer.load()
    events = Event.objects.filter(kind=EventKind.APPLICATION_CREATED)
    assert {(event.actor_name, event.application_name) for event in events} == {
        ("manage.py import", "Nightly report"),
        ("manage.py import", "Portal"),
        ("manage.py import", "Kiosk"),
    }
    for kind in (EventKind.PERSON_CREATED, EventKind.API_CREATED, EventKind.SCOPE_ADDED, EventKind.KEY_ADDED):
        assert Event.objects.filter(kind=kind, actor_name="manage.py import").exists(), kind
    assert not Event.objects.exclude(actor_name="manage.py import").exists()


@pytest.mark.spec("O-101", "moving in")
def test_a_second_run_changes_nothing_and_says_so(transfer: Transfer) -> None:
    first = transfer.load()
    events = Event.objects.count()
    second = transfer.load()
    assert (second.counts["new"], second.counts["changed"], second.counts["kept"]) == (0, 0, 0)
    assert second.counts["unchanged"] == first.counts["new"] + 1  # the organization, which was changed
    assert Event.objects.count() == events
    path = transfer.folder / "moving.json"
    assert "nothing to change" in transfer.say("import", str(path))


@pytest.mark.spec("O-102", "moving in")
def test_a_dry_run_says_the_same_and_writes_nothing(transfer: Transfer) -> None:
    before = Organization.current().customer_id
    tried = transfer.load(None, "--dry-run")
    assert tried.error == ""
    assert not User.objects.exists()
    assert not Application.objects.exists()
    assert not Event.objects.exists()
    assert Organization.current().customer_id == before
    assert transfer.load().lines == tried.lines


def without_host(made: Document) -> None:
    made["applications"][1]["redirect_urls"][1] = "https://"


def unknown_owner(made: Document) -> None:
    made["applications"][0]["owner"] = "nobody"


def unknown_scope(made: Document) -> None:
    made["applications"][0]["allowed_scopes"] = ["read", "invoices:rd"]


def url_of_a_machine(made: Document) -> None:
    made["applications"][0]["redirect_urls"] = []


def taken_username(made: Document) -> None:
    made["people"][1]["username"] = "ADA"


def exception_of_another_type(made: Document) -> None:
    made["applications"][2]["exceptions"] = {"repeated_jti": "2027-02-01"}


def client_id_of_a_person(made: Document) -> None:
    made["applications"][2]["client_id"] = BOB


def service_id_of_a_person(made: Document) -> None:
    made["applications"][0]["service_id"] = BOB


def service_id_of_itself(made: Document) -> None:
    made["applications"][0]["service_id"] = NIGHTLY


def verifier_that_is_none(made: Document) -> None:
    made["apis"][0]["verifiers"] = [PORTAL]


def built_in_scope(made: Document) -> None:
    made["apis"][0]["scopes"][0]["name"] = "read"


def lifetime_out_of_bounds(made: Document) -> None:
    made["applications"][0]["access_token_seconds"] = 10


def name_that_turns_text_around(made: Document) -> None:
    made["people"][0]["name"] = "a\u202eb"


@pytest.mark.spec("O-103", "moving in")
@pytest.mark.parametrize(
    ("spoil", "place", "reason"),
    [
        (without_host, "/applications/1/redirect_urls/1", "names no host"),
        (unknown_owner, "/applications/0/owner", "Nobody has this"),
        (unknown_scope, "/applications/0/allowed_scopes", "There is no scope invoices:rd."),
        (url_of_a_machine, "/applications/0/redirect_urls", "has no redirect_urls"),
        (taken_username, "/people/1", "Another person has this username."),
        (exception_of_another_type, "/applications/2/exceptions", "exchange JWTs"),
        (client_id_of_a_person, "/applications/2/client_id", "A person has this as their User ID."),
        (service_id_of_a_person, "/applications/0/service_id", "A person has this as their User ID."),
        (service_id_of_itself, "/applications/0", "An application has this as its"),
        (verifier_that_is_none, "/apis/0/verifiers/0", "no Machine to Machine application"),
        (built_in_scope, "/apis/0/scopes/0/name", "built in"),
        (lifetime_out_of_bounds, "/applications/0/access_token_seconds", "greater than or equal to 300"),
        (name_that_turns_text_around, "/people/0/name", "U+202E"),
    ],
)
def test_what_a_page_would_refuse_is_refused_where_it_stands_and_nothing_is_imported(
    transfer: Transfer, spoil: Callable[[Document], None], place: str, reason: str
) -> None:
    made = document()
    spoil(made)
    told = transfer.load(made)
    assert told.error.startswith("Nothing was imported: ")
    found = [text for at, text in told.refusals.items() if at.startswith(place)]
    assert found, told.refusals
    assert reason in found[0]
    assert not User.objects.exists()
    assert not Application.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.spec("O-103", "moving in")
def test_all_that_is_wrong_is_said_at_once_and_nothing_that_only_follows_from_it(transfer: Transfer) -> None:
    made = document()
    made["people"][0]["email"] = "nonsense"  # ada owns Nightly report
    made["applications"][1]["redirect_urls"] = ["http://portal.example.com/"]
    made["applications"][2]["client_id"] = "3" * 32
    told = transfer.load(made)
    assert set(told.refusals) == {"/people/0/email", "/applications/1/redirect_urls/0"}


@pytest.mark.spec("O-104", "the product's limit")
def test_more_applications_than_there_can_be_are_refused(transfer: Transfer) -> None:
    made = document()
    made["applications"] += [
        {"client_id": f"{number:032x}", "type": "single_page", "name": f"No. {number}"} for number in range(9)
    ]
    told = transfer.load(made)
    assert set(told.refusals) == {"/applications/10", "/applications/11"}
    assert all("APPLICATION_LIMIT" in text for text in told.refusals.values())
    assert not Application.objects.exists()


@pytest.mark.spec("O-105", "moving in")
def test_what_a_document_says_of_something_known_is_changed(transfer: Transfer) -> None:
    transfer.load()
    made = document()
    made["organization"]["lane"] = "my"
    made["people"][1] |= {"name": "Bob", "role": "administrator", "email": "Robert@example.org"}
    made["apis"][0] |= {"token_seconds": 600}
    made["apis"][0]["scopes"][1]["sentence"] = "Pay what you owe"
    made["applications"][1] |= {"name": "Portal 2", "rotate_refresh_tokens": True, "owner": BOB}
    told = transfer.load(made)
    assert told.counts["changed"] == 5
    assert told.changed == [
        "organization: lane preview → my",
        "person bob: Name (none) → Bob; Email address bob@example.org → Robert@example.org; "
        "Role member → administrator",
        "API Invoices: Access token lifetime 900 → 600",
        "scope invoices:pay of Invoices: Pay your invoices → Pay what you owe",
        "application Portal: Name Portal → Portal 2; Refresh token rotation off → on; "
        "Owner (none) → Bob (bob)",
    ]
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).latest("pk")
    assert (event.actor_name, event.after["Refresh token rotation"]) == ("manage.py import", True)
    portal = Application.objects.get(client_id=PORTAL)
    assert (portal.name, portal.rotate_refresh_tokens, portal.user) == (
        "Portal 2",
        True,
        User.objects.get(user_id=BOB),
    )
    assert User.objects.get(user_id=BOB).email == "robert@example.org"
    assert transfer.load(made).counts["changed"] == 0


@pytest.mark.spec("O-106", "moving in")
def test_nothing_is_taken_away(transfer: Transfer) -> None:
    transfer.load()
    made = document()
    made["people"] = made["people"][:1]
    made["applications"] = made["applications"][:2]
    made["applications"][0] |= {"allowed_scopes": ["read"], "keys": []}
    made["applications"][1]["redirect_urls"] = ["https://portal.example.com/c"]
    made["apis"][0] |= {"scopes": [], "verifiers": []}
    told = transfer.load(made)
    assert told.error == ""
    assert told.changed == ["application Portal: Redirect URL added: https://portal.example.com/c"]
    assert told.kept == [
        "application Nightly report may still ask for invoices:read",
        "application Portal keeps the Redirect URL https://client.example/callback",
        "application Portal keeps the Redirect URL https://portal.example.com/b",
        "API Invoices: Nightly report still verifies its tokens",
    ]
    portal = Application.objects.get(client_id=PORTAL)
    assert portal.redirect_urls.count() == 3
    assert User.objects.count() == 2
    assert Application.objects.live().count() == 3
    assert PublicKey.objects.live().count() == 1
    assert Api.objects.get().scopes.live().count() == 2


@pytest.mark.spec("O-107", "ASVS 13.3")
def test_what_was_ended_here_does_not_come_back(transfer: Transfer) -> None:
    transfer.load()
    nightly = Application.objects.get(client_id=NIGHTLY)
    delete_key(nightly.keys.get(), actor=TESTS)
    disable_application(Application.objects.get(client_id=PORTAL), actor=TESTS)
    User.objects.filter(user_id=BOB).update(is_active=False)
    made = document()
    made["people"][1]["status"] = "active"
    made["applications"][1]["status"] = "enabled"
    told = transfer.load(made)
    assert told.kept == [
        "person bob is inactive here, and stays it",
        "application Portal is disabled here, and stays it",
        f"the public key {nightly.keys.get().short_id} of Nightly report was deleted here, and stays it",
    ]
    assert not nightly.keys.live().exists()
    assert not Application.objects.get(client_id=PORTAL).is_enabled
    delete_application(Application.objects.get(client_id=KIOSK), actor=TESTS)
    assert "was deleted here" in transfer.load().refusals["/applications/2"]


@pytest.mark.spec("O-107", "moving in")
def test_type_and_service_id_never_change_nor_whom_a_key_acts_as(transfer: Transfer) -> None:
    transfer.load()
    made = document()
    made["applications"][0] |= {"service_id": "9" * 32}
    made["applications"][0]["keys"][0]["acts_as"] = "application"
    made["applications"][2] |= {"type": "web"}
    told = transfer.load(made)
    assert "A Service ID never changes" in told.refusals["/applications/0/service_id"]
    assert "This key acts as bob here." in told.refusals["/applications/0/keys/0/acts_as"]
    assert "A type never changes" in told.refusals["/applications/2/type"]


@pytest.mark.spec("O-107", "moving in")
def test_an_import_leaves_an_administrator(transfer: Transfer) -> None:
    transfer.load()
    made = document()
    made["people"][0]["role"] = "member"
    assert "last active administrator" in transfer.load(made).refusals["/people/0/role"]


@pytest.mark.spec("O-108", "ASVS 6.3")
def test_people_have_no_password_until_a_link_sets_one(transfer: Transfer, settings: Any) -> None:
    made = document()
    made["people"].append(
        {"user_id": "e" * 32, "username": "eve", "email": "eve@example.org", "status": "inactive"}
    )
    made["people"].append(
        {"user_id": "f" * 32, "username": "fay", "email": "fay@example.org", "status": "invited"}
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    told = transfer.load(made)
    assert {user.username: user.status for user in User.objects.all()} == {
        "ada": Status.ACTIVE,
        "bob": Status.ACTIVE,
        "eve": Status.INACTIVE,
        "fay": Status.INVITED,
    }
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert not Client().login(username="ada", password="")
    assert told.next_steps == [
        "2 people have no password yet: no mail server is set, so an administrator creates a password reset "
        "link on each one's page.",
        "No administrator has a password: set one with manage.py reset_user ada.",
        "2 applications without a client secret: import them with --secrets, or add new ones in the console.",
    ]


@pytest.mark.spec("O-108", "ASVS 6.3")
def test_where_mail_can_be_sent_people_ask_for_their_link(transfer: Transfer) -> None:
    UserFactory.create(username="root", role=Role.ADMINISTRATOR, password=PASSWORD)
    told = transfer.load()
    assert told.next_steps[0].startswith("2 people have no password yet: “Forgot your password?” at http")
    assert len(told.next_steps) == 2
