"""Two administrators edit one application: nothing that either of them saved or typed is lost unseen."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Organization, User
from accounts.services.people import change_person
from audit.actors import Actor
from audit.models import Event
from common.edits import version_of
from oauthapps.models import Application
from tests.console.conftest import browser_of, save
from tests.console.pages import Browser, Page, fields_of
from tests.console.test_logo import picture
from tests.factories import AdministratorFactory
from tests.sign_ins import age_sign_in

OTHER = "https://other.example/cb"
HERS = "The saved value, by Grace Hopper, .* UTC (?:just now|.* ago)"


@pytest.fixture
def colleague(db: None) -> Browser:
    person: User = AdministratorFactory.create(name="Grace Hopper", username="grace")
    return browser_of(person)


def choose(browser: Browser, page: Page, name: str, value: str | None) -> Page:
    """Save again with a choice, which belongs to the form though it stands outside."""
    changes: dict[str, Any] = {f"choice-{name}": value}
    return browser.send(page, **changes)


def saved(application: Application, name: str) -> Any:
    return Application.objects.values_list(name, flat=True).get(pk=application.pk)


def test_what_only_the_other_has_changed_is_kept_and_said(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, description="Written by Grace", redirect_url=[OTHER], rotate_refresh_tokens=None)
    page = console.follow(console.send(mine, name="Renamed"))
    assert "Saved: Name" in page.messages
    assert "in the meantime, and kept: Refresh token rotation, Description, Redirect URLs" in page.messages
    assert (saved(web, "name"), saved(web, "description")) == ("Renamed", "Written by Grace")
    assert not saved(web, "rotate_refresh_tokens")
    assert [row.url for row in web.redirect_urls.all()] == [OTHER]


def test_the_same_field_with_two_values_shows_both_and_saves_nothing(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="Grace's <b>name", description="Hers")
    page = console.send(mine, name="My name", developer_name="Mine alone")
    assert page.status == 409
    assert page.title.startswith("Error: ")
    assert "this field was changed since you opened the page" in page.alerts()
    assert "Name Your value My name" in page.alerts()
    assert re.search(rf"{HERS} Grace's <b>name", page.alerts())
    assert fields_of(page.form())["name"] == "My name"
    assert fields_of(page.form())["developer_name"] == "Mine alone"
    assert saved(web, "name") == "Grace's <b>name"
    assert saved(web, "developer_name") == ""


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_one_chooses_and_everything_else_is_saved_too(
    console: Browser, colleague: Browser, web: Application, choice: str
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="Hers", description="Hers")
    conflicting = console.send(mine, name="Mine", developer_name="Mine alone")
    value = conflicting.by_id(f"{choice}-name").get("value")
    page = console.follow(choose(console, conflicting, "name", value))
    assert saved(web, "name") == {"mine": "Mine", "theirs": "Hers"}[choice]
    assert saved(web, "developer_name") == "Mine alone"
    assert saved(web, "description") == "Hers"
    assert "Saved: " in page.messages


def test_without_a_choice_it_is_asked_again(console: Browser, colleague: Browser, web: Application) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="Hers")
    conflicting = console.send(mine, name="Mine")
    assert console.send(conflicting).status == 409
    assert saved(web, "name") == "Hers"


def test_a_choice_holds_for_the_value_that_was_shown_only(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="Hers")
    conflicting = console.send(mine, name="Mine")
    save(colleague, web, name="Hers again")
    again = choose(console, conflicting, "name", version_of("Hers"))
    assert again.status == 409
    assert "Hers again" in again.alerts()
    assert choose(console, again, "name", version_of("Hers again")).status == 302
    assert saved(web, "name") == "Mine"


def test_the_same_value_by_both_is_no_conflict(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="The same")
    assert "No changes to save" in console.follow(console.send(mine, name="The same")).messages


def test_redirect_urls_conflict_as_a_whole(console: Browser, colleague: Browser, web: Application) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, redirect_url=[OTHER])
    page = console.send(mine, redirect_url=["https://mine.example/cb"])
    assert page.status == 409
    assert "Redirect URLs Your value https://mine.example/cb The saved value" in page.alerts()
    assert re.search(rf"{HERS} {re.escape(OTHER)}", page.alerts())
    assert choose(console, page, "redirect_urls", "theirs").status == 302
    assert [row.url for row in web.redirect_urls.all()] == [OTHER]


def test_two_new_logos_conflict_and_mine_is_not_lost(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, logo=SimpleUploadedFile("logo.png", picture("navy")))
    hers = Application.objects.get(pk=web.pk).logo.digest
    page = console.send(mine, logo=SimpleUploadedFile("logo.png", picture("teal")))
    assert page.status == 409
    assert "a new picture" in page.alerts()
    assert choose(console, page, "logo", page.by_id("mine-logo").get("value")).status == 302
    assert Application.objects.get(pk=web.pk).logo.digest != hers


def test_my_own_other_window_is_called_that(console: Browser, web: Application) -> None:
    mine = console.get(web.get_absolute_url())
    save(console, web, name="First window")
    assert "The saved value, by you in another window" in console.send(mine, name="Second window").alerts()


def test_adding_a_row_or_a_mistake_does_not_forget_what_the_form_was_based_on(
    console: Browser, colleague: Browser, web: Application
) -> None:
    mine = console.get(web.get_absolute_url())
    save(colleague, web, name="Hers", description="Hers")
    mine = console.send(mine, add="1", name="Mine")
    mine = console.send(mine, developer_email="no address")
    assert mine.status == 422
    page = console.send(mine, developer_email="")
    assert page.status == 409
    assert saved(web, "description") == "Hers"


def test_pressing_save_twice_is_harmless(console: Browser, web: Application) -> None:
    page = console.get(web.get_absolute_url())
    for _ in range(2):
        assert console.send(page, name="Renamed").status == 302
    assert Event.objects.filter(kind="application:change").count() == 1


@pytest.mark.parametrize(
    "base_version", ["", "x", "[]", "null", '{"name": 1}', "[" * 20_000, '{"nobody": "x"}']
)
def test_a_strange_base_version_breaks_nothing(console: Browser, web: Application, base_version: str) -> None:
    assert save(console, web, based_on=base_version, name="Renamed").status in {302, 409}


def test_a_program_that_has_not_seen_the_page_may_save(console: Browser, web: Application) -> None:
    assert save(console, web, based_on=None, name="Renamed").status == 302
    assert saved(web, "name") == "Renamed"


def two_names(mine: Page, console: Browser, colleague: Browser, address: str) -> Page:
    """Both open the page, she saves a name, and so do I."""
    colleague.send(colleague.get(address), name="Hers")
    return console.send(mine, name="Mine")


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_administrators_on_one_person_see_both_values_and_choose(
    console: Browser, colleague: Browser, member: User, choice: str
) -> None:
    address = reverse("change-person", args=[member.user_id])
    page = two_names(console.get(address), console, colleague, address)
    assert page.status == 409
    assert "Name Your value Mine" in page.alerts()
    assert re.search(rf"{HERS} Hers", page.alerts())
    assert person_named(member) == "Hers"
    value = page.by_id(f"{choice}-name").get("value")
    assert choose(console, page, "name", value).status == 302
    assert person_named(member) == {"mine": "Mine", "theirs": "Hers"}[choice]


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
def test_what_only_the_other_has_changed_is_not_asked_about(
    console: Browser, colleague: Browser, web: Application
) -> None:
    web.redirect_urls.all().delete()
    mine = console.get(web.get_absolute_url())
    save(colleague, web, redirect_url=[OTHER], rotate_refresh_tokens="on")
    assert console.send(mine, name="Renamed").status == 302
    mine = console.get(web.get_absolute_url())  # with rotation
    save(colleague, web, redirect_url=["https://third.example/"], rotate_refresh_tokens=None)
    age_sign_in(console, minutes=31)
    assert console.send(mine, name="Renamed again").status == 302
    assert saved(web, "name") == "Renamed again"
    assert [row.url for row in web.redirect_urls.all()] == ["https://third.example/"]


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
def test_a_role_that_only_the_other_has_changed_is_not_taken_for_a_demotion(
    administrator: User, member: User
) -> None:
    shown = {"role": version_of(member.role), "name": version_of(member.name)}
    User.objects.filter(pk=member.pk).update(role="administrator")
    User.objects.exclude(pk=member.pk).update(is_active=False)
    values = {"role": member.role, "name": "Renamed"}
    changes = change_person(member, values, actor=Actor.command("test"), based_on=shown)
    assert (changes.changed, changes.kept) == (["Name"], ["Role"])


def person_named(member: User) -> str:
    return User.objects.get(pk=member.pk).name


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
def test_roles_conflict_in_words_and_what_only_the_other_changed_of_a_person_is_kept(
    console: Browser, colleague: Browser, member: User
) -> None:
    address = reverse("change-person", args=[member.user_id])
    mine, again = console.get(address), console.get(address)
    colleague.send(colleague.get(address), role="administrator", email="bob@example.net")
    page = console.send(mine, username="bobby", email="bob@example.com")
    assert page.status == 409
    assert "bob@example.net" in page.alerts()
    assert "Administrator" not in page.alerts()  # I have not touched it
    page = console.follow(console.send(again, username="bobby"))
    assert "Changed by someone else in the meantime, and kept: Email address, Role" in page.messages
    saved_person = User.objects.get(pk=member.pk)
    assert (saved_person.username, saved_person.email) == ("bobby", "bob@example.net")
    assert saved_person.is_administrator


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
def test_two_administrators_on_the_organization_see_both_values(console: Browser, colleague: Browser) -> None:
    page = two_names(console.get("/organization/"), console, colleague, "/organization/")
    assert page.status == 409
    assert re.search(rf"{HERS} Hers", page.alerts())
    assert Organization.current().name == "Hers"
    assert choose(console, page, "name", version_of("Hers")).status == 302
    assert Organization.current().name == "Mine"


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
def test_two_administrators_on_the_customer_id_see_both_values(console: Browser, colleague: Browser) -> None:
    address = reverse("customer-id")
    mine = console.get(address)
    colleague.send(colleague.get(address), customer_id="a" * 32, understood="on")
    page = console.send(mine, customer_id="b" * 32, understood="on")
    assert page.status == 409
    assert "a" * 32 in page.alerts()
    assert Organization.current().customer_id == "a" * 32
    assert choose(console, page, "customer_id", "theirs").status == 302
    assert Organization.current().customer_id == "a" * 32


@pytest.mark.spec("C-30", "RFC 9110 §13.1.1")
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_administrators_on_the_notes_of_a_secret_see_both_and_choose(
    console: Browser, colleague: Browser, web: Application, choice: str
) -> None:
    secret = web.secrets.get()
    address = reverse("console:secret-notes", args=[web.client_id, secret.pk])
    mine = console.get(address)
    colleague.send(colleague.get(address), notes="Hers")
    page = console.send(mine, notes="Mine")
    assert page.status == 409
    assert re.search(rf"{HERS} Hers", page.alerts())
    assert fields_of(page.form())["notes"] == "Mine"
    secret.refresh_from_db()
    assert secret.notes == "Hers"
    assert choose(console, page, "notes", page.by_id(f"{choice}-notes").get("value")).status == 302
    secret.refresh_from_db()
    assert secret.notes == {"mine": "Mine", "theirs": "Hers"}[choice]
