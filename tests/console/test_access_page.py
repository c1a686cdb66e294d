"""The Access pages of applications and people: who, what, since when and until when, and revoking it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, Application, Consent, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.time_limits import TimeLimit
from oauthapps.services import revocation
from oauthapps.services.apis import create_api
from oauthapps.services.consents import shorten, withdraw
from oauthapps.services.credentials import add_secret
from oauthapps.services.scopes import NewScope
from tests.console.pages import Browser, Page, text_of
from tests.factories import UserFactory, allow_scopes
from tests.oauth2.test_time_limits import tokens_for
from tests.oauth_client import OAuthClient
from tests.sign_ins import age_sign_in, sign_in_now

COMMAND = Actor.command("tests")


@pytest.fixture
def client_of_web(web: Application) -> OAuthClient:
    return OAuthClient(web.client_id, add_secret(web, actor=COMMAND).value)


@pytest.fixture
def address(web: Application) -> str:
    return reverse("console:application-access", args=[web.client_id])


def signed_in(person: User) -> Client:
    browser = Client()
    sign_in_now(browser, person)
    return browser


def consent_of(person: User, application: Application) -> Consent:
    return Consent.objects.create(user=person, application=application)


def names_in(page: Page) -> list[str]:
    """The links of the rows, in their order."""
    return [
        next(iter(header.iter("a"))).findtext("bdi") or ""
        for header in page.all("th")
        if header.get("scope") == "row"
    ]


def row_addresses(application: Application, person: User) -> tuple[str, str]:
    """Where the access of one to the other is revoked: from either page."""
    return (
        reverse("console:revoke-access", args=[application.client_id, person.user_id]),
        reverse("revoke-of-person", args=[person.user_id, application.client_id]),
    )


@pytest.mark.spec("Y-100", "ASVS 10.7")
def test_each_row_says_who_what_since_when_last_used_and_until_when(
    console: Browser, member: User, client_of_web: OAuthClient, address: str
) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        client_of_web.get_tokens(signed_in(member))
        User.objects.update(last_active_at=timezone.now())
    with time_machine.travel("2026-11-24T12:20:00Z", tick=False):
        page = console.get(address)
    for text in (
        "Bob Builder bob@example.org",
        "Gatehouse: read write",
        "offline_access",
        "From 127.0.0.1",
        "May 26, 2027, 12:00 UTC 1",  # 183 days: the inactivity expiration; one token
    ):
        assert text in page.text, text
    assert page.text.count("Nov 24, 2026, 12:00 UTC") == 2  # since, and last used


@pytest.mark.spec("Y-100", "ASVS 10.7")
def test_a_time_limit_that_the_person_chose_is_the_end_where_it_comes_first(
    console: Browser, member: User, web: Application, client_of_web: OAuthClient, address: str
) -> None:
    of_person = reverse("person-access", args=[member.user_id])
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False) as clock:
        browser = signed_in(member)
        User.objects.update(last_active_at=timezone.now())
        tokens_for(client_of_web, browser, "30d")
        assert "Dec 24, 2026, 12:00 UTC 1" in console.get(address).text
        assert "Dec 24, 2026, 12:00 UTC 1" in console.get(of_person).text
        shorten(Consent.objects.get(), TimeLimit.ONE_DAY, actor=COMMAND)
        assert "Nov 25, 2026, 12:00 UTC 1" in console.get(address).text
        tokens_for(client_of_web, browser, "until_revoked")  # lasts longer, so it counts
        assert "May 26, 2027, 12:00 UTC 2" in console.get(address).text
        shorten(Consent.objects.get(), TimeLimit.THIRTY_DAYS, actor=COMMAND)
        Application.objects.update(absolute_expiration="14d")
        assert "Dec 8, 2026, 12:00 UTC 2" in console.get(address).text
        clock.shift(timedelta(days=31))
        sign_in_now(console.client, User.objects.get(username="ada"))
        assert "No access right now" in console.get(address).text


@pytest.mark.spec("Y-100", "ASVS 10.7")
def test_scopes_are_those_that_count_now_by_api(
    console: Browser, member: User, web: Application, client_of_web: OAuthClient, address: str
) -> None:
    create_api(
        name="Invoices",
        identifier="https://invoices.example",
        new_scopes=[NewScope(name="invoices:read", sentence="Read your invoices")],
        actor=COMMAND,
    )
    allow_scopes(web, ["read", "invoices:read"], actor=COMMAND)
    client_of_web.get_tokens(signed_in(member), scope="read invoices:read")
    page = console.get(address)
    assert {text_of(item) for item in page.all("li")} >= {"Gatehouse: read", "Invoices: invoices:read"}
    allow_scopes(web, ["invoices:read"], actor=COMMAND)
    page = console.get(address)
    assert "Invoices: invoices:read" in page.text
    assert "Gatehouse: read" not in page.text


@pytest.mark.spec("Y-100", "ASVS 10.7")
def test_what_no_longer_works_is_said_to_be_no_access(
    console: Browser, member: User, client_of_web: OAuthClient, address: str
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        client_of_web.get_tokens(signed_in(member), scope="read")
    assert "No access right now" in console.get(address).text


@pytest.mark.spec("Y-101", "ASVS 10.7")
def test_fifty_a_page_the_latest_first_and_found_by_name_username_and_email(
    console: Browser, web: Application, address: str
) -> None:
    for number in range(53):
        consent_of(UserFactory.create(name=f"Reader {number:02}", username=f"reader{number:02}"), web)
    page = console.get(address)
    assert names_in(page)[:2] == ["Reader 52", "Reader 51"]
    assert len(names_in(page)) == 50
    second = console.get(address + page.links()["Next page"])
    assert names_in(second) == ["Reader 02", "Reader 01", "Reader 00"]
    assert "Next page" not in second.links()
    assert second.links()["First page"] == "?"
    for text in ("reader 07", "READER07", "der07@example"):
        assert names_in(console.get(address, q=text)) == ["Reader 07"], text
    found = console.get(address, q="reader")
    assert names_in(console.get(address + found.links()["Next page"])) == names_in(second)
    assert "No matching people" in console.get(address, q="nobody").text
    assert names_in(console.get(address, before="no number")) == names_in(page)


@pytest.mark.spec("Y-101", "ASVS 10.7")
def test_a_page_takes_as_many_statements_for_many_as_for_one(
    console: Browser, web: Application, address: str
) -> None:
    counts = []
    for number in (1, 30):
        for _ in range(number):
            consent_of(UserFactory.create(), web)
        with CaptureQueriesContext(connection) as captured:
            console.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.spec("Y-103", "ASVS 10.4.9")
@pytest.mark.parametrize("page_of", [0, 1], ids=["application", "person"])
def test_revoking_one_ends_everything_at_once_and_the_person_is_asked_again(
    console: Browser, member: User, web: Application, client_of_web: OAuthClient, page_of: int
) -> None:
    browser = signed_in(member)
    tokens = client_of_web.get_tokens(browser)
    administrator = User.objects.get(username="ada")
    others = client_of_web.get_tokens(signed_in(administrator))
    address = row_addresses(web, member)[page_of]
    confirmation = console.get(address)
    assert "Access ends immediately: 1 active access token, along with" in confirmation.text
    page = console.follow(console.send(confirmation))
    assert "Access revoked: 1 access token." in page.messages
    assert "Bob Builder" not in " ".join(names_in(page))

    assert client_of_web.me(tokens["access_token"]).status_code == 401
    refused = client_of_web.refresh(tokens["refresh_token"])
    assert refused.status_code == 400
    assert "an administrator revoked access" in refused.json()["error_description"]
    assert client_of_web.me(others["access_token"]).status_code == 200
    assert Consent.objects.get(user=member).withdrawn_at is not None
    assert TokenFamily.objects.get(user=member).end_reason == EndReason.REVOKED_BY_ADMINISTRATOR
    event = Event.objects.get(kind=EventKind.ACCESS_REVOKED)
    assert (event.actor, event.application, event.person) == (administrator, web, member)
    connected = browser.get("/connected/").content.decode()
    assert "Revoked by an administrator" in connected
    assert "Field app" in connected
    assert "There is nothing to revoke." in console.get(address).text
    page = console.follow(console.post(address))
    assert "There was nothing to revoke." in page.messages
    assert Event.objects.filter(kind=EventKind.ACCESS_REVOKED).count() == 1

    again = client_of_web.get_tokens(browser)  # the person is asked, and allows it
    assert client_of_web.me(again["access_token"]).status_code == 200
    assert "Revoked by an administrator" not in browser.get("/connected/").content.decode()


@pytest.mark.spec("Y-103", "ASVS 10.4.9")
def test_connected_apps_blame_nobody_for_what_the_person_revoked_since(
    console: Browser, visitor: Browser, member: User, web: Application, client_of_web: OAuthClient
) -> None:
    client_of_web.get_tokens(signed_in(member))
    console.send(console.get(row_addresses(web, member)[0]))
    assert "Revoked by an administrator" in visitor.get("/connected/").text
    client_of_web.get_tokens(signed_in(member))
    withdraw(Consent.objects.get(), actor=Actor(user=member))
    assert "Revoked by an administrator" not in visitor.get("/connected/").text


@pytest.mark.spec("Y-103", "ASVS 10.4.9")
def test_a_code_that_is_under_way_ends_too(
    console: Browser, member: User, web: Application, client_of_web: OAuthClient
) -> None:
    code = client_of_web.get_code(signed_in(member))
    console.send(console.get(row_addresses(web, member)[0]))
    refused = client_of_web.exchange(code)
    assert refused.status_code == 400
    assert "an administrator revoked access" in refused.json()["error_description"]


@pytest.mark.spec("Y-104", "ASVS 10.7")
def test_revoking_all_says_first_how_many_and_is_one_event(
    console: Browser, administrator: User, member: User, web: Application, client_of_web: OAuthClient
) -> None:
    tokens = [client_of_web.get_tokens(signed_in(person)) for person in (member, administrator)]
    client_of_web.get_tokens(signed_in(member))
    confirmation = console.get(reverse("console:revoke-all-access", args=[web.client_id]))
    assert "2 people and 3 active access tokens" in confirmation.text
    page = console.follow(console.send(confirmation))
    assert "Access revoked: 2 people, 3 access tokens." in page.messages
    assert "No access" in page.text
    for each in tokens:
        assert client_of_web.me(each["access_token"]).status_code == 401
        assert client_of_web.refresh(each["refresh_token"]).status_code == 400
    event = Event.objects.get(kind=EventKind.ALL_ACCESS_REVOKED)
    assert event.after == {"People": 2, "Access tokens ended": 3}
    assert (event.application, event.person, event.detail) == (web, None, "2 people, 3 access tokens")
    again = console.get(reverse("console:revoke-all-access", args=[web.client_id]))
    assert "There is nothing to revoke" in again.text


@pytest.mark.spec("Y-104", "ASVS 10.7")
def test_revoking_all_of_a_person_leaves_others_alone(
    console: Browser, administrator: User, member: User, client_of_web: OAuthClient
) -> None:
    theirs, mine = (client_of_web.get_tokens(signed_in(person)) for person in (member, administrator))
    confirmation = console.get(reverse("revoke-all-of-person", args=[member.user_id]))
    assert "1 application and 1 active access token" in confirmation.text
    console.send(confirmation)
    assert client_of_web.me(theirs["access_token"]).status_code == 401
    assert client_of_web.me(mine["access_token"]).status_code == 200
    event = Event.objects.get(kind=EventKind.ALL_ACCESS_REVOKED)
    assert (event.application, event.person, event.after["Applications"]) == (None, member, 1)


@pytest.mark.spec("Y-105", "ASVS 10.4.9")
def test_revoking_what_is_older_leaves_what_was_allowed_since(
    console: Browser, administrator: User, member: User, web: Application, client_of_web: OAuthClient
) -> None:
    both = {}
    with time_machine.travel(timezone.now() - timedelta(days=10)):
        old = {person.pk: client_of_web.get_tokens(signed_in(person)) for person in (member, administrator)}
    both[member.pk] = client_of_web.get_tokens(signed_in(member))
    address = reverse("console:revoke-older-access", args=[web.client_id])
    day = timezone.now() - timedelta(days=5)
    confirmation = console.get(address, date=f"{day:%Y-%m-%d}")
    assert f"before {day:%Y-%m-%d} ends immediately: 2 people and 0 active access tokens" in confirmation.text
    page = console.post(f"{address}?date={day:%Y-%m-%d}")
    assert names_in(console.follow(page)) == ["Bob Builder"]
    for tokens in old.values():
        assert client_of_web.refresh(tokens["refresh_token"]).status_code == 400
    assert client_of_web.refresh(both[member.pk]["refresh_token"]).status_code == 200
    event = Event.objects.get(kind=EventKind.OLDER_ACCESS_REVOKED)
    assert event.detail == f"from before {day:%Y-%m-%d}: 2 people, 0 access tokens"
    assert "There is nothing to revoke" in console.get(address, date=f"{day:%Y-%m-%d}").text


@pytest.mark.spec("Y-105", "ASVS 10.4.9")
def test_a_day_begins_at_midnight_in_utc_and_stays_from_there_on(
    console: Browser, web: Application, client_of_web: OAuthClient
) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    just_before, earlier = midnight - timedelta(microseconds=1), midnight - timedelta(days=9)
    before, at, both, left = (UserFactory.create() for _ in range(4))
    got = {}
    for person, begin in (
        (before, just_before),
        (at, midnight),
        (both, just_before),
        (both, midnight),
        (left, earlier),
        (left, midnight),
    ):
        with time_machine.travel(begin, tick=False):
            got[person, begin] = client_of_web.get_tokens(signed_in(person))["refresh_token"]
    TokenFamily.objects.filter(user=left, started_at=earlier).end(EndReason.REVOKED_BY_CLIENT)
    address = reverse("console:revoke-older-access", args=[web.client_id])
    assert "2 people and 0 active access tokens" in console.get(address, date="2026-11-20").text
    console.post(f"{address}?date=2026-11-20")
    working = {one for one, token in got.items() if client_of_web.refresh(token).status_code == 200}
    assert working == {(at, midnight), (both, midnight), (left, midnight)}
    assert set(Consent.objects.active().values_list("user", flat=True)) == {at.pk, both.pk, left.pk}


@pytest.mark.spec("Y-105", "ASVS 10.4.9")
@pytest.mark.parametrize("date", ["", "tomorrow", "2999-01-01", "0000-00-00"])
def test_a_day_that_is_none_or_yet_to_come_revokes_nothing(
    console: Browser, member: User, web: Application, client_of_web: OAuthClient, date: str
) -> None:
    tokens = client_of_web.get_tokens(signed_in(member))
    address = reverse("console:revoke-older-access", args=[web.client_id])
    assert console.get(address, date=date).status == 422
    assert console.post(f"{address}?date={date}").status == 422
    assert console.post(address).status == 200  # the question again
    assert client_of_web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("Y-106", "ASVS 7.5.3")
def test_revoking_wants_a_recent_sign_in(console: Browser, member: User, web: Application) -> None:
    consent_of(member, web)
    age_sign_in(console, minutes=6)
    for address in (
        *row_addresses(web, member),
        reverse("console:revoke-all-access", args=[web.client_id]),
        reverse("console:revoke-older-access", args=[web.client_id]) + "?date=2026-01-01",
        reverse("revoke-all-of-person", args=[member.user_id]),
        reverse("revoke-older-of-person", args=[member.user_id]) + "?date=2026-01-01",
    ):
        for answer in (console.get(address), console.post(address)):
            assert answer.status == 302, address
            assert "reauthenticate" in answer.answer["Location"]
    assert Consent.objects.get().withdrawn_at is None


def test_members_see_and_revoke_nothing(visitor: Browser, member: User, web: Application) -> None:
    consent_of(member, web)
    for name in ("person-access", "revoke-all-of-person", "revoke-older-of-person"):
        assert visitor.get(reverse(name, args=[member.user_id])).status == 403, name
        assert visitor.post(reverse(name, args=[member.user_id])).status == 403, name
    assert visitor.post(row_addresses(web, member)[1]).status == 403
    assert Consent.objects.get().withdrawn_at is None


@pytest.mark.spec("Y-107", "ASVS 15.2.2")
def test_more_than_a_request_has_time_for_is_continued_by_the_next_in_whole_slices(
    console: Browser, web: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in UserFactory.create_batch(5):
        consent = consent_of(person, web)
        TokenFamily.objects.create(consent=consent, user=person, application=web, scope="read")
    address = reverse("console:revoke-all-access", args=[web.client_id])
    monkeypatch.setattr(revocation, "SLICE", 2)
    times = iter([0.0, 0.0, 99.0])
    with monkeypatch.context() as clock:
        clock.setattr(revocation, "monotonic", lambda: next(times))
        page = console.follow(console.send(console.get(address)))
    assert "Revoked so far: 2 people, 0 access tokens. Some access is left: revoke again." in page.messages
    assert "3 people and 0 active access tokens" in page.text
    assert TokenFamily.objects.alive().count() == 3
    page = console.follow(console.send(page))
    assert "Access revoked: 3 people, 0 access tokens." in page.messages
    details = Event.objects.filter(kind=EventKind.ALL_ACCESS_REVOKED).order_by("pk")
    assert [event.after["People"] for event in details] == [2, 3]
    assert not TokenFamily.objects.alive().exists()
    assert not AccessToken.objects.alive().exists()
