"""Redirect URLs on an application's page: rows that are added and removed without JavaScript."""

import pytest

from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page, fields_of
from tests.factories import REDIRECT_URL, AdministratorFactory, make_application

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


@pytest.mark.spec("C-20", "the product's description: only the name cannot be empty")
@pytest.mark.parametrize("sent", [None, "", ["", "  "]])
def test_everything_else_is_saved_while_there_is_no_redirect_url(console: Browser, sent: object) -> None:
    begun = make_application(AppType.WEB, name="Begun", redirect_urls=[]).application
    page = console.send(page_of(console, begun), redirect_url=sent, description="Written early")
    saved_page = console.follow(page)
    assert "Saved: Description" in saved_page.messages
    assert "Setup incomplete" in saved_page.text
    assert "It can't be used until it has a Redirect URL." in saved_page.text
    begun.refresh_from_db()
    assert begun.description == "Written early"
    assert saved(begun) == []


@pytest.mark.spec("C-20", "the console")
@pytest.mark.parametrize("sent", [None, "", ["", "  "]])
def test_taking_the_last_one_away_asks_first(console: Browser, web: Application, sent: object) -> None:
    page = console.send(page_of(console, web), redirect_url=sent, description="Typed")
    assert page.status == 409
    assert page.title.startswith("Error: ")
    assert "Your changes weren't saved: this would remove the last Redirect URL." in page.alerts()
    assert REDIRECT_URL in page.alerts()
    assert saved(web) == [REDIRECT_URL]
    agreed = console.follow(console.send(page, without_redirect_urls="yes"))
    assert "Saved: Description, Redirect URLs" in agreed.messages
    assert "Setup incomplete" in agreed.text
    assert saved(web) == []


@pytest.mark.spec("C-20", "the console")
def test_whoever_was_asked_may_enter_another_one_instead(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), redirect_url="")
    assert "Saved: Redirect URLs" in console.follow(console.send(page, redirect_url=OTHER)).messages
    assert saved(web) == [OTHER]


def test_the_question_is_not_asked_again_when_two_administrators_conflict(
    console: Browser, web: Application
) -> None:
    mine = page_of(console, web)
    colleague = browser_of(AdministratorFactory.create())
    colleague.send(page_of(colleague, web), redirect_url=OTHER)
    asked = console.send(mine, redirect_url="")
    conflicting = console.send(asked, without_redirect_urls="yes")
    assert conflicting.status == 409
    assert "this field was changed" in conflicting.alerts()
    assert fields_of(conflicting.form())["without_redirect_urls"] == "yes"


FIFTY = [f"https://app.example.com/{number}" for number in range(50)]


@pytest.mark.spec("C-18", "the console")
def test_more_than_fifty_are_refused_and_none_is_dropped(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), redirect_url=[*FIFTY, OTHER, "", REDIRECT_URL])
    assert page.status == 422
    assert "Redirect URLs: An application can have at most 50 Redirect URLs. Remove 2." in page.alerts()
    assert urls_in(page) == [*FIFTY, OTHER, "", REDIRECT_URL]
    assert saved(web) == [REDIRECT_URL]
    assert console.send(page, redirect_url=FIFTY).status == 302
    assert saved(web) == FIFTY


@pytest.mark.spec("C-18", "the console")
def test_add_gives_no_row_beyond_the_fiftieth_and_says_why(console: Browser, web: Application) -> None:
    page = console.send(page_of(console, web), redirect_url=FIFTY, add="1")
    assert page.status == 422
    assert "An application can have at most 50 Redirect URLs." in page.alerts()
    assert urls_in(page) == FIFTY


@pytest.mark.spec("C-18", "the console")
@pytest.mark.parametrize("between", [",", ";", " ", ", ", ""])
def test_several_in_one_field_become_rows_to_be_checked(
    console: Browser, web: Application, between: str
) -> None:
    page = console.send(page_of(console, web), redirect_url=f"{REDIRECT_URL}{between}{OTHER}")
    assert page.status == 422
    assert "One field held several URLs. Each now has its own field." in page.alerts()
    assert urls_in(page) == [REDIRECT_URL, OTHER]
    assert saved(web) == [REDIRECT_URL]
    assert console.send(page).status == 302
    assert saved(web) == [REDIRECT_URL, OTHER]


@pytest.mark.spec("C-18", "the console")
def test_more_in_one_field_than_a_form_has_fields_stay_there_and_are_refused(
    console: Browser, web: Application
) -> None:
    pasted = ",".join(f"https://app.example/{number}" for number in range(1000))
    page = console.send(page_of(console, web), redirect_url=pasted)
    assert page.status == 422
    assert urls_in(page) == [pasted]
    assert "Redirect URL 1" in page.alerts()
    assert saved(web) == [REDIRECT_URL]


@pytest.mark.spec("C-19", "RFC 3986 section 6.2.2.1")
def test_spaces_are_trimmed_and_the_host_is_stored_in_lower_case(console: Browser, web: Application) -> None:
    assert console.send(page_of(console, web), redirect_url="  HTTPS://App.Example.com/Cb ").status == 302
    assert saved(web) == ["https://app.example.com/Cb"]
    page = console.send(
        page_of(console, web), redirect_url=["https://app.example.com/Cb", "https://APP.example.com/Cb"]
    )
    assert "Redirect URL 2: This is the same as Redirect URL 1." in page.alerts()


@pytest.mark.spec("C-19", "RFC 9700 section 4.1.3")
def test_one_that_is_stored_with_capitals_stays_until_it_is_edited(
    console: Browser, web: Application
) -> None:
    web.redirect_urls.update(url="https://App.Example.com/cb")
    assert "No changes to save" in console.follow(console.send(page_of(console, web))).messages
    assert saved(web) == ["https://App.Example.com/cb"]


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
    assert "Redirect URL 2: This is the same as Redirect URL 1." in page.alerts()


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://a.example/#f", "https://*.example/", "https://a.example/ b", "/cb"],
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
    page = page_of(console, web)
    own = set(page.form().iter("button"))
    buttons = [
        element for element in page.all("button") if element in own or element.get("form") == "settings"
    ]
    assert buttons[0].get("type") == "submit"
    assert (buttons[0].get("name"), buttons[0].get("formaction")) == (None, None)
    assert buttons[0].get("hidden") is not None
