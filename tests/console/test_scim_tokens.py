"""The page of provisioning: SCIM tokens are shown once, and work until they are deleted."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ScimToken, User
from audit.models import Event
from oauthapps.rules.credential_values import digest
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.scim.client import ScimClient

PAGE = "/sign-in/provisioning/"


def created(console: Browser, name: str = "Entra ID") -> str:
    """The value of a new token, as the page shows it."""
    page = console.post(PAGE, {"name": name})
    assert page.status == 200
    assert page.answer["Cache-Control"] == "no-store"
    value: str = page.by_id("scim-token").get("value", "")
    return value


@pytest.mark.spec("I-130", "ASVS 11.4.2; the console")
def test_a_token_is_shown_once_and_kept_as_a_digest(console: Browser, administrator: User) -> None:
    value = created(console)
    assert value.startswith("gtscim_")
    row = ScimToken.objects.get()
    assert (row.name, row.digest, row.hint) == ("Entra ID", digest(value), value[-4:])
    assert row.created_by == administrator
    page = console.get(PAGE)
    assert value not in page.content
    assert f"gtscim_…{row.hint}" in page.text
    assert "http://testserver.localhost/scim/v2" in page.content
    event = Event.objects.get(kind="scim_token:add")
    assert (event.actor, event.detail) == (administrator, f"Entra ID (…{row.hint})")
    assert ScimClient(value).get("Users").status_code == 200


@pytest.mark.spec("I-131", "the console")
def test_a_deleted_token_is_refused_from_the_next_request_on(console: Browser) -> None:
    scim = ScimClient(created(console))
    row = ScimToken.objects.get()
    address = reverse("delete-scim-token", args=[row.pk])
    assert "aren't deactivated here" in console.get(address).text
    assert scim.get("Users").status_code == 200
    assert console.post(address).answer["Location"] == PAGE
    assert scim.get("Users").status_code == 401
    assert Event.objects.get(kind="scim_token:delete").detail == f"Entra ID (…{row.hint})"
    assert console.post(address).status == 404


def test_a_form_that_is_sent_twice_makes_one_token(console: Browser) -> None:
    form = {"name": "Okta", "form_id": "f" * 32}
    assert console.post(PAGE, form).status == 200
    again = console.post(PAGE, form)
    assert (again.status, again.answer["Location"]) == (302, PAGE)
    assert ScimToken.objects.count() == 1


def test_a_token_needs_a_name(console: Browser) -> None:
    page = console.post(PAGE, {"name": "  "})
    assert page.status == 422
    assert "Nothing was created. Fix the fields below." in page.text
    assert not ScimToken.objects.exists()


def test_leaving_the_page_of_a_token_makes_the_browser_forget_it(console: Browser) -> None:
    answer = console.post(reverse("scim-token-stored"), {"stored": "yes"}).answer
    assert (answer["Location"], answer["Clear-Site-Data"]) == (PAGE, '"cache"')
    console.post(reverse("scim-token-stored"))
    assert "You didn't confirm that you've saved it" in console.get(PAGE).text


def test_auditors_see_the_tokens_and_have_no_button(auditor: User, console: Browser) -> None:
    created(console)
    page = browser_of(auditor).get(PAGE)
    assert "Entra ID" in page.text
    assert "Create SCIM token" not in page.text
    assert "Delete" not in page.text


def test_a_token_is_made_with_a_recent_sign_in_alone(administrator: User) -> None:
    browser = Client()
    browser.force_login(administrator)  # which says nothing of when
    answer = browser.post(PAGE, {"name": "Entra ID"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not ScimToken.objects.exists()


@pytest.mark.spec("I-131", "the console")
def test_a_token_that_leaked_is_found_and_leads_to_its_deletion(console: Browser) -> None:
    value = created(console)
    page = console.post(reverse("console:is-this-ours"), {"pasted": f"Authorization: Bearer {value}"})
    assert "SCIM token" in page.text
    assert "Entra ID" in page.text
    assert value not in page.content
    assert reverse("delete-scim-token", args=[ScimToken.objects.get().pk]) in page.content
