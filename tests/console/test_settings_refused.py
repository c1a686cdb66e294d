"""An application's page: what it does not take, and that a refusal loses nothing."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from tests.console.pages import Browser, Page, fields_of
from tests.factories import make_application


@pytest.fixture(params=AppType)
def application(request: pytest.FixtureRequest, db: None) -> Application:
    return make_application(request.param, name="ClientApp").application


def page_of(console: Browser, application: Application) -> Page:
    return console.get(application.get_absolute_url())


def save(console: Browser, application: Application, **changes: Any) -> Page:
    return console.send(page_of(console, application), **changes)


@pytest.mark.spec("C-12", "ASVS 2.2")
@pytest.mark.parametrize("value", ["", "0", "-1d", "3d", "1e20y", "\u0661d", "1d ", "NONE"])
def test_another_lifetime_is_refused(console: Browser, web: Application, value: str) -> None:
    page = save(console, web, absolute_expiration=value)
    assert page.status == 422
    web.refresh_from_db()
    assert web.absolute_expiration == Lifetime.ONE_YEAR


@pytest.mark.spec("C-02", "ASVS 1.2.2")
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


@pytest.mark.spec("C-10", "ASVS 15.3.3")
def test_identity_and_type_cannot_be_changed_by_further_fields(
    console: Browser, application: Application, member: User
) -> None:
    before = Application.objects.values().get(pk=application.pk)
    forged: dict[str, Any] = {
        "client_id": "f" * 32,
        "app_type": "web",
        "type": "web",
        "user": member.pk,
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


@pytest.mark.spec("C-02", "ASVS 1.2.2")
def test_a_link_of_another_scheme_that_is_stored_already_is_shown_as_text_only(
    console: Browser, web: Application
) -> None:
    Application.objects.filter(pk=web.pk).update(description_url="javascript:alert(1)")
    page = page_of(console, web)
    assert not [link for link in page.links().values() if link.startswith("javascript")]
    assert page.field("description_url").get("value") == "javascript:alert(1)"
