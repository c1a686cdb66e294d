"""An application's page: every field of the seed, under its label, for its type."""

from typing import Any

import pytest

from accounts.models import User
from oauthapps.app_types import AppType
from oauthapps.lifetimes import Lifetime
from oauthapps.models import Application, Event
from oauthapps.models.events import EventKind
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import make_application

REDIRECT_URLS = ["Redirect URL 1"]
LABELS = {
    AppType.MACHINE_TO_MACHINE: [
        "Name",
        "Description",
        "Response profile",
        "May verify tokens of other applications",
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
        "Response profile",
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
        "Response profile",
    ],
}
VALUES = {
    "name": "A new name",
    "description": "Two lines\r\nof text",
    "description_url": "https://www.example.com/about",
    "developer_name": "Dev Eloper",
    "developer_email": "dev@example.com",
    "privacy_policy_url": "https://www.example.com/privacy",
    "terms_of_service_url": "https://www.example.com/terms",
    "response_profile": "workfront",
    "absolute_expiration": "30d",
    "inactivity_expiration": "none",
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
    headings = [text_of(element) for element in page.root.iter() if element.tag in {"h2", "legend"}]
    spec = application.type
    expected = [
        *(["Client secret"] if spec.has_secrets else []),
        *(["Public Keys"] if spec.has_keys else []),
        *(["Redirect URLs", "Refresh tokens"] if spec.has_redirect_urls else []),
    ]
    assert headings[: len(expected)] == expected
    assert ("Also shown on the consent page" in headings) == spec.has_redirect_urls
    assert headings[-2:] == ["How to use it", "Danger zone"]
    assert page.by_id("client-id").get("value") == application.client_id


def test_only_a_machine_application_shows_the_customer_id(console: Browser, application: Application) -> None:
    page = page_of(console, application)
    shows_it = application.organization.customer_id in page.content
    assert shows_it == (application.app_type == AppType.MACHINE_TO_MACHINE)


def test_every_field_is_saved_and_shown_again(console: Browser, application: Application) -> None:
    form = page_of(console, application)
    own = {name: value for name, value in VALUES.items() if name in fields_of(form.form())}
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
        assert "Nothing changed" in console.follow(save(console, application)).messages
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
    assert "People sign in again after 6 months away, and after 1 year in any case." in page.text
    assert "also to refresh tokens that have been issued already" in page.text
    later = console.follow(save(console, web, absolute_expiration="none", inactivity_expiration="none"))
    assert "People stay signed in until they, or an administrator, take the access back." in later.text


def test_the_lifetimes_are_the_offered_ones(console: Browser, web: Application) -> None:
    page = page_of(console, web)
    for name in ("absolute_expiration", "inactivity_expiration"):
        options = [text_of(option) for option in page.field(name).iter("option")]
        assert options == list(Lifetime.labels)


@pytest.mark.parametrize("value", ["", "0", "-1d", "3d", "1e20y", "\u0661d", "1d ", "NONE"])
def test_another_lifetime_is_refused(console: Browser, web: Application, value: str) -> None:
    page = save(console, web, absolute_expiration=value)
    assert page.status == 422
    web.refresh_from_db()
    assert web.absolute_expiration == Lifetime.ONE_YEAR


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("name", "", "Give the application a name: it cannot be empty."),
        ("name", "x" * 101, "at most 100 characters"),
        ("description", "x" * 1001, "at most 1000 characters"),
        ("developer_email", "nobody", "Enter a valid email address."),
        *(
            (field, value, "")
            for field in ("description_url", "privacy_policy_url", "terms_of_service_url")
            for value in (
                "javascript:alert(1)",
                "JaVaScRiPt:alert(1)",
                "java\tscript:alert(1)",
                "data:text/html,x",
                "vbscript:x",
                "\x01javascript:alert(1)",
                "&#106;avascript:alert(1)",
                "/about",
            )
        ),
    ],
)
def test_a_bad_value_is_refused_with_everything_typed_kept(
    console: Browser, web: Application, name: str, value: str, reason: str
) -> None:
    typed = {"developer_name": "Typed before", "redirect_url": "https://typed.example/cb"} | {name: value}
    page = save(console, web, **typed)
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert reason in page.alerts()
    kept = fields_of(page.form())
    assert kept["developer_name"] == "Typed before"
    assert kept["redirect_url"] == "https://typed.example/cb"
    assert "".join(kept[name].split()) == "".join(value.split())
    assert page.field(name).get("aria-invalid") == "true"
    assert page.heading == "Field app"
    assert not Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).exists()


def test_another_response_profile_is_refused(console: Browser, web: Application) -> None:
    page = save(console, web, response_profile="saml")
    assert page.status == 422
    assert "Select a valid choice" in page.alerts()


def test_identity_type_and_owner_cannot_be_changed_by_further_fields(
    console: Browser, application: Application, member: User
) -> None:
    before = Application.objects.values().get(pk=application.pk)
    forged: dict[str, Any] = {
        "client_id": "f" * 32,
        "app_type": "web",
        "type": "web",
        "user": member.pk,
        "owner": member.pk,
        "organization": 2,
        "slot": 9,
        "deleted_at": "2020-01-01",
        "disabled_at": "2020-01-01",
        "skip_authorization": "on",
        "client_type": "public",
        "allowed_origins": "https://evil.example",
        "redirect_uris": "https://evil.example/cb",
    }
    if application.app_type != AppType.MACHINE_TO_MACHINE:
        forged["may_verify_tokens"] = "on"
    else:
        forged["rotate_refresh_tokens"] = ""
        forged["redirect_url"] = "https://evil.example/cb"
        forged["description_url"] = "https://evil.example/"
    assert save(console, application, **forged).status == 302
    after = Application.objects.values().get(pk=application.pk)
    assert after == before
    assert not application.redirect_urls.filter(url__contains="evil").exists()


def test_a_machine_may_be_let_to_verify_the_tokens_of_others(console: Browser, machine: Application) -> None:
    page = console.follow(save(console, machine, may_verify_tokens="on"))
    assert "Saved: May verify tokens of other applications" in page.messages
    machine.refresh_from_db()
    assert machine.may_verify_tokens


def test_the_page_says_what_is_missing_until_it_is_there(console: Browser) -> None:
    begun = make_application(AppType.WEB, name="Begun", redirect_urls=[]).application
    page = page_of(console, begun)
    assert "Not usable yet" in page.text
    assert "It still needs a Redirect URL." in page.text
    saved = console.follow(console.send(page, redirect_url="https://begun.example/cb"))
    assert "Not usable yet" not in saved.text
    assert "Enabled" in saved.text


def test_a_link_of_another_scheme_that_is_stored_already_is_shown_as_text_only(
    console: Browser, web: Application
) -> None:
    Application.objects.filter(pk=web.pk).update(description_url="javascript:alert(1)")
    page = page_of(console, web)
    assert not [link for link in page.links().values() if link.startswith("javascript")]
    assert page.field("description_url").get("value") == "javascript:alert(1)"
