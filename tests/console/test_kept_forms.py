"""What somebody typed is there again after the sign-in that came in between."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Organization, User
from oauthapps.models import Application
from tests.console.pages import Browser, Page, fields_of
from tests.factories import PASSWORD, AdministratorFactory

LOGIN = "/accounts/login/"
KEPT = "/accounts/login/kept-form/"
REAUTHENTICATE = "/accounts/reauthenticate/"
ORGANIZATION = "/organization/"
TYPED = "Ünïversal & <b>Sons</b>"


def sign_in(browser: Browser, page: Page, person: User) -> Page:
    """Send the sign-in form of a page."""
    return browser.send(page, LOGIN, login=person.username, password=PASSWORD)


def sealed_on(page: Page) -> str:
    return str(fields_of(page.form(LOGIN)).get("kept_form", ""))


@pytest.fixture
def form(console: Browser) -> Page:
    """The organization's form, open in a browser whose session ends then."""
    page = console.get(ORGANIZATION)
    console.client.session.delete()
    return page


def test_a_form_that_met_an_ended_session_is_sent_after_the_sign_in(
    console: Browser, administrator: User, form: Page
) -> None:
    page = console.send(form, name=TYPED, lane="preview")
    assert (page.status, page.heading) == (403, "Sign in")
    assert "Your changes are kept for an hour" in page.text
    assert TYPED not in page.content
    page = console.send(page, LOGIN, login=administrator.username, password="wrong")  # a slip of the finger
    page = console.follow(sign_in(console, page, administrator))
    assert page.heading == "Your changes were kept"
    assert TYPED in page.text
    assert Organization.current().lane == "my"  # nothing happens without a further press
    page = console.follow(console.send(page, ORGANIZATION))
    assert "Saved: Name, Lane" in page.messages
    assert (Organization.current().name, Organization.current().lane) == (TYPED, "preview")


def test_it_goes_through_the_second_factor_as_well(console: Browser, administrator: User, form: Page) -> None:
    from allauth.mfa.totp.internal.auth import TOTP

    from tests.second_factors import code_of

    TOTP.activate(administrator, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    page = console.follow(sign_in(console, console.send(form, name=TYPED), administrator))
    code = code_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    page = console.follow(console.send(page, reverse("mfa_authenticate"), code=code))
    assert TYPED in page.text


def test_lines_and_repeated_fields_come_back_as_they_were(
    console: Browser, administrator: User, web: Application
) -> None:
    page = console.get(web.get_absolute_url())
    console.client.session.delete()
    urls = ["https://a.example/", "https://b.example/?a=1&b=2"]
    page = console.send(page, description="one\r\ntwo\n\n  three", redirect_url=urls)
    page = console.follow(sign_in(console, page, administrator))
    console.send(page, web.get_absolute_url())
    web.refresh_from_db()
    assert web.description.replace("\r\n", "\n") == "one\ntwo\n\n  three"
    assert [row.url for row in web.redirect_urls.order_by("pk")] == urls


def test_a_sign_in_that_is_too_long_ago_keeps_the_form_too(console: Browser, member: User) -> None:
    address = reverse("change-person", args=[member.user_id])
    page = console.get(address)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        asked = console.send(page, name=TYPED)
        assert asked.answer["Location"].startswith(REAUTHENTICATE)
        page = console.follow(asked)
        assert TYPED not in page.content
        page = console.follow(console.send(page, REAUTHENTICATE, password=PASSWORD))
        assert page.heading == "Your changes were kept"
        assert "Saved" in console.follow(console.send(page, address)).messages
    member.refresh_from_db()
    assert member.name == TYPED


def test_what_was_asked_for_once_does_not_happen_when_the_password_is_given_later(
    console: Browser, administrator: User, web: Application
) -> None:
    deletion = f"{web.get_absolute_url()}deletion/"
    page = console.get(deletion)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        console.send(page)  # and then the person walks away from the question for the password
    with time_machine.travel(timezone.now() + timedelta(minutes=30)):
        page = console.follow(console.get(deletion))
        page = console.follow(console.send(page, REAUTHENTICATE, password=PASSWORD))
    assert page.heading == f"Delete {web.name}?"
    web.refresh_from_db()
    assert web.is_live


def test_nothing_typed_is_kept_in_clear(console: Browser, member: User) -> None:
    page = console.get(reverse("change-person", args=[member.user_id]))
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        console.send(page, name="a name nobody else has")
    kept = str(dict(console.client.session.items()))
    assert "kept_form" in kept
    assert "nobody else" not in kept
    assert "csrf" not in kept


def test_it_is_for_the_browser_it_was_typed_in(console: Browser, administrator: User, form: Page) -> None:
    sealed = sealed_on(console.send(form, name=TYPED))
    elsewhere = Browser(Client())
    elsewhere.get(LOGIN)
    fields = {"login": administrator.username, "password": PASSWORD, "kept_form": sealed}
    assert elsewhere.post(LOGIN, fields).answer["Location"] == "/"
    assert elsewhere.get(KEPT).answer["Location"] == "/"


def test_it_is_for_the_person_who_typed_it_where_that_is_known(console: Browser, administrator: User) -> None:
    for hours in range(7, 7 * 24, 7):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            page = console.get(ORGANIZATION)
    other = AdministratorFactory.create()
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        page = console.send(page, name=TYPED)
        assert page.heading == "Sign in"
        page = console.follow(sign_in(console, page, other))
        assert page.status == 302
        assert TYPED not in console.follow(page).content


def test_it_is_kept_for_an_hour(console: Browser, administrator: User, form: Page) -> None:
    page = console.send(form, name=TYPED)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert sign_in(console, page, administrator).answer["Location"] == "/"


def test_after_that_it_leaves_the_session_when_another_is_kept(console: Browser, member: User) -> None:
    address = reverse("change-person", args=[member.user_id])
    page = console.get(address)
    for minutes, waiting in [(6, 1), (7, 2), (68, 1)]:
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            console.send(page, name=TYPED)
            assert len(console.client.session["kept_forms"]) == waiting


@pytest.mark.parametrize("sealed", ["", "x", "gAAAAABo", "\0", "é" * 10])
def test_what_was_not_sealed_here_is_nothing(db: None, administrator: User, sealed: str) -> None:
    fields = {"login": administrator.username, "password": PASSWORD, "kept_form": sealed}
    assert Client().post(LOGIN, fields)["Location"] == "/"


@pytest.mark.parametrize("name", ["console:add-key", "account_change_password", "mfa_activate_totp"])
def test_what_takes_secrets_is_not_kept(console: Browser, machine: Application, name: str) -> None:
    console.client.session.delete()
    arguments = [machine.client_id] if name.startswith("console:") else []
    page = console.post(reverse(name, args=arguments), {"public_key": "-----BEGIN PRIVATE KEY-----"})
    assert page.status == 302
    assert page.answer["Location"].startswith(LOGIN)


def test_a_field_that_may_not_be_kept_is_left_out_and_named(
    console: Browser, administrator: User, form: Page
) -> None:
    page = console.send(form, name=TYPED, password1="hunter2", public_key="BEGIN PRIVATE KEY")
    assert "hunter2" not in page.content
    page = console.follow(sign_in(console, page, administrator))
    assert TYPED in page.text
    assert "password1, public_key" in page.text
    assert "hunter2" not in page.content
    assert "PRIVATE" not in page.content
    assert page.links()["Open the form"] == ORGANIZATION  # what is absent might count as empty
    assert "Submit now" not in page.buttons()


def test_a_chosen_file_has_to_be_chosen_again_and_the_page_says_so(
    console: Browser, administrator: User, web: Application
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = console.get(web.get_absolute_url())
    console.client.session.delete()
    page = console.send(page, logo=SimpleUploadedFile("logo.png", b"x", "image/png"), description="new")
    page = console.follow(sign_in(console, page, administrator))
    assert "Files can't be kept" in page.text


def test_without_a_form_there_is_nothing_to_see(console: Browser) -> None:
    assert console.get(KEPT).answer["Location"] == "/"


def test_somebody_who_may_not_send_it_is_refused_as_ever(
    console: Browser, administrator: User, form: Page
) -> None:
    page = console.follow(sign_in(console, console.send(form, name=TYPED), administrator))
    User.objects.filter(pk=administrator.pk).update(role="member")
    assert console.send(page, ORGANIZATION).status == 403


def test_every_form_that_is_kept_exists(settings: Settings) -> None:
    resolver = get_resolver()
    names = {str(name) for name in resolver.reverse_dict}
    for namespace, (_, inner) in resolver.namespace_dict.items():
        names |= {f"{namespace}:{name}" for name in inner.reverse_dict}
    assert set(settings.KEPT_FORMS) <= names
