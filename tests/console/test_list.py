"""OAuth2 Applications: the list."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from common.times import short_date
from oauthapps.models import AccessToken, Application
from oauthapps.rules.app_types import AppType
from oauthapps.rules.credential_values import digest
from oauthapps.services.applications import disable_application
from tests.console.pages import Browser, Page, text_of
from tests.factories import make_application

LIST = "/console/applications/"
MOST_STATEMENTS = 10


def rows(page: Page) -> dict[str, list[str]]:
    cells = [[text_of(cell) for cell in row if cell.tag in {"th", "td"}] for row in page.one("tbody")]
    return {row[0].split(maxsplit=1)[1]: row[1:] for row in cells}  # after the initials tile


def test_the_console_opens_with_the_list(console: Browser) -> None:
    assert console.get("/console/").answer["Location"] == LIST


@pytest.mark.parametrize(
    "path",
    [
        "/console/oauth-applications/",
        "/console/oauth2-applications/",
        "/system/",
        "/system/oauth-applications/",
        "/system/oauth2-applications/",
    ],
)
def test_other_names_of_the_page_lead_to_it(console: Browser, path: str) -> None:
    assert console.get(path).answer["Location"] == LIST


def test_the_list_holds_the_form_for_a_new_application_as_a_dialog(
    console: Browser, web: Application
) -> None:
    page = console.get(LIST)
    opener = next(button for button in page.all("button") if button.get("command") == "show-modal")
    dialog = page.one("dialog")
    assert opener.get("commandfor") == dialog.get("id")
    assert (opener.get("type"), opener.get("data-page")) == ("button", "/console/applications/new")
    assert text_of(page.by_id(dialog.get("aria-labelledby", ""))) == "New OAuth2 application"
    first = next(field for field in dialog.iter("input") if field.get("type") == "radio")
    assert first.get("autofocus") is not None
    assert console.send(page, "/console/applications/new", app_type="web", name="By dialog").status == 200
    refused = console.send(console.get(LIST), "/console/applications/new", app_type="web", name="")
    assert (refused.status, refused.heading) == (422, "New OAuth2 application")


def test_an_empty_list_says_so_and_offers_the_first_step(console: Browser) -> None:
    page = console.get(LIST)
    assert "No applications yet" in page.text
    assert "0 of 10 applications" in page.text
    assert page.buttons().count("Create app integration") == 2
    assert "It takes three steps" in page.text


def test_each_row_has_name_type_status_and_dates(
    console: Browser, web: Application, machine: Application
) -> None:
    listed = rows(console.get(LIST))
    assert listed["Field app"][:2] == ["Web Application", "Enabled"]
    assert listed["Nightly export"][:2] == ["Machine to Machine Application", "Setup incomplete"]
    assert listed["Field app"][3] == f"Never counted since {short_date(timezone.now())}"


def test_edit_and_delete_are_named_for_their_application(console: Browser, web: Application) -> None:
    links = console.get(LIST).links()
    assert links["Field app"] == links["Edit Field app"] == f"/console/applications/{web.client_id}/"
    assert links["Delete Field app"] == f"/console/applications/{web.client_id}/deletion/"


def test_the_status_is_a_word(console: Browser, web: Application, administrator: User) -> None:
    make_application(AppType.WEB, name="Just begun", redirect_urls=[])
    disable_application(web, actor=Actor(user=administrator))
    listed = rows(console.get(LIST))
    assert listed["Field app"][1] == "Disabled"
    assert listed["Just begun"][1] == "Setup incomplete"


@pytest.mark.parametrize("used", ["secret", "redirect URL", "token"])
def test_last_used_is_the_latest_use_of_anything_it_has(
    console: Browser, web: Application, administrator: User, used: str
) -> None:
    moment = timezone.now() - timedelta(days=3)
    if used == "secret":
        web.secrets.update(last_used_at=moment)
    elif used == "redirect URL":
        web.redirect_urls.update(last_used_at=moment)
    else:
        token = AccessToken.objects.create(
            application=web, user=administrator, token="", token_checksum=digest("x"), expires=moment
        )
        AccessToken.objects.filter(pk=token.pk).update(created=moment)
    assert rows(console.get(LIST))["Field app"][3] == f"3 days ago {moment:%b %-d, %Y, %H:%M} UTC"


def test_the_meter_says_in_words_how_many_slots_are_used(console: Browser, web: Application) -> None:
    page = console.get(LIST)
    meter = page.one("meter")
    assert (meter.get("value"), meter.get("max"), text_of(meter)) == ("1", "10", "1 of 10")
    assert "1 of 10 applications" in page.text


def test_a_full_list_takes_no_more_statements_than_an_empty_one(
    console: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        make_application(list(AppType)[number % 3], name=f"Application {number}")
    with django_assert_max_num_queries(MOST_STATEMENTS):
        page = console.get(LIST)
    assert "10 of 10 applications" in page.text
    assert len(rows(page)) == 10


def test_at_ten_the_button_leads_to_an_explanation_that_names_the_least_used_first(console: Browser) -> None:
    for number in range(10):
        application = make_application(AppType.WEB, name=f"Application {number}").application
        application.secrets.update(last_used_at=timezone.now() - timedelta(days=number))
    full = console.get(LIST)
    assert not full.all("dialog")
    page = console.get(full.links()["Create app integration"])
    assert page.heading == "You've reached the limit of 10"
    assert "Least recently used first" in page.text
    assert next(iter(rows(page))) == "Application 9"
    assert "Delete Application 9" in page.links()


@pytest.mark.spec("C-03", "ASVS 1.2")
def test_markup_in_a_name_is_text(console: Browser) -> None:
    name = '<script>alert("1")</script>{{ x }}&amp;'
    make_application(AppType.WEB, name=name)
    page = console.get(LIST)
    assert name in page.links()
    assert "<script>alert" not in page.content
