"""New OAuth2 application."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.app_types import AppType, spec_of
from oauthapps.rules.credential_values import digest
from tests.console.pages import Browser, Page
from tests.factories import make_application

NEW = "/console/applications/new"


def create(console: Browser, app_type: str, name: str = "Gatehouse for ClientApp", **extra: Any) -> Page:
    return console.send(console.get(NEW), app_type=app_type, name=name, **extra)


def test_the_three_types_are_explained_and_none_is_chosen(console: Browser) -> None:
    page = console.get(NEW)
    assert page.heading == "New OAuth2 application"
    for app_type in AppType:
        spec = spec_of(app_type)
        assert spec.best_for in page.text
        assert spec.authentication in page.text
        assert ", ".join(spec.examples) in page.text
    labels = page.labels(page.form())
    assert labels == [
        *(spec_of(app_type).label for app_type in AppType),
        "Name",
        "Client secret expires",
        "Date",
    ]
    assert "checked" not in page.content
    assert page.field("name").get("placeholder") == "Gatehouse for ClientApp"
    assert "The type cannot be changed later." in page.text
    assert "Create" in page.buttons()


@pytest.mark.parametrize("app_type", [AppType.WEB, AppType.MACHINE_TO_MACHINE])
def test_an_application_with_a_secret_shows_it_in_the_answer(
    console: Browser, administrator: User, app_type: AppType
) -> None:
    page = create(console, app_type)
    application = Application.objects.get()
    assert page.status == 200
    assert page.answer["Cache-Control"] == "no-store"
    secret = page.by_id("client-secret").get("value", "")
    assert application.secrets.get().digest == digest(secret)
    assert page.by_id("client-secret").get("readonly") is not None
    assert "You will not be able to see this secret key again." in page.text
    assert "Done" in page.buttons()
    assert (application.name, application.app_type) == ("Gatehouse for ClientApp", app_type)
    assert application.user == application.created_by == administrator


def test_a_single_page_application_has_no_secret_and_leads_to_its_page(console: Browser) -> None:
    page = create(console, AppType.SINGLE_PAGE)
    application = Application.objects.get()
    assert page.status == 302
    assert page.answer["Location"] == application.get_absolute_url()
    assert not ClientSecret.objects.exists()
    assert "Setup incomplete" in console.follow(page).text


@pytest.mark.spec("C-09", "ASVS 13.3")
def test_the_secret_is_shown_exactly_once(console: Browser) -> None:
    secret = create(console, AppType.WEB).by_id("client-secret").get("value", "")
    assert len(secret) > 40
    application = Application.objects.get()
    later = [
        console.get(application.get_absolute_url()),
        console.get(reverse("console:applications")),
        console.get(reverse("console:delete-application", args=[application.client_id])),
    ]
    for page in later:
        assert secret not in page.content
    assert secret not in str(dict(console.client.session.items()))
    assert secret not in str(console.client.cookies)
    assert secret not in str(list(Event.objects.values()))
    assert secret not in str(list(ClientSecret.objects.values()))


def test_reloading_the_answer_makes_no_second_application_and_shows_nothing(console: Browser) -> None:
    form = console.get(NEW)
    first = console.send(form, app_type=AppType.WEB, name="ClientApp")
    secret = first.by_id("client-secret").get("value", "")
    again = console.send(form, app_type=AppType.WEB, name="ClientApp")
    assert Application.objects.count() == 1
    page = console.follow(again)
    assert "nothing new was created" in page.messages
    assert secret not in page.content


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"app_type": None}, "Choose one of the three types."),
        ({"app_type": "confidential"}, "Choose one of the three types."),
        ({"name": ""}, "Give the application a name: it cannot be empty."),
        ({"name": "   "}, "Give the application a name: it cannot be empty."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        ({"name": "\u3164\u2800"}, "Enter a name that can be seen"),
        ({"name": "Bank\u202emoc.knab"}, "Remove the character U+202E (right-to-left override)"),
    ],
)
def test_a_mistake_is_explained_and_nothing_typed_is_lost(
    console: Browser, changes: dict[str, Any], reason: str
) -> None:
    valid = {"app_type": AppType.WEB, "name": "ClientApp"}
    page = console.send(console.get(NEW), **(valid | changes))
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert reason in page.alerts()
    if "name" not in changes:
        assert page.field("name").get("value") == "ClientApp"
    elif changes.get("name") != "a\0b":
        assert f'value="{AppType.WEB}"' in page.content
    assert not Application.objects.exists()


def test_the_error_summary_leads_to_the_fields(console: Browser) -> None:
    page = console.send(console.get(NEW), name="")
    for link in page.root.iter("a"):
        target = link.get("href", "")
        if target.startswith("#"):
            assert page.by_id(target[1:]) is not None
    assert page.field("name").get("aria-invalid") == "true"
    assert "id_name_error" in page.field("name").get("aria-describedby", "")


@pytest.mark.spec("C-10", "ASVS 15.3.3")
def test_fields_beyond_type_and_name_are_ignored(console: Browser, member: User) -> None:
    create(
        console,
        AppType.WEB,
        client_id="a" * 32,
        user=member.pk,
        slot=7,
        may_verify_tokens="on",
        skip_authorization="on",
        redirect_url="https://evil.example/",
    )
    application = Application.objects.get()
    assert application.client_id != "a" * 32
    assert application.user != member
    assert application.slot == 1
    assert not application.may_verify_tokens
    assert not application.skip_authorization
    assert not application.redirect_urls.exists()


@pytest.mark.spec("C-08", "the product's limit")
def test_the_eleventh_application_is_refused_and_what_was_typed_is_kept(console: Browser) -> None:
    for number in range(9):
        make_application(AppType.WEB, name=f"Application {number}")
    form = console.get(NEW)
    last = make_application(AppType.WEB, name="The tenth").application
    page = console.send(form, app_type=AppType.SINGLE_PAGE, name="One too many")
    assert page.status == 409
    assert page.heading == "You've reached the limit of 10"
    last.delete()
    assert console.send(page, NEW).status == 302
    created = Application.objects.get(name="One too many")
    assert created.app_type == AppType.SINGLE_PAGE
