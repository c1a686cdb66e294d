"""An application's page: every field, under its label, for its type."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, RedirectURL
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.services.credentials import add_secret
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import make_application

REDIRECT_URLS = ["Redirect URL 1"]
POLICY = ["read", "write", "offline_access", "Access token lifetime"]
OWNER = ["Owner", "First contact", "Second contact"]
LABELS = {
    AppType.MACHINE_TO_MACHINE: [
        "Name",
        "Description",
        *(label for label in POLICY if label != "offline_access"),
        "Response profile",
        "May verify tokens of other applications",
        *OWNER,
    ],
    AppType.SINGLE_PAGE: [
        *REDIRECT_URLS,
        "Rotate refresh token every time it is used",
        "Absolute expiration",
        "Inactivity expiration",
        "Logo",
        "Name",
        "Description",
        "Developer name",
        "Developer email address",
        "Privacy policy URL",
        "App Description URL",
        "Terms of service URL",
        *POLICY,
        "Response profile",
        *OWNER,
    ],
    AppType.WEB: [
        *REDIRECT_URLS,
        "Refresh token rotation",
        "Absolute refresh token expiration",
        "Inactivity refresh token expiration",
        "Logo",
        "Name",
        "Description",
        "App Description URL",
        "Developer name",
        "Developer email address",
        "Privacy policy URL",
        "Terms of service URL",
        *POLICY,
        "Require PKCE",
        "Response profile",
        *OWNER,
    ],
}
VALUES = {
    "name": "A new name",
    "description": "Two lines\nof text",
    "description_url": "https://www.example.com/about",
    "developer_name": "Dev Eloper",
    "developer_email": "dev@example.com",
    "privacy_policy_url": "https://www.example.com/privacy",
    "terms_of_service_url": "https://www.example.com/terms",
    "response_profile": "workfront",
    "absolute_expiration": "30d",
    "inactivity_expiration": "none",
    "first_contact": "ops@example.com",
    "second_contact": "second@example.com",
}


OWN_FIELDS = {
    AppType.WEB: VALUES.keys(),
    AppType.SINGLE_PAGE: VALUES.keys(),
    AppType.MACHINE_TO_MACHINE: {
        *("name", "description", "response_profile", "first_contact", "second_contact"),
    },
}


@pytest.fixture(params=AppType)
def application(request: pytest.FixtureRequest, db: None) -> Application:
    return make_application(request.param, name="ClientApp").application


def page_of(console: Browser, application: Application) -> Page:
    return console.get(application.get_absolute_url())


def save(console: Browser, application: Application, **changes: Any) -> Page:
    return console.send(page_of(console, application), **changes)


def test_the_fields_have_the_labels_of_the_seed_in_its_order(
    console: Browser, application: Application
) -> None:
    page = page_of(console, application)
    assert page.labels(page.form()) == LABELS[AppType(application.app_type)]


def test_the_sections_stand_in_the_order_of_the_seed(console: Browser, application: Application) -> None:
    page = page_of(console, application)
    headings = [text_of(part) for part in page.one("main").iter() if part.tag in {"h2", "legend"}]
    spec = application.type
    expected = [
        *(["Client secret"] if spec.has_secrets else []),
        *(["Public Keys"] if spec.has_keys else []),
        *(["A generated key acts as"] if spec.exchanges_jwts else []),
        *(["Redirect URLs", "Refresh tokens"] if spec.has_redirect_urls else []),
    ]
    assert headings[: len(expected)] == expected
    assert ("Also shown on the consent page" in headings) == spec.has_redirect_urls
    assert headings[-4:] == ["Gatehouse", "Tokens", "Compatibility", "Owner and contacts"]
    assert page.by_id("client-id").get("value") == application.client_id


def test_only_a_machine_application_shows_the_customer_id(console: Browser, application: Application) -> None:
    page = page_of(console, application)
    shows_it = application.organization.customer_id in page.content
    assert shows_it == (application.app_type == AppType.MACHINE_TO_MACHINE)


def test_every_field_is_saved_and_shown_again(console: Browser, application: Application) -> None:
    form = page_of(console, application)
    own = {name: value for name, value in VALUES.items() if name in fields_of(form.form())}
    assert own.keys() == OWN_FIELDS[AppType(application.app_type)]
    page = console.follow(console.send(form, **own))
    application.refresh_from_db()
    shown = fields_of(page.form())
    for name, value in own.items():
        assert getattr(application, name) == value, name
        assert shown[name].replace("\r", "") == value.replace("\r", ""), name


def test_the_answer_says_what_changed_in_the_words_of_the_page(console: Browser, web: Application) -> None:
    page = console.follow(
        save(console, web, name="Other", absolute_expiration="8h", redirect_url="https://a.example/cb")
    )
    assert "Saved: Absolute refresh token expiration, Name, Redirect URLs" in page.messages
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).get()
    assert event.before["Absolute refresh token expiration"] == "1 year"
    assert event.after["Absolute refresh token expiration"] == "8 hours"


def test_saving_without_a_change_says_so(console: Browser, application: Application) -> None:
    if application.type.has_keys or application.type.has_redirect_urls:
        assert "No changes to save" in console.follow(save(console, application)).messages
    assert not Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).exists()


def test_rotation_is_a_tick_box_that_can_be_taken_away(console: Browser, web: Application) -> None:
    page = console.follow(save(console, web, rotate_refresh_tokens=None))
    assert "Saved: Refresh token rotation" in page.messages
    web.refresh_from_db()
    assert not web.rotate_refresh_tokens
    assert "Rotation is off" not in page.text


def test_switching_rotation_off_on_a_single_page_application_warns(
    console: Browser, single_page: Application
) -> None:
    page = console.follow(save(console, single_page, rotate_refresh_tokens=None))
    assert "RFC 9700 (section 2.2.2) asks for rotation here." in page.text


def test_a_sentence_works_out_what_the_lifetimes_mean(console: Browser, web: Application) -> None:
    page = page_of(console, web)
    assert "Users must sign in again after 6 months of inactivity, and at least once a year." in page.text
    assert "also to refresh tokens that were already issued" in page.text
    later = console.follow(save(console, web, absolute_expiration="none", inactivity_expiration="none"))
    assert "Access lasts until the user or an administrator revokes it." in later.text


def test_the_lifetimes_are_the_offered_ones(console: Browser, web: Application) -> None:
    page = page_of(console, web)
    for name in ("absolute_expiration", "inactivity_expiration"):
        options = [text_of(option) for option in page.field(name).iter("option")]
        assert options == list(Lifetime.labels)


def test_a_machine_may_be_let_to_verify_the_tokens_of_others(console: Browser, machine: Application) -> None:
    page = console.follow(save(console, machine, may_verify_tokens="on"))
    assert "Saved: May verify tokens of other applications" in page.messages
    machine.refresh_from_db()
    assert machine.may_verify_tokens


def test_the_page_says_what_is_missing_until_it_is_there(console: Browser) -> None:
    begun = make_application(AppType.WEB, name="Begun", redirect_urls=[]).application
    page = page_of(console, begun)
    assert "Setup incomplete" in page.text
    assert "It can't be used until it has a Redirect URL." in page.text
    saved = console.follow(console.send(page, redirect_url="https://begun.example/cb"))
    assert "Setup incomplete" not in saved.text
    assert "Enabled" in saved.text


MOST_STATEMENTS = {AppType.MACHINE_TO_MACHINE: 9, AppType.SINGLE_PAGE: 8, AppType.WEB: 10}


def test_the_page_takes_few_statements_however_much_the_application_has(
    console: Browser, application: Application, administrator: User
) -> None:
    for number in range(5):
        if application.type.has_secrets:
            add_secret(application, actor=Actor(user=administrator), notes=str(number))
        if application.type.has_redirect_urls:
            RedirectURL.objects.create(application=application, url=f"https://{number}.example/cb")
    with CaptureQueriesContext(connection) as asked:
        console.get(application.get_absolute_url())
    statements = [query["sql"] for query in asked.captured_queries]
    assert len(statements) <= MOST_STATEMENTS[AppType(application.app_type)], "\n".join(statements)
