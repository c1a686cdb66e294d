"""Hygiene: what is found, where it is fixed, and what is ignored, because of what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from common.times import short_date
from oauthapps.console.hygiene.kinds import KINDS
from oauthapps.models import Application, ClientSecret, HygieneException, PublicKey, RedirectURL
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.services.applications import delete_application
from oauthapps.services.credentials import add_secret
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page, text_of
from tests.console.usage_rows import count, counted_for
from tests.factories import AdministratorFactory, make_application

HYGIENE = reverse("console:hygiene")
PRIVACY = "https://client.example/privacy"
SPEC = pytest.mark.spec("U-80", "the console")
UNUSED = pytest.mark.spec("U-81", "the console")
IGNORED = pytest.mark.spec("U-82", "the console")
# More than any page of the console takes for whoever is signed in and for what it shows.
MOST_STATEMENTS = 14


def ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


@pytest.fixture
def tidy(web: Application, administrator: User) -> Application:
    """An application of which nothing is found."""
    Application.objects.filter(pk=web.pk).update(user=administrator, privacy_policy_url=PRIVACY)
    counted_for(days=200)
    web.refresh_from_db()
    return web


@pytest.fixture
def used(tidy: Application) -> Application:
    """One that has been in use for long."""
    Application.objects.filter(pk=tidy.pk).update(created=ago(200))
    for rows in (tidy.secrets, tidy.redirect_urls):
        rows.update(created_at=ago(200), last_used_at=ago(3))
    return tidy


@pytest.fixture
def another(db: None) -> Browser:
    """The browser of an administrator who owns nothing."""
    return browser_of(AdministratorFactory.create())


def findings(page: Page) -> dict[str, list[list[str]]]:
    """What is listed by kind, without the buttons."""
    listed = {}
    for part in page.all("section"):
        body = next(part.iter("tbody"))
        rows = [[text_of(cell) for cell in row if cell.tag in {"th", "td"}][:-1] for row in body]
        listed[part.get("aria-labelledby", "")] = rows
    return listed


def found(console: Browser) -> dict[str, list[list[str]]]:
    return findings(console.get(HYGIENE))


@SPEC
def test_where_nothing_is_found_the_page_says_so(console: Browser, tidy: Application) -> None:
    page = console.get(HYGIENE)
    assert "Nothing to clean up" in page.text
    assert "0 findings" in page.text


def expire_secret(application: Application) -> None:
    application.secrets.update(expires_at=timezone.now() + timedelta(days=29))


def expire_key(application: Application) -> None:
    add_row_of_key(application, expires_at=timezone.now() + timedelta(days=29))


def expire_certificate(application: Application) -> None:
    add_row_of_key(application, not_after=ago(1))


def add_row_of_key(application: Application, **ends: Any) -> None:
    PublicKey.objects.create(
        application=application, thumbprint="t" * 43, fingerprint="f" * 64, pem="", bits=2048, **ends
    )


def no_owner(application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(user=None)


def owner_deactivated(application: Application) -> None:
    User.objects.filter(pk=application.user_id).update(is_active=False)


def no_privacy_policy(application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(privacy_policy_url="")


def no_expiration(application: Application) -> None:
    never = Lifetime.NO_EXPIRATION
    rows = Application.objects.filter(pk=application.pk)
    rows.update(absolute_expiration=never, inactivity_expiration=never)


def old_secret(application: Application) -> None:
    application.secrets.update(created_at=ago(366), last_used_at=ago(1))


@SPEC
@pytest.mark.parametrize(
    ("kind", "cause", "anchor"),
    [
        ("old_secret", old_secret, "client-secret"),
        ("expiring_secret", expire_secret, "client-secret"),
        ("expiring_key", expire_key, "public-keys"),
        ("expiring_key", expire_certificate, "public-keys"),
        ("endless_refresh_tokens", no_expiration, "refresh-tokens"),
        ("owner_gone", owner_deactivated, "owner-and-contacts"),
        ("owner_gone", no_owner, "owner-and-contacts"),
        ("no_privacy_policy", no_privacy_policy, "id_privacy_policy_url"),
    ],
)
def test_each_finding_leads_to_where_it_is_fixed(
    another: Browser, tidy: Application, kind: str, cause: Callable[[Application], None], anchor: str
) -> None:
    cause(tidy)
    page = another.get(HYGIENE)
    assert list(findings(page)) == [kind]
    assert f"{tidy.get_absolute_url()}#{anchor}" in page.links().values()


@SPEC
def test_the_sections_that_fixes_lead_to_are_there(
    console: Browser, web: Application, machine: Application
) -> None:
    pages = [console.get(application.get_absolute_url()) for application in (web, machine)]
    ids = {element.get("id") for page in pages for element in page.root.iter()}
    assert {kind.section for kind in KINDS if kind.section} <= ids


@SPEC
@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        ("http://localhost:8000/callback", True),
        ("http://127.0.0.1/", True),
        ("https://localhost/", True),
        ("https://LOCALHOST", True),
        ("https://127.0.0.2:8443/x", True),
        ("https://[::1]/x", True),
        ("http://client.example/", True),
        ("https://client.example/callback?to=http://localhost/", False),
        ("https://localhost.example/", False),
        ("capacitor://localhost", False),
        ("com.example.app:/callback", False),
    ],
)
def test_redirect_urls_with_http_or_localhost_are_found(
    console: Browser, tidy: Application, url: str, is_found: bool
) -> None:
    tidy.redirect_urls.update(url=url)
    assert ("insecure_redirect_url" in found(console)) is is_found


@SPEC
def test_what_is_being_replaced_or_deleted_is_no_finding(
    console: Browser, tidy: Application, administrator: User
) -> None:
    tidy.secrets.update(created_at=ago(400), expires_at=ago(-3), retires_at=ago(-2))
    assert found(console) == {}
    tidy.secrets.update(retires_at=None, deleted_at=ago(1))
    assert found(console) == {}
    Application.objects.filter(pk=tidy.pk).update(user=None)
    delete_application(tidy, actor=Actor(user=administrator))
    assert found(console) == {}


@SPEC
def test_a_contact_is_as_good_as_an_owner_and_one_expiration_enough(
    console: Browser, tidy: Application
) -> None:
    Application.objects.filter(pk=tidy.pk).update(
        user=None, second_contact="team@client.example", absolute_expiration=Lifetime.NO_EXPIRATION
    )
    assert found(console) == {}


@UNUSED
def test_an_application_is_unused_if_nothing_of_it_was_used_for_90_days(
    console: Browser, used: Application
) -> None:
    used.secrets.update(last_used_at=ago(91))
    used.redirect_urls.update(last_used_at=ago(91))
    assert found(console) == {
        "unused_application": [["Field app", f"Created {short_date(ago(200))}"]],
    }  # its secret and its Redirect URL go with it
    count(used, days_ago=5, refreshed=1)
    assert "unused_application" not in found(console)


@UNUSED
def test_parts_of_an_application_in_use_are_found_by_themselves(
    console: Browser, used: Application, administrator: User
) -> None:
    secret = add_secret(used, actor=Actor(user=administrator)).row
    ClientSecret.objects.filter(pk=secret.pk).update(created_at=ago(100), last_used_at=ago(95))
    RedirectURL.objects.create(application=used, url="https://old.example/", created_at=ago(100), position=1)
    add_row_of_key(used, created_at=ago(100))
    listed = found(console)
    assert list(listed) == ["unused_secret", "unused_key", "unused_redirect_url"]
    assert listed["unused_secret"] == [["Field app", f"{secret.masked} Last used {short_date(ago(95))}"]]
    never = f"Never used, created {short_date(ago(100))}"
    assert listed["unused_redirect_url"] == [["Field app", f"https://old.example/ {never}"]]


@UNUSED
def test_nothing_is_called_unused_before_it_was_counted_for_90_days(
    console: Browser, used: Application
) -> None:
    used.secrets.update(last_used_at=None)
    used.redirect_urls.update(last_used_at=None)
    counted_for(days=89)
    page = console.get(HYGIENE)
    assert "unused_application" not in findings(page)
    assert f"are listed from {short_date(ago(-1))}" in page.text
    counted_for(days=91)
    assert "unused_application" in found(console)


@UNUSED
def test_what_is_younger_than_90_days_is_not_unused(console: Browser, tidy: Application) -> None:
    assert found(console) == {}
    Application.objects.filter(pk=tidy.pk).update(created=ago(89))
    assert found(console) == {}


@IGNORED
def test_a_finding_is_ignored_because_of_something(console: Browser, tidy: Application) -> None:
    old_secret(tidy)
    masked = tidy.secrets.get().masked
    form = console.get(console.get(HYGIENE).links()[f"Ignore, because… {masked} of Field app"])
    assert form.heading == "Ignore a finding of Field app"
    refused = console.send(form, reason=" ")
    assert (refused.status, HygieneException.objects.count()) == (422, 0)
    assert "Enter a reason." in refused.alerts()
    assert console.send(form, reason="x" * 301).status == 422
    done = console.send(form, reason="The client can't be changed before March.")
    assert done.answer["Location"] == f"{HYGIENE}#old_secret"
    page = console.follow(done)
    assert list(findings(page)) == ["ignored"]
    row = findings(page)["ignored"][0]
    assert row[1] == f"Client secrets older than a year {masked}"
    assert row[2].startswith("The client can't be changed before March. just now, by Ada Lovelace")
    assert "0 findings, 1 ignored" in page.text


@IGNORED
def test_whoever_stops_ignoring_it_has_it_again(console: Browser, tidy: Application) -> None:
    Application.objects.filter(pk=tidy.pk).update(privacy_policy_url="")
    url = reverse("console:ignore-finding", args=[tidy.client_id, "no_privacy_policy", 0])
    console.send(console.get(url), reason="Internal")
    exception = HygieneException.objects.get()
    end = reverse("console:stop-ignoring", args=[exception.pk])
    page = console.follow(console.send(console.get(HYGIENE), end))
    assert list(findings(page)) == ["no_privacy_policy"]
    assert console.post(end).status == 404
    events = Event.objects.filter(kind__startswith="hygiene:").order_by("pk")
    assert [(event.kind, event.detail, event.before, event.after) for event in events] == [
        ("hygiene:ignore", "Applications without a privacy policy link", {}, {"Reason": "Internal"}),
        ("hygiene:unignore", "Applications without a privacy policy link", {"Reason": "Internal"}, {}),
    ]
    assert {event.application_id for event in events} == {tidy.pk}


@IGNORED
def test_what_is_ignored_stays_listed_when_it_is_found_no_longer(console: Browser, tidy: Application) -> None:
    HygieneException.objects.create(application=tidy, finding="owner_gone", reason="Nobody yet")
    HygieneException.objects.create(application=tidy, finding="old_secret", subject=10**9, reason="Gone")
    [row] = found(console)["ignored"]
    assert row[:2] == ["Field app", "Applications without an active owner or contact No longer found"]


@IGNORED
def test_what_is_not_found_or_ignored_already_cannot_be_ignored(console: Browser, tidy: Application) -> None:
    for kind, subject in (("no_privacy_policy", 0), ("old_secret", 10**30), ("nonsense", 0)):
        url = reverse("console:ignore-finding", args=[tidy.client_id, kind, subject])
        page = console.follow(console.post(url, {"reason": "Because"}))
        assert "This was fixed, or is ignored already." in page.messages
    assert not HygieneException.objects.exists()


@SPEC
def test_an_applications_page_names_its_findings_and_leads_to_them(
    console: Browser, tidy: Application, machine: Application
) -> None:
    assert "See the findings" not in console.get(tidy.get_absolute_url()).links()
    Application.objects.filter(pk=tidy.pk).update(user=None)
    page = console.get(tidy.get_absolute_url())
    assert "Applications without an active owner or contact" in page.text
    own = console.get(f"{HYGIENE}{page.links()['See the findings'].removeprefix(HYGIENE)}")
    assert own.heading == "Hygiene of Field app"
    assert findings(own) == {"owner_gone": [["Field app", "No owner"]]}
    assert len(found(console)["owner_gone"]) == 2
    HygieneException.objects.create(application=tidy, finding="owner_gone", reason="So be it")
    assert "See the findings" not in console.get(tidy.get_absolute_url()).links()


@SPEC
def test_an_unknown_application_is_404_and_an_unknown_kind_shows_all(
    console: Browser, tidy: Application
) -> None:
    assert console.get(HYGIENE, application="0" * 32).status == 404
    assert console.get(HYGIENE, application="\0", finding="\0", page="x").status == 200


@override_settings(APPLICATION_LIMIT=1000)
@pytest.mark.spec("U-83", "the console")
def test_however_many_applications_there_are_the_page_takes_the_same_statements(
    console: Browser, tidy: Application, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def statements() -> int:
        with django_assert_max_num_queries(MOST_STATEMENTS) as captured:
            console.get(HYGIENE)
        return len(captured)

    for number in range(3):
        make_application(AppType.WEB, name=f"App {number}")
    few = statements()
    for number in range(60):
        make_application(AppType.WEB, name=f"App {number + 3:02}")
    assert statements() == few
    page = console.get(HYGIENE)
    assert len(findings(page)["owner_gone"]) == 10
    everything = page.links()["All 63: Applications without an active owner or contact"]
    assert everything == "?finding=owner_gone"
    first = console.get(HYGIENE, finding="owner_gone")
    assert len(findings(first)["owner_gone"]) == 50
    assert first.links()["Next page"] == "?finding=owner_gone&page=2"
    assert len(findings(console.get(HYGIENE, finding="owner_gone", page="2"))["owner_gone"]) == 13
