"""Passkeys over HTTP, with an authenticator in software. A real browser does the same in tests/browser."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.models import Event, EventKind
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.second_factors import ADD_PASSKEY, add_passkey, options_on

LIST = "/security/passkeys/"
LOGIN = "/accounts/login/"
WITH_PASSKEY = "/accounts/login/passkey/"


def sign_in(browser: Browser, device: SoftAuthenticator, **fields: str) -> Page:
    challenge = browser.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    answer = device.get(challenge["request_options"]["publicKey"])
    return browser.post(WITH_PASSKEY, {"credential": json.dumps(answer), **fields})


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/connected/").status == 200


@pytest.fixture
def device(visitor: Browser) -> SoftAuthenticator:
    """A phone with a passkey of the member's."""
    phone = SoftAuthenticator()
    assert add_passkey(visitor, phone).status == 302
    return phone


def test_a_passkey_is_bound_to_the_configured_host_and_must_know_its_owner(visitor: Browser) -> None:
    options = options_on(visitor.get(ADD_PASSKEY))
    assert options["rp"] == {"id": "testserver.localhost", "name": "Gatehouse"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"


@pytest.mark.django_db(transaction=True)  # some of it is recorded after the commit
def test_a_passkey_is_added_with_a_name_and_brings_recovery_codes(visitor: Browser, member: User) -> None:
    page = visitor.follow(add_passkey(visitor, SoftAuthenticator(), "Work laptop"))
    assert page.heading == "Recovery codes"
    assert len("".join(page.by_id("recovery-codes").itertext()).split()) == 10
    assert page.answer["Cache-Control"] == "no-store"
    assert "can't be shown again" in visitor.get("/security/recovery-codes/").text
    assert "Work laptop" in visitor.get(LIST).text
    assert "1 passkey" in visitor.get("/security/").text
    events = Event.objects.filter(person=member).order_by("pk").values_list("kind", "detail")
    assert list(events)[1:] == [
        (EventKind.PASSKEY_ADDED, "Work laptop"),
        (EventKind.RECOVERY_CODES_MADE, ""),
    ]


def test_a_passkey_without_a_name_gets_one(visitor: Browser, device: SoftAuthenticator) -> None:
    add_passkey(visitor, SoftAuthenticator(), "")
    assert "Passkey 2" in visitor.get(LIST).text


def test_a_passkey_signs_in_by_itself_and_leads_where_one_was_going(
    stranger: Browser, member: User, device: SoftAuthenticator
) -> None:
    page = sign_in(stranger, device, next="/security/sessions/")
    assert page.answer["Location"] == "/security/sessions/"
    assert is_signed_in(stranger)
    assert Event.objects.filter(kind=EventKind.SIGNED_IN).latest("pk").detail == "passkey"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_leads_nowhere_else(stranger: Browser, device: SoftAuthenticator, target: str) -> None:
    assert sign_in(stranger, device, next=target).answer["Location"] == "/"


def test_a_password_alone_is_no_longer_enough(
    stranger: Browser, member: User, device: SoftAuthenticator
) -> None:
    page = stranger.post(LOGIN, {"login": member.username, "password": PASSWORD})
    assert page.answer["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(stranger)
    page = stranger.follow(page)
    action = reverse("mfa_authenticate")
    answer = device.get(options_on(page, action))
    assert stranger.post(action, {"credential": json.dumps(answer)}).status == 302
    assert is_signed_in(stranger)
    assert Event.objects.filter(kind=EventKind.SIGNED_IN).latest("pk").detail == "password, passkey"


def test_somebody_inactive_does_not_sign_in_with_a_passkey(
    stranger: Browser, member: User, device: SoftAuthenticator
) -> None:
    User.objects.filter(pk=member.pk).update(is_active=False)
    sign_in(stranger, device)
    assert not is_signed_in(stranger)
    User.objects.filter(pk=member.pk).update(is_active=True)
    sign_in(stranger, device)
    assert is_signed_in(stranger)


@pytest.mark.spec("W-53", "WebAuthn Level 2 §13.4.3")
def test_a_challenge_is_answered_once_even_by_who_kept_it(
    stranger: Browser, device: SoftAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    reply = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"})
    kept = reply.cookies["gatehouse_passkey"]
    assert kept["httponly"]
    assert kept["samesite"] == "Strict"
    answer = {"credential": json.dumps(device.get(reply.json()["request_options"]["publicKey"]))}
    assert stranger.post(WITH_PASSKEY, answer).answer.cookies["gatehouse_passkey"].value == ""
    assert is_signed_in(stranger)
    again = Browser(Client())
    again.client.cookies["gatehouse_passkey"] = kept.value
    again.post(WITH_PASSKEY, answer)
    assert not is_signed_in(again)
    assert refusals_in(caplog) == ["A passkey was refused: its challenge was answered before."]


@pytest.mark.spec("W-53", "WebAuthn Level 2 §13.4.3")
def test_a_challenge_is_for_an_hour_and_for_the_browser_that_asked(
    stranger: Browser, device: SoftAuthenticator
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        reply = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"})
    answer = {"credential": json.dumps(device.get(reply.json()["request_options"]["publicKey"]))}
    elsewhere = Browser(Client())
    elsewhere.client.get(WITH_PASSKEY, headers={"Accept": "application/json"})
    elsewhere.post(WITH_PASSKEY, answer)
    assert not is_signed_in(elsewhere)
    with time_machine.travel(now + timedelta(hours=1, seconds=5), tick=False):
        stranger.post(WITH_PASSKEY, answer)
        assert not is_signed_in(stranger)


@pytest.mark.spec("W-53", "WebAuthn Level 2 §13.4.3")
@pytest.mark.parametrize("planted", ["", "x", "\xff", "gAAAAA"])
def test_a_challenge_that_is_not_ours_is_none(
    stranger: Browser, device: SoftAuthenticator, planted: str
) -> None:
    reply = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"})
    answer = {"credential": json.dumps(device.get(reply.json()["request_options"]["publicKey"]))}
    stranger.client.cookies["gatehouse_passkey"] = planted
    assert stranger.post(WITH_PASSKEY, answer).status == 302
    assert not is_signed_in(stranger)


ELSEWHERE = [
    "http://evil.testserver.localhost",  # a neighbor below the same name, which the standard leaves to us
    "https://testserver.localhost",
    "http://testserver.localhost:8000",
    "https://evil.example",
]


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_an_answer_that_another_page_got_is_refused(
    visitor: Browser, stranger: Browser, device: SoftAuthenticator, origin: str
) -> None:
    device.origin = origin
    page = stranger.follow(sign_in(stranger, device))
    assert "The passkey wasn't accepted" in page.messages
    assert not is_signed_in(stranger)
    refused = add_passkey(visitor, SoftAuthenticator(origin))
    assert "The passkey wasn't accepted" in refused.alerts()
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).count() == 1


@pytest.mark.spec("S-93", "ASVS 16.3.1")
def test_the_log_says_that_a_passkey_was_refused(
    visitor: Browser, stranger: Browser, device: SoftAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    add_passkey(visitor, device)
    sign_in(stranger, device)
    assert not refusals_in(caplog)
    device.origin = "https://evil.example"
    sign_in(Browser(Client()), device)
    assert refusals_in(caplog) == ["A passkey was refused."]
    again = reverse("mfa_reauthenticate_webauthn")
    answer = json.dumps(device.get(options_on(visitor.get(again), again)))
    visitor.post(again, {"credential": answer})
    assert refusals_in(caplog) == ["A passkey was refused."] * 2


def refusals_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of refused passkeys."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "gatehouse.sign_in" and record.levelname == "WARNING"
    ]


def test_an_authenticator_that_did_not_ask_for_its_owner_is_refused(
    visitor: Browser, stranger: Browser, device: SoftAuthenticator
) -> None:
    device.flags = SoftAuthenticator(knows_owner=False).flags
    sign_in(stranger, device)
    assert not is_signed_in(stranger)
    assert "it has no PIN" in add_passkey(visitor, SoftAuthenticator(knows_owner=False)).alerts()


def test_an_answer_works_once(stranger: Browser, device: SoftAuthenticator) -> None:
    challenge = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    answer = {"credential": json.dumps(device.get(challenge["request_options"]["publicKey"]))}
    assert stranger.post(WITH_PASSKEY, answer).answer["Location"] == "/"
    stranger.post(reverse("account_logout"))
    assert stranger.post(WITH_PASSKEY, answer).answer["Location"] == LOGIN
    assert not is_signed_in(stranger)


def test_somebody_elses_passkey_does_not_confirm_that_it_is_you(
    console: Browser, administrator: User, device: SoftAuthenticator
) -> None:
    own = SoftAuthenticator()
    add_passkey(console, own)
    again = reverse("mfa_reauthenticate_webauthn")
    page = console.get(again, next="/security/")
    for candidate, location in ((device, f"{again}?next=%2Fsecurity%2F"), (own, "/security/")):
        page = console.get(again, next="/security/")
        answer = json.dumps(candidate.get(options_on(page, again)))
        assert console.send(page, again, credential=answer).answer["Location"] == location


GARBAGE = [
    "",
    "null",
    "5",
    "[]",
    "{}",
    '"x"',
    "{",
    '{"response": 5}',
    '{"response": {"clientDataJSON": 5}}',
    '{"response": {"clientDataJSON": "////"}}',
    '{"response": {"clientDataJSON": "e30"}}',
    "[" * 20_000,
    "x" * 30_000,
]


def with_parts_broken(answer: dict[str, Any]) -> list[str]:
    """The answer with one part missing or of another kind, each."""
    broken: list[dict[str, Any]] = []
    others: tuple[Any, ...] = (None, 5, "", "AAAA", [], {})
    for value in others:
        broken += [answer | {part: value} for part in answer]
        broken += [answer | {"response": answer["response"] | {part: value}} for part in answer["response"]]
    return [json.dumps(one) for one in broken]


def test_whatever_else_is_sent_is_refused_and_breaks_nothing(
    visitor: Browser, stranger: Browser, device: SoftAuthenticator, member: User, settings: Settings
) -> None:
    settings.MFA_RATE_LIMITS = {"webauthn_login": "10000/m/ip"}
    challenge = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    for sent in [*GARBAGE, *with_parts_broken(device.get(challenge["request_options"]["publicKey"]))]:
        page = stranger.post(WITH_PASSKEY, {"credential": sent})
        assert page.status == 302, sent[:200]
        if is_signed_in(stranger):  # nothing depends on these parts
            assert set(json.loads(sent)) >= {"id", "response"}, sent
            stranger.post(reverse("account_logout"))
    new = SoftAuthenticator()
    for sent in [*GARBAGE, *with_parts_broken(new.create(options_on(visitor.get(ADD_PASSKEY))))]:
        visitor.post(ADD_PASSKEY, {"credential": sent})
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN, user=member).count() <= 2


def test_a_passkey_is_renamed_and_both_names_are_recorded(
    visitor: Browser, member: User, device: SoftAuthenticator
) -> None:
    page = visitor.get(visitor.get(LIST).links()["Rename Phone"])
    assert page.field("name").get("value") == "Phone"
    assert "required" in visitor.send(page, name="").alerts()
    page = visitor.follow(visitor.send(page, name="Old phone"))
    assert "Old phone" in page.text
    event = Event.objects.get(kind=EventKind.PASSKEY_RENAMED)
    assert (event.person, event.before, event.after) == (member, {"Name": "Phone"}, {"Name": "Old phone"})


def test_a_removed_passkey_signs_nobody_in(
    visitor: Browser, stranger: Browser, device: SoftAuthenticator
) -> None:
    page = visitor.get(visitor.get(LIST).links()["Remove Phone"])
    assert page.heading == "Remove the passkey Phone?"
    visitor.send(page)
    assert "No passkeys yet" in visitor.get(LIST).text
    sign_in(stranger, device)
    assert not is_signed_in(stranger)
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {EventKind.PASSKEY_REMOVED, EventKind.RECOVERY_CODES_REMOVED} <= kinds


@pytest.mark.spec("C-01", "ASVS 8.2")
def test_another_persons_passkey_is_404(console: Browser, device: SoftAuthenticator) -> None:
    pk = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert console.get(reverse(name, args=[pk])).status == 404
        assert console.post(reverse(name, args=[pk]), {"name": "x"}).status == 404


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "https://192.0.2.1", "http://[::1]:8000"])
def test_where_the_address_is_a_number_the_page_says_that_passkeys_cannot_work(
    visitor: Browser, stranger: Browser, settings: Settings, base_url: str
) -> None:
    settings.BASE_URL = base_url
    assert "Passkeys don't work at this URL" in visitor.get(ADD_PASSKEY).text
    assert "Use a passkey" not in stranger.get(LOGIN).content
