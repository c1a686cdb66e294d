"""The organization's page."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from audit.models import Event, EventKind
from oauthapps.models import Application
from tests.console.pages import Browser

ORGANIZATION = "/organization/"
CUSTOMER_ID = "/organization/customer-id/"
NEW_ID = "0123456789abcdef" * 2


def test_the_page_shows_the_customer_id_and_what_it_is_for(console: Browser) -> None:
    page = console.get(ORGANIZATION)
    assert page.by_id("customer-id").get("value") == Organization.current().customer_id
    assert "“iss” in each JWT" in page.text
    assert "“wid” in each token response" in page.text


def test_what_was_edited_is_saved_and_recorded(console: Browser, administrator: User) -> None:
    page = console.follow(
        console.send(console.get(ORGANIZATION), name="Acme & Sons", domain="acme", lane="preview")
    )
    assert "Saved: Name, Domain, Lane" in page.messages
    organization = Organization.current()
    assert (organization.name, organization.domain, organization.lane) == ("Acme & Sons", "acme", "preview")
    event = Event.objects.get(kind=EventKind.ORGANIZATION_CHANGED)
    assert event.actor == administrator
    assert (event.before["domain"], event.after["domain"]) == ("gatehouse", "acme")
    assert "No changes to save" in console.follow(console.send(console.get(ORGANIZATION))).messages


def test_an_edit_by_another_administrator_in_between_stays(console: Browser) -> None:
    form = console.get(ORGANIZATION)
    Organization.objects.update(lane="preview")
    console.send(form, name="Acme")
    organization = Organization.current()
    assert (organization.name, organization.lane) == ("Acme", "preview")


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("domain", "A b"), ("domain", ""), ("lane", "-x"), ("lane", "x" * 64)]
)
def test_what_cannot_be_is_refused_at_its_field(console: Browser, field: str, value: str) -> None:
    page = console.send(console.get(ORGANIZATION), **{field: value})
    assert page.status == 422
    assert page.field(field).get("aria-invalid") == "true"
    assert page.field(field).get("value", "") == value
    assert page.title.startswith("Error: ")
    assert not Event.objects.filter(kind=EventKind.ORGANIZATION_CHANGED).exists()


def test_a_customer_id_in_the_other_form_changes_nothing(console: Browser) -> None:
    before = Organization.current().customer_id
    console.send(console.get(ORGANIZATION), customer_id=NEW_ID)
    assert Organization.current().customer_id == before


def test_changing_the_customer_id_says_first_which_applications_stop(
    console: Browser, machine: Application, web: Application, administrator: User
) -> None:
    before = Organization.current().customer_id
    page = console.get(CUSTOMER_ID)
    assert "JWTs with the current Customer ID will stop working" in page.text
    assert page.links()["Nightly export"] == machine.get_absolute_url()
    assert "Field app" not in page.text
    refused = console.send(page, customer_id=NEW_ID)
    assert refused.status == 422
    assert Organization.current().customer_id == before
    page = console.follow(console.send(page, customer_id=NEW_ID.upper(), understood="on"))
    assert "Saved: New Customer ID" in page.messages
    assert Organization.current().customer_id == NEW_ID
    event = Event.objects.get(kind=EventKind.ORGANIZATION_CHANGED)
    assert (event.actor, event.before, event.after) == (
        administrator,
        {"customer_id": before},
        {"customer_id": NEW_ID},
    )


@pytest.mark.parametrize("value", ["", "short", "g" * 32, NEW_ID + "0"])
def test_a_customer_id_is_32_hexadecimal_digits(console: Browser, value: str) -> None:
    before = Organization.current().customer_id
    page = console.send(console.get(CUSTOMER_ID), customer_id=value, understood="on")
    assert page.status == 422
    assert page.field("customer_id").get("value", "") == value
    assert Organization.current().customer_id == before


def test_changing_the_customer_id_asks_for_a_recent_sign_in(console: Browser) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert reverse("account_reauthenticate") in console.get(CUSTOMER_ID).answer["Location"]
        assert console.get(ORGANIZATION).status == 200
