"""The page "Moving in" of an application: what its clients have done so far, and its exceptions."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import AccessToken, Application, DatedException, MovingIn, PublicKey, RefreshToken
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services.credentials import add_secret
from oauthapps.services.moving_in import begin
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page, text_of
from tests.factories import PASSWORD, UserFactory
from tests.oauth_client import AUTHORIZE, OAuthClient
from tests.sign_ins import age_sign_in

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
LAST_DAY = date(2027, 2, 1)
LONG, REPEATED, IN_URL = ExceptionKind


def mark(application: Application) -> None:
    begin(application, exceptions={}, actor=Actor(label="an administrator"))


def url_of(application: Application, name: str = "moving-in", *arguments: str) -> str:
    return reverse(f"console:{name}", args=[application.client_id, *arguments])


def step(page: Page, title: str) -> str:
    """What the page says of a step."""
    (found,) = [item for item in page.root.iter("li") for head in item.iter("h3") if text_of(head) == title]
    return text_of(found)


def titles(page: Page) -> list[str]:
    return [text_of(heading) for item in page.root.iter("ol") for heading in item.iter("h3")]


def card(page: Page, kind: ExceptionKind) -> str:
    """What the page says of an exception."""
    name = f"exception-{kind.value}"
    (found,) = [part for part in page.root.iter("article") if part.get("aria-labelledby") == name]
    return text_of(found)


def give(console: Browser, application: Application, kind: ExceptionKind, last_day: object) -> Page:
    page = console.get(url_of(application))
    return console.send(page, url_of(application, "give-exception", kind.value), last_day=f"{last_day}")


# Marking, and taking that back


@pytest.mark.spec("O-127", "the console; ASVS 16.3")
def test_an_application_is_marked_and_finished_and_marked_again(console: Browser, web: Application) -> None:
    assert "Moving in" not in console.get(web.get_absolute_url()).links()
    for _ in range(2):
        settings = console.get(web.get_absolute_url())
        page = console.follow(console.send(settings, url_of(web, "begin-moving-in")))
        assert "Marked as moving in" in page.messages
        assert page.links()["Moving in"] == url_of(web)
        assert titles(page) == [
            "Redirect URL matches",
            "First token",
            "First refresh",
            "People have allowed access again",
        ]
        assert "Mark as moving in" not in page.buttons()
        done = console.follow(console.send(page, url_of(web, "finish-moving-in")))
        assert "Moving in finished" in done.messages
        assert "Moving in" not in done.links()
    events = Event.objects.filter(kind__startswith="moving_in:").order_by("id")
    assert [event.kind for event in events] == ["moving_in:begin", "moving_in:finish"] * 2


@pytest.mark.spec("O-127", "the console")
def test_its_address_says_what_marking_is_for(console: Browser, web: Application) -> None:
    page = console.get(url_of(web))
    assert "Nothing else changes" in page.text
    assert "Steps" not in page.text
    assert console.send(page, url_of(web, "begin-moving-in")).status == 302
    assert MovingIn.objects.unfinished().get().application == web


@pytest.mark.spec("O-127", "the console")
def test_it_is_not_finished_while_exceptions_are_active(console: Browser, machine: Application) -> None:
    mark(machine)
    page = console.get(url_of(machine))
    give(console, machine, LONG, timezone.now().date())
    refused = console.follow(console.send(page, url_of(machine, "finish-moving-in")))
    assert "End the exceptions that are still active first." in refused.messages
    assert "Finish moving in" not in refused.buttons()
    assert MovingIn.objects.unfinished().exists()
    console.send(refused, url_of(machine, "end-exception", LONG.value))
    console.send(console.get(url_of(machine)), url_of(machine, "finish-moving-in"))
    assert not MovingIn.objects.unfinished().exists()
    late = console.send(page, url_of(machine, "give-exception", LONG.value), last_day=f"{timezone.now():%F}")
    assert "no longer marked" in console.follow(late).messages
    assert not DatedException.objects.in_force().exists()


# Exceptions


@pytest.mark.spec("O-128", "the console; ASVS 16.3")
def test_an_exception_is_added_changed_and_ended(machine: Application, administrator: User) -> None:
    with time_machine.travel(NOW, tick=False):
        console = browser_of(administrator)
        mark(machine)
        assert "Not allowed" in card(console.get(url_of(machine)), REPEATED)
        page = console.follow(give(console, machine, REPEATED, LAST_DAY))
        assert "JWTs whose jti was used before: allowed through 2027-02-01 (UTC)" in page.messages
        shown = card(page, REPEATED)
        assert "Active" in shown
        assert "Last dayFeb 1, 2027 ends in 1 week" in shown
        assert "NeededNever" in shown
        assert "by Ada Lovelace" in shown
        machine.dated_exceptions.update(times_needed=2, last_needed_at=NOW - timedelta(hours=3))
        assert "Needed2 times Last needed 3 hours ago" in card(console.get(url_of(machine)), REPEATED)
        give(console, machine, REPEATED, date(2027, 3, 1))
        page = console.get(url_of(machine))
        assert "Last dayMar 1, 2027" in card(page, REPEATED)
        ended = console.follow(console.send(page, url_of(machine, "end-exception", REPEATED.value)))
        assert "Exception ended" in ended.messages
        assert "Ended just now" in card(ended, REPEATED)
        again = console.follow(console.post(url_of(machine, "end-exception", REPEATED.value)))
        assert "already ended" in again.messages
    events = Event.objects.filter(kind__startswith="exception:").order_by("id")
    assert [(event.kind, event.actor, event.before, event.after) for event in events] == [
        ("exception:add", administrator, {}, {"Last day": "2027-02-01"}),
        ("exception:change", administrator, {"Last day": "2027-02-01"}, {"Last day": "2027-03-01"}),
        ("exception:end", administrator, {"Last day": "2027-03-01"}, {}),
    ]


@pytest.mark.spec("O-128", "the console")
@pytest.mark.parametrize(
    ("last_day", "reason"),
    [
        ("", "This field is required."),
        ("tomorrow", "Enter a valid date."),
        ("2027-01-19", "Choose today or a later day (UTC)."),
        ("2028-01-22", "An exception can last until 2028-01-21 at most."),
    ],
)
def test_a_day_that_cannot_be_is_explained(
    machine: Application, administrator: User, last_day: str, reason: str
) -> None:
    with time_machine.travel(NOW, tick=False):
        mark(machine)
        page = give(browser_of(administrator), machine, REPEATED, last_day)
    assert page.status == 422
    assert "The exception wasn't saved." in page.alerts()
    assert reason in card(page, REPEATED)
    assert reason not in card(page, LONG)
    assert not DatedException.objects.exists()


@pytest.mark.spec("O-128", "ASVS 7.5")
def test_only_what_widens_asks_for_a_recent_sign_in(console: Browser, machine: Application) -> None:
    mark(machine)
    age_sign_in(console, minutes=31)
    today = timezone.now().date()
    question = console.follow(give(console, machine, REPEATED, today + timedelta(days=9)))
    assert not DatedException.objects.exists()
    kept = console.follow(console.send(question, "/accounts/reauthenticate/", password=PASSWORD))
    console.send(kept, url_of(machine, "give-exception", REPEATED.value))
    assert machine.dated_exceptions.get().last_day == today + timedelta(days=9)
    age_sign_in(console, minutes=31)
    give(console, machine, REPEATED, today + timedelta(days=20))
    assert machine.dated_exceptions.get().last_day == today + timedelta(days=9)
    give(console, machine, REPEATED, today + timedelta(days=3))
    assert machine.dated_exceptions.get().last_day == today + timedelta(days=3)
    console.send(console.get(url_of(machine)), url_of(machine, "end-exception", REPEATED.value))
    assert not DatedException.objects.in_force().exists()
    give(console, machine, REPEATED, today)
    assert not DatedException.objects.in_force().exists()


@pytest.mark.spec("O-128", "the console")
def test_an_application_is_offered_what_its_type_can_need(
    console: Browser, web: Application, machine: Application
) -> None:
    for application, kinds in ((web, [IN_URL]), (machine, list(ExceptionKind))):
        mark(application)
        page = console.get(url_of(application))
        offered = [part.get("aria-labelledby", "") for part in page.root.iter("article")]
        assert offered == [f"exception-{kind.value}" for kind in kinds]
    for kind in (REPEATED.value, "no_signature"):
        for name in ("give-exception", "end-exception"):
            assert console.post(url_of(web, name, kind), {"last_day": "2999-01-01"}).status == 404


@pytest.mark.spec("O-129", "the console")
def test_each_page_of_an_application_warns_while_exceptions_are_active(
    console: Browser, machine: Application, web: Application
) -> None:
    today = timezone.now().date()
    begin(machine, exceptions={REPEATED.value: today}, actor=Actor())
    mark(web)
    pages = ("application", "application-access", "application-activity", "application-use", "moving-in")
    for name in pages:
        page = console.get(url_of(machine, name))
        assert "An exception is active" in page.text
        assert "JWTs whose jti was used before: allowed through" in page.text
        assert "An exception is active" not in console.get(url_of(web, name)).text
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        signed_in_again = browser_of(User.objects.get(username="ada"))
        page = signed_in_again.get(url_of(machine, "application-use"))
        assert "An exception is active" not in page.text


@pytest.mark.spec("O-129", "the console")
@pytest.mark.parametrize(
    ("days", "needed_days_ago", "mentioned"),
    [(13, 1, True), (15, 1, False), (13, None, False), (13, 15, False), (0, 0, True)],
)
def test_the_list_mentions_exceptions_that_end_soon_and_were_needed_lately(
    administrator: User, machine: Application, days: int, needed_days_ago: int | None, mentioned: bool
) -> None:
    with time_machine.travel(NOW, tick=False):
        console = browser_of(administrator)
        begin(machine, exceptions={LONG.value: NOW.date() + timedelta(days=days)}, actor=Actor())
        if needed_days_ago is not None:
            machine.dated_exceptions.update(last_needed_at=NOW - timedelta(days=needed_days_ago))
        page = console.get(reverse("console:applications"))
        assert ("Exceptions that clients still need end soon" in page.text) is mentioned
        console.post(url_of(machine, "end-exception", LONG.value))
        assert "end soon" not in console.get(reverse("console:applications")).text


# Steps


@pytest.mark.spec("O-130", "the console")
def test_the_steps_of_a_machine(console: Browser, machine: Application, administrator: User) -> None:
    mark(machine)
    page = console.get(url_of(machine))
    assert titles(page) == ["Public key uploaded", "First token"]
    assert "Not yet Next: Add a public key" in step(page, "Public key uploaded")
    assert "Not yet Next: point the client at the token URL" in step(page, "First token")


@pytest.mark.spec("O-130", "the console")
def test_a_key_says_whom_it_acts_as(console: Browser, machine: Application, key: PublicKey) -> None:
    mark(machine)
    assert f"Done Key {key.short_id} acts as Ada Lovelace" in step(
        console.get(url_of(machine)), "Public key uploaded"
    )
    PublicKey.objects.update(user=UserFactory.create(name="Gone", is_active=False))
    shown = step(console.get(url_of(machine)), "Public key uploaded")
    assert shown.startswith("Public key uploaded Not yet")
    assert "Gone is deactivated, so JWTs that this key signs are refused" in shown
    PublicKey.objects.update(user=None)
    assert "acts as the application itself" in step(console.get(url_of(machine)), "Public key uploaded")


@pytest.mark.spec("O-130", "the console")
def test_a_web_application_is_followed_from_request_to_refresh(
    console: Browser, web: Application, bob: Client
) -> None:
    mark(web)
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)

    def states() -> list[str]:
        page = console.get(url_of(web))
        steps = [item for items in page.root.iter("ol") for item in items.iter("li")]
        return [text_of(part) for item in steps for part in item.iter("span") if is_badge(part)]

    assert states() == ["Not yet", "Not yet", "Not yet", "0 of 2"]
    code = client.get_code(bob)
    assert states() == ["Done", "Not yet", "Not yet", "1 of 2"]
    tokens = client.exchange(code).json()
    assert states() == ["Done", "Done", "Not yet", "1 of 2"]
    client.refresh(tokens["refresh_token"])
    assert states() == ["Done", "Done", "Done", "1 of 2"]
    client.get_code(console.client)
    assert states()[-1] == "2 of 2"
    User.objects.filter(username="bob").update(is_active=False)
    assert states()[-1] == "1 of 1"


def is_badge(part: Any) -> bool:
    return "badge" in part.get("class", "").split()


@pytest.mark.spec("O-130", "the console")
def test_what_was_before_does_not_count(console: Browser, web: Application, bob: Client) -> None:
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        client.refresh(client.get_tokens(bob)["refresh_token"])
    mark(web)
    page = console.get(url_of(web))
    assert [title for title in titles(page) if "Done" in step(page, title)] == []
    assert "0 of 2 active people" in step(page, "People have allowed access again")


@pytest.mark.spec("O-130", "the console")
def test_tokens_that_are_long_over_are_remembered(
    console: Browser, single_page: Application, bob: Client
) -> None:
    mark(single_page)
    OAuthClient(single_page.client_id, pkce=True).get_tokens(bob)
    AccessToken.objects.all().delete()
    assert RefreshToken.objects.exists()
    assert "Done Last time: " in step(console.get(url_of(single_page)), "First token")


@pytest.mark.spec("O-130", "the console")
def test_without_offline_access_there_is_no_refresh(console: Browser, web: Application) -> None:
    mark(web)
    Application.objects.update(allowed_scope="read write")
    assert "First refresh" not in titles(console.get(url_of(web)))


# Redirect URLs that were refused


def ask(application: Application, uri: str) -> int:
    parameters = OAuthClient(application.client_id, pkce=True).authorization_parameters(redirect_uri=uri)
    return Client().get(AUTHORIZE, parameters).status_code


def refused(application: Application) -> list[str]:
    return [row.url for row in application.refused_redirect_urls.all()]


@pytest.mark.spec("O-131", "RFC 6749 §3.1.2.4")
def test_a_redirect_url_that_is_not_registered_is_shown(console: Browser, web: Application) -> None:
    mark(web)
    assert ask(web, "https://client.example/callback2?session=of-somebody") == 400
    shown = step(console.get(url_of(web)), "Redirect URL matches")
    assert "https://client.example/callback2?…, " in shown
    assert "of-somebody" not in shown
    assert "Next: if one of them is this application" in shown


@pytest.mark.spec("O-131", "RFC 6749 §3.1.2.4")
def test_one_that_matched_since_settles_it(console: Browser, web: Application, bob: Client) -> None:
    mark(web)
    ask(web, "https://client.example/other")
    OAuthClient(web.client_id).get_code(bob)
    shown = step(console.get(url_of(web)), "Redirect URL matches")
    assert shown.startswith(
        "Redirect URL matches Done The last one that matched: https://client.example/call"
    )
    assert "https://client.example/other" in shown
    assert "Next" not in shown


@pytest.mark.spec("O-131", "ASVS 16.4.1")
@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://Client.example:8443/cb", "https://client.example:8443/cb"),
        ("http://[::1]/cb?", "http://[::1]/cb?…"),
        ("com.example.app:/cb?code=1", "com.example.app:/cb?…"),
        ("https://client.example/cb#state", ""),
        ("https://bücher.example/cb", ""),
        ("https://user:password@client.example/cb", ""),
        ("https://client.example@evil.example/cb", ""),
        ("https://client.example/\u202egpj.cb", ""),
        ("https://client.example/a b", ""),
        ("https://2130706433/cb", ""),
        ("https://client.example:0/cb", ""),
        ("https:///cb", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("/cb", ""),
        (f"https://client.example/{'x' * 300}", ""),
    ],
)
def test_only_what_people_can_recognize_is_kept(web: Application, uri: str, kept: str) -> None:
    mark(web)
    assert ask(web, uri) == 400
    assert refused(web) == [kept] * bool(kept)


@pytest.mark.spec("O-131", "ASVS 2.4.1")
def test_a_flood_of_them_is_bounded_and_pushes_out_nothing_of_the_hour(web: Application) -> None:
    mark(web)
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(20):
            ask(web, f"https://client.example/{number}")
        assert refused(web) == [f"https://client.example/{number}" for number in reversed(range(5))]
        clock.shift(timedelta(minutes=2))
        ask(web, "https://client.example/3")
        assert refused(web)[0] == "https://client.example/3"
        clock.shift(timedelta(hours=1))
        ask(web, "https://client.example/20")
        assert refused(web)[0] == "https://client.example/20"
        assert len(refused(web)) == 5


@pytest.mark.spec("O-131", "operation")
def test_nothing_is_kept_of_others(web: Application, single_page: Application) -> None:
    mark(web)
    ask(single_page, "https://client.example/other")
    MovingIn.objects.update(finished_at=timezone.now())
    ask(web, "https://client.example/other")
    MovingIn.objects.update(finished_at=None)
    Application.objects.update(disabled_at=timezone.now())
    ask(web, "https://client.example/other")
    assert refused(web) == refused(single_page) == []
