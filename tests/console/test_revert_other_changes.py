"""Revert of other changes than of applications: notes, expiry, APIs with their scopes, the organization."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Organization, User
from accounts.services.organization import change_organization
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Api, Application, ClientSecret, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services.apis import change_api
from oauthapps.services.applications import delete_application
from oauthapps.services.credential_edits import change_expiry, change_notes
from oauthapps.services.credentials import delete_secret
from oauthapps.services.scopes import NewScope, delete_scope
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.factories import AdministratorFactory, make_application

pytestmark = pytest.mark.spec("U-127", "the console")
ADA = Actor.command("tests")
READ = NewScope(name="invoices:read", sentence="Read all invoices", is_default=False)


def latest(kind: EventKind) -> Event:
    event: Event = Event.objects.filter(kind=kind).latest("pk")
    return event


def address_of(event: Event) -> str:
    return reverse("console:revert-event", args=[event.pk])


def asked(browser: Browser, kind: EventKind) -> Page:
    """Open Revert of the latest change of a kind, from the page that lists it."""
    address = address_of(latest(kind))
    assert f'href="{address}"' in browser.get(reverse("console:activity")).content
    return browser.get(address)


def press(browser: Browser, page: Page, **changes: str) -> Page:
    return browser.send(page, **changes)


def is_offered(browser: Browser, kind: EventKind) -> bool:
    return address_of(latest(kind)) in browser.get(reverse("console:activity")).content


def test_notes_come_back_and_the_event_says_which_change_it_reverts(
    console: Browser, secret: ClientSecret
) -> None:
    change_notes(secret, notes="Nightly job", actor=ADA)
    page = asked(console, EventKind.SECRET_CHANGED)
    assert "Now: Nightly job Reverted: (empty)" in " ".join(page.text.split())
    secret.refresh_from_db()
    assert secret.notes == "Nightly job"  # looking changes nothing
    done = console.follow(press(console, page))
    assert "Saved: Notes" in done.messages
    secret.refresh_from_db()
    assert secret.notes == ""
    event = latest(EventKind.SECRET_CHANGED)
    assert event.actor_name == "Ada Lovelace"
    assert event.detail.startswith(f"{secret.masked}; Reverts the change of ")
    assert (event.before, event.after) == ({"Notes": "Nightly job"}, {"Notes": ""})
    press(console, asked(console, EventKind.SECRET_CHANGED))  # which can be put back as well
    secret.refresh_from_db()
    assert secret.notes == "Nightly job"


def test_everything_of_an_api_comes_back(console: Browser, api: Api, machine: Application) -> None:
    def state() -> list[object]:
        api.refresh_from_db()
        names = [each.client_id for each in api.verifiers.all()]
        return [api.name, api.description, api.token_seconds, names]

    before = state()
    values = {"name": "Payroll", "description": "Lines\nof text", "token_seconds": 300}
    change_api(api, values, verifiers=[machine], actor=ADA)
    page = asked(console, EventKind.API_CHANGED)
    assert machine.name in page.text
    done = console.follow(press(console, page))
    assert "Saved: Name, Description, Access token lifetime, Verifying applications" in done.messages
    assert state() == before
    assert "Reverts the change of" in latest(EventKind.API_CHANGED).detail


def test_what_is_said_of_a_scope_comes_back(console: Browser, api: Api) -> None:
    change_api(api, {}, scopes=[READ], actor=ADA)
    page = asked(console, EventKind.SCOPE_CHANGED)
    assert "Read all invoices" in page.text
    press(console, page)
    scope = api.scopes.get()
    assert (scope.sentence, scope.is_default) == ("Read your invoices", True)
    assert "Reverts the change of" in latest(EventKind.SCOPE_CHANGED).detail


def test_the_organization_comes_back_but_not_its_customer_id(console: Browser) -> None:
    before = Organization.current()
    values: dict[str, str | int | None] = {"name": "Acme", "domain": "acme", "lane": "pre", "secret_days": 90}
    change_organization({**values, "customer_id": "0" * 32}, actor=ADA)
    page = asked(console, EventKind.ORGANIZATION_CHANGED)
    assert "0" * 32 not in page.content
    press(console, page)
    after = Organization.current()
    assert [getattr(after, name) for name in values] == [getattr(before, name) for name in values]
    assert after.customer_id == "0" * 32
    change_organization({"customer_id": "1" * 32}, actor=ADA)
    assert not is_offered(console, EventKind.ORGANIZATION_CHANGED)


@pytest.mark.parametrize("is_key", [False, True])
def test_when_something_expires_comes_back(
    console: Browser, secret: ClientSecret, key: PublicKey, is_key: bool
) -> None:
    row = key if is_key else secret
    kind = EventKind.KEY_EXPIRY_CHANGED if is_key else EventKind.SECRET_EXPIRY_CHANGED
    change_expiry(row, last_day=datetime.now(tz=UTC).date() + timedelta(days=9), actor=ADA)
    press(console, asked(console, kind))
    row.refresh_from_db()
    assert row.expires_at is None


def test_a_day_that_is_over_is_refused(console: Browser, secret: ClientSecret) -> None:
    today = datetime.now(tz=UTC).date()
    change_expiry(secret, last_day=today, actor=ADA)
    change_expiry(secret, last_day=None, actor=ADA)
    event = latest(EventKind.SECRET_EXPIRY_CHANGED)
    Event.objects.filter(pk=event.pk).update(values={"expires": ["2020-02-02", ""]})
    refused = press(console, asked(console, EventKind.SECRET_EXPIRY_CHANGED))
    assert refused.status == 422
    assert "Expires: Choose today or a later day (UTC)." in refused.alerts()
    secret.refresh_from_db()
    assert secret.expires_at is None


def test_what_somebody_changed_since_is_asked_about(console: Browser, secret: ClientSecret) -> None:
    change_notes(secret, notes="First", actor=ADA)
    first = latest(EventKind.SECRET_CHANGED)
    grace: User = AdministratorFactory.create(name="Grace Hopper")
    change_notes(secret, notes="Second", actor=Actor(user=grace))
    conflict = press(console, browser_of(grace).get(address_of(first)))
    assert conflict.status == 409
    assert "Grace Hopper" in conflict.alerts()
    secret.refresh_from_db()
    assert secret.notes == "Second"
    assert console.follow(press(console, conflict, **{"choice-notes": "theirs"})).status == 200
    secret.refresh_from_db()
    assert secret.notes == "Second"
    mine = next(each.get("value", "") for each in conflict.all("input") if each.get("id") == "mine-notes")
    press(console, conflict, **{"choice-notes": mine})
    secret.refresh_from_db()
    assert secret.notes == ""


def test_a_forged_base_version_replaces_nothing(console: Browser, secret: ClientSecret) -> None:
    change_notes(secret, notes="First", actor=ADA)
    first = latest(EventKind.SECRET_CHANGED)
    change_notes(secret, notes="Second", actor=ADA)
    assert console.post(address_of(first), {"based_on": ["{}"]}).status == 409
    secret.refresh_from_db()
    assert secret.notes == "Second"


def test_a_scope_that_another_changed_since_is_asked_about_with_their_name(
    console: Browser, api: Api
) -> None:
    change_api(api, {}, scopes=[READ], actor=ADA)
    first = latest(EventKind.SCOPE_CHANGED)
    grace: User = AdministratorFactory.create(name="Grace Hopper")
    again = NewScope(name=READ.name, sentence="Read invoices again")
    change_api(api, {"name": "Renamed"}, scopes=[again], actor=Actor(user=grace))
    conflict = press(console, console.get(address_of(first)))
    assert conflict.status == 409
    assert "Grace Hopper" in conflict.alerts()
    assert "Read invoices again" in conflict.alerts()


def test_what_is_no_longer_valid_is_refused(console: Browser, api: Api) -> None:
    change_api(api, {"token_seconds": 300}, actor=ADA)
    event = latest(EventKind.API_CHANGED)
    Event.objects.filter(pk=event.pk).update(values={"token_seconds": [7, 300]})
    refused = press(console, console.get(address_of(event)))
    assert refused.status == 422
    assert "Access token lifetime: " in refused.alerts()
    api.refresh_from_db()
    assert api.token_seconds == 300


def test_a_verifying_application_that_is_gone_is_left_out_and_said(
    console: Browser, api: Api, machine: Application
) -> None:
    change_api(api, {}, verifiers=[machine], actor=ADA)
    change_api(api, {"description": "Theirs"}, verifiers=[], actor=ADA)
    delete_application(machine, actor=ADA)
    page = asked(console, EventKind.API_CHANGED)
    assert f"No longer available, and left out: {machine.name}" in page.text
    press(console, page)
    api.refresh_from_db()
    assert api.description == ""
    assert not api.verifiers.exists()


def test_a_verifying_application_that_was_deleted_since_is_no_change_by_somebody_else(
    console: Browser, api: Api, machine: Application
) -> None:
    other = make_application(AppType.MACHINE_TO_MACHINE, name="Other").application
    change_api(api, {}, verifiers=[machine], actor=ADA)
    change_api(api, {}, verifiers=[other], actor=ADA)
    delete_application(other, actor=ADA)
    done = console.follow(press(console, asked(console, EventKind.API_CHANGED)))
    assert "Saved: " in done.messages
    assert list(api.verifiers.filter(deleted_at=None)) == [machine]


def test_revert_is_not_offered_for_what_is_gone(
    console: Browser, secret: ClientSecret, key: PublicKey, api: Api
) -> None:
    change_notes(secret, notes="First", actor=ADA)
    change_expiry(key, last_day=datetime.now(tz=UTC).date(), actor=ADA)
    change_api(api, {}, scopes=[READ], actor=ADA)
    delete_secret(secret, actor=ADA)
    assert not is_offered(console, EventKind.SECRET_CHANGED)
    assert console.get(address_of(latest(EventKind.SECRET_CHANGED))).status == 404
    assert is_offered(console, EventKind.KEY_EXPIRY_CHANGED)
    delete_application(key.application, actor=ADA)
    assert not is_offered(console, EventKind.KEY_EXPIRY_CHANGED)
    delete_scope(api.scopes.get(), actor=ADA)
    assert "There is nothing to revert" in console.get(address_of(latest(EventKind.SCOPE_CHANGED))).text
    assert console.post(address_of(latest(EventKind.SCOPE_CHANGED))).status == 302
    assert not api.scopes.live().exists()


def test_events_that_changed_nothing_are_no_change(console: Browser, secret: ClientSecret) -> None:
    for event in (Event.objects.earliest("pk"), latest(EventKind.APPLICATION_CREATED)):
        assert console.get(address_of(event)).status == 404
    assert console.get("/console/activity/999999999/revert/").status == 404


def test_what_opens_a_way_in_wants_a_recent_sign_in(
    console: Browser, administrator: User, api: Api, secret: ClientSecret
) -> None:
    change_api(api, {"description": "Theirs"}, actor=ADA)
    change_notes(secret, notes="First", actor=ADA)
    pages = [
        console.get(address_of(latest(kind))) for kind in (EventKind.API_CHANGED, EventKind.SECRET_CHANGED)
    ]
    with time_machine.travel(datetime.now(tz=UTC) + timedelta(hours=2)):
        wants_sign_in, needs_none = (press(console, page) for page in pages)
    api.refresh_from_db()
    secret.refresh_from_db()
    assert "/accounts/reauthenticate/" in wants_sign_in.answer["Location"]
    assert needs_none.status == 302
    assert (api.description, secret.notes) == ("Theirs", "")


def test_values_of_events_hold_no_secret(console: Browser, secret: ClientSecret, api: Api) -> None:
    change_notes(secret, notes="Nightly job", actor=ADA)
    change_expiry(secret, last_day=date(2027, 1, 1), actor=ADA)
    change_api(api, {"description": "Theirs"}, scopes=[READ], actor=ADA)
    change_organization({"name": "Acme", "customer_id": "0" * 32}, actor=ADA)
    kept = {name for event in Event.objects.all() for name in event.values}
    assert kept == {"notes", "expires", "description", "scope-invoices:read", "name"}


def test_the_page_of_events_takes_as_many_statements_however_many_can_be_reverted(
    console: Browser, secret: ClientSecret, api: Api
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as sent:
            console.get(reverse("console:activity"))
        return len(sent.captured_queries)

    for number in range(2):
        change_notes(secret, notes=str(number), actor=ADA)
        change_api(api, {"description": str(number)}, actor=ADA)
    few = statements()
    for number in range(2, 12):
        change_notes(secret, notes=str(number), actor=ADA)
        change_api(api, {"description": str(number)}, actor=ADA)
    assert statements() == few
