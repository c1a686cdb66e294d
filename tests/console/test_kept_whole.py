"""A form that is kept comes back whole, or says why it does not."""

from base64 import b64encode
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from oauthapps.models import Application
from tests.console.pages import Browser, Page, fields_of
from tests.console.test_kept_forms import KEPT, LOGIN, ORGANIZATION, sign_in
from tests.rules.images import encoded, noise


def sealed_away(console: Browser, page: Page, action: str, person: User, **changes: Any) -> Page:
    """The page that offers to send a form which met an ended session."""
    console.client.session.delete()
    page = console.send(page, action, **changes)
    assert page.heading == "Sign in"
    return console.follow(sign_in(console, page, person))


@pytest.mark.spec("W-61", "the product's forms")
def test_sending_it_again_changes_no_setting_that_was_left_alone(
    console: Browser, administrator: User, web: Application, machine: Application
) -> None:
    Application.objects.filter(pk=machine.pk).update(may_verify_tokens=True)
    web.redirect_urls.create(url="https://client.example/")
    for application in (web, machine):
        application.refresh_from_db()
        address = application.get_absolute_url()
        page = sealed_away(console, console.get(address), "", administrator, description="new")
        assert "Saved: Description" in console.follow(console.send(page, address)).messages
    web.refresh_from_db()
    machine.refresh_from_db()
    assert web.rotate_refresh_tokens
    assert machine.may_verify_tokens


@pytest.mark.spec("W-61", "the product's forms")
@pytest.mark.parametrize("side", [120, 256])
def test_a_logo_in_a_field_returns_whatever_its_size(
    console: Browser, administrator: User, web: Application, side: int
) -> None:
    """A refusal shows the form again with the picture in a field, 75 to 350 KB long."""
    web.redirect_urls.create(url="https://client.example/")
    picture = b64encode(encoded(noise((side, side)))).decode()
    page = console.get(web.get_absolute_url())
    page = sealed_away(console, page, "", administrator, logo_kept=picture, description="new")
    assert fields_of(page.form(web.get_absolute_url()))["logo_kept"] == picture
    saved = console.follow(console.send(page, web.get_absolute_url())).messages
    assert "Description" in saved
    assert "Logo" in saved


@pytest.mark.spec("W-62", "the product's forms")
def test_a_form_that_is_too_large_says_so_before_and_after_the_sign_in(
    console: Browser, administrator: User
) -> None:
    page = console.get(ORGANIZATION)
    console.client.session.delete()
    noise_text = b64encode(encoded(noise((420, 420)))).decode()
    page = console.send(page, name=noise_text)
    assert "too large to keep" in page.text
    page = console.send(page, LOGIN, login=administrator.username, password="wrong")
    assert "too large to keep" in page.text
    page = console.follow(sign_in(console, page, administrator))
    assert page.heading == "Your changes weren't saved"
    assert page.links()["Open the form"] == ORGANIZATION
    assert "Submit now" not in page.buttons()


@pytest.mark.spec("W-62", "the product's forms")
def test_a_form_that_is_never_kept_says_so(console: Browser, machine: Application) -> None:
    address = reverse("console:add-key", args=[machine.client_id])
    page = console.get(address)
    console.client.session.delete()
    page = console.follow(console.send(page, public_key="-----BEGIN PRIVATE KEY-----"))
    assert "nothing was changed or kept" in page.messages
    assert fields_of(page.form(LOGIN))["next"] == address


@pytest.mark.spec("W-61", "the product's forms")
def test_two_forms_wait_side_by_side(console: Browser, administrator: User, member: User) -> None:
    for person in (administrator, member):
        console.get(reverse("change-person", args=[person.user_id]))
    session = console.client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 360
    session.save()
    asked = [
        console.post(reverse("change-person", args=[person.user_id]), {"name": name}).answer["Location"]
        for person, name in ((administrator, "First"), (member, "Second"))
    ]
    pages = [console.get(QueryDict(address.partition("?")[2])["next"]) for address in asked]
    assert ["First" in page.text for page in pages] == [True, False]
    assert ["Second" in page.text for page in pages] == [False, True]


@pytest.mark.spec("W-61", "the product's forms")
def test_it_waits_until_it_was_sent_and_no_longer(
    console: Browser, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sealed_away(console, console.get(ORGANIZATION), "", administrator, name="Other")
    with monkeypatch.context() as broken:

        def fail(*_: object, **__: object) -> None:
            raise RuntimeError

        broken.setattr("accounts.views.organization.save", fail)
        console.client.raise_request_exception = False
        assert console.send(page, ORGANIZATION).status == 500
    again = console.get(KEPT)
    assert again.heading == "Your changes were kept"
    console.send(again, ORGANIZATION)
    assert Organization.current().name == "Other"
    assert console.get(KEPT).answer["Location"] == "/"


def test_another_browser_has_none_of_it(console: Browser, administrator: User) -> None:
    sealed_away(console, console.get(ORGANIZATION), "", administrator, name="Other")
    elsewhere = Browser(Client())
    elsewhere.client.force_login(administrator)
    assert elsewhere.get(KEPT).answer["Location"] == "/"
