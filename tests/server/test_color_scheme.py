"""Light, dark, or what the device says."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from tests.console.pages import Browser, Page

CHOOSE = "/color-scheme/"


def scheme_of(page: Page) -> str | None:
    return page.one("html").get("data-color-scheme")


def pressed(page: Page) -> list[str]:
    return [button.text or "" for button in page.all("button") if button.get("aria-pressed") == "true"]


def test_without_a_choice_the_device_decides(console: Browser) -> None:
    page = console.get("/console/applications/")
    assert scheme_of(page) is None
    assert pressed(page) == ["System"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_choice_leads_back_and_holds_for_every_page(console: Browser, scheme: str) -> None:
    page = console.get("/people/", q="ada")
    back = console.send(page, CHOOSE, color_scheme=scheme)
    assert back.answer["Location"] == "/people/?q=ada"
    assert scheme_of(console.follow(back)) == scheme
    assert pressed(console.get("/connected/")) == [scheme.capitalize()]
    assert scheme_of(Browser(console.client).get("/accounts/login/missing")) == scheme


def test_the_device_decides_again_when_asked_to(console: Browser) -> None:
    console.send(console.get("/connected/"), CHOOSE, color_scheme="dark")
    console.send(console.get("/connected/"), CHOOSE, color_scheme="")
    assert scheme_of(console.get("/connected/")) is None


@pytest.mark.parametrize("scheme", ["blue", "dark ", '"><script>', "\0"])
def test_what_is_no_scheme_is_refused(console: Browser, scheme: str) -> None:
    assert console.client.post(CHOOSE, {"color_scheme": scheme}).status_code == 400


@pytest.mark.parametrize("scheme", ["blue", '"dark "', '"\\"><script>"', '"dark\\000"'])
def test_a_forged_cookie_is_ignored(console: Browser, scheme: str) -> None:
    page = console.client.get("/missing", headers={"Cookie": f"color_scheme={scheme}"})
    assert page.status_code == 404
    assert scheme_of(Page(page)) is None


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""]
)
def test_it_leads_nowhere_else(console: Browser, url: str) -> None:
    answer = console.client.post(CHOOSE, {"color_scheme": "dark", "next": url})
    assert answer["Location"] == "/"


def test_the_cookie_is_for_this_host_and_the_server_alone(console: Browser, settings: LazySettings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    cookie = console.client.post(CHOOSE, {"color_scheme": "dark"}).cookies["color_scheme"]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert cookie["domain"] == ""


def test_it_is_a_post_with_a_csrf_token(console: Browser, administrator: User) -> None:
    assert console.client.get(CHOOSE)["Location"] == "/"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    assert strict.post(CHOOSE, {"color_scheme": "dark"}).status_code == 403
