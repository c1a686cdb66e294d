"""Redirect URLs on an application's page: rows that are added and removed without JavaScript."""

import pytest

from oauthapps.models import Application
from tests.console.pages import Browser, Page, fields_of
from tests.factories import REDIRECT_URL

OTHER = "https://other.example/cb"


def urls_in(page: Page) -> list[str]:
    value = fields_of(page.form())["redirect_url"]
    return value if isinstance(value, list) else [value]


def page_of(console: Browser, application: Application) -> Page:
    return console.get(application.get_absolute_url())


def saved(application: Application) -> list[str]:
    return list(application.redirect_urls.values_list("url", flat=True))


def test_add_gives_one_more_row_saves_nothing_and_loses_nothing(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), name="Typed", description="", add="1", redirect_url=OTHER)
    assert page.status == 200
    assert urls_in(page) == [OTHER, ""]
    assert fields_of(page.form())["name"] == "Typed"
    assert page.alerts() == ""
    assert page.by_id("id_redirect_url_2").get("autofocus") is not None
    assert saved(web) == [REDIRECT_URL]


def test_add_shows_no_errors_about_what_is_still_being_typed(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), name="", add="1", developer_email="half@")
    assert page.status == 200
    assert "aria-invalid" not in page.content


def test_remove_takes_its_own_row_away(console: Browser, web: Application) -> None:
    three = ["https://a.example/", "https://b.example/", "https://c.example/"]
    page = console.send(page_of(console, web), redirect_url=three, remove="2")
    assert urls_in(page) == ["https://a.example/", "https://c.example/"]
    assert "Remove Redirect URL 2" in page.buttons()
    assert saved(web) == [REDIRECT_URL]


@pytest.mark.parametrize("number", ["0", "-1", "9", "x", ""])
def test_remove_of_a_row_that_is_not_there_removes_nothing(
    console: Browser, web: Application, number: str
) -> None:
    page = console.send(page_of(console, web), remove=number)
    assert urls_in(page) == [REDIRECT_URL]


def test_removing_the_last_row_leaves_an_empty_one(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), remove="1")
    assert urls_in(page) == [""]


def test_save_stores_the_rows_in_their_order_without_empty_ones(console: Browser, web: Application) -> None:
    console.send(page_of(console, web), redirect_url=[OTHER, "", REDIRECT_URL])
    assert saved(web) == [OTHER, REDIRECT_URL]
    assert urls_in(page_of(console, web)) == [OTHER, REDIRECT_URL]


@pytest.mark.parametrize("sent", [None, "", ["", "  "]])
def test_save_refuses_an_empty_list(console: Browser, web: Application, sent: object) -> None:
    page = console.send(page_of(console, web), redirect_url=sent)
    assert page.status == 422
    assert "Redirect URL 1: Enter at least one address" in page.alerts()
    assert saved(web) == [REDIRECT_URL]


def test_an_error_names_the_row_and_the_reason(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), redirect_url=[OTHER, "http://app.example.com/cb"])
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "Redirect URL 2: Use https" in page.alerts()
    second = page.by_id("id_redirect_url_2")
    assert second.get("aria-invalid") == "true"
    assert page.by_id(second.get("aria-describedby", "")) is not None
    assert page.by_id("id_redirect_url_1").get("aria-invalid") is None
    assert urls_in(page) == [OTHER, "http://app.example.com/cb"]
    assert saved(web) == [REDIRECT_URL]


def test_the_same_address_twice_is_refused(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), redirect_url=[OTHER, OTHER])
    assert "Redirect URL 2: This is the same address as Redirect URL 1." in page.alerts()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a.example/#f", "https://*.example/", " https://a.example/", "/cb"]
)
def test_what_may_not_be_registered_is_refused(console: Browser, web: Application, url: str) -> None:
    page = console.send(page_of(console, web), redirect_url=url)
    assert page.status == 422
    assert urls_in(page) == [url]
    assert saved(web) == [REDIRECT_URL]


def test_only_a_single_page_application_may_have_its_own_scheme(
    console: Browser, web: Application, single_page: Application
) -> None:
    url = "com.example.app:/callback"
    assert console.send(page_of(console, single_page), redirect_url=url).status == 302
    assert console.send(page_of(console, web), redirect_url=url).status == 422
    assert saved(single_page) == [url]


def test_a_url_that_stays_keeps_its_history(console: Browser, web: Application) -> None:
    before = web.redirect_urls.get()
    console.send(page_of(console, web), redirect_url=[OTHER, REDIRECT_URL])
    assert web.redirect_urls.get(url=REDIRECT_URL).pk == before.pk


def test_enter_in_a_field_means_save(console: Browser, web: Application) -> None:
    """Browsers press a form's first submit button, also one that is hidden."""
    form = page_of(console, web).form()
    first = next(element for element in form.iter("button") if element.get("type") == "submit")
    assert first.get("name") is None
    assert first.get("hidden") is not None
