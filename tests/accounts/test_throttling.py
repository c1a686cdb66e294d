"""Guessing passwords becomes slow; being guessed at locks nobody out."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth.hashers import MD5PasswordHasher
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.security.throttling import SLOWED_AT_ONCE, slowed
from accounts.services.links import create_password_link
from audit.actors import Actor
from tests.console.pages import Page
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def attempt(login: str, password: str, address: str) -> bool:
    """Try to sign in and return whether it worked."""
    browser = Client(REMOTE_ADDR=address)
    return browser.post(LOGIN, {"login": login, "password": password}).status_code == 302


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_five_failures_for_an_account_make_its_address_wait(ada: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(5):
            assert not attempt("ada", "wrong", "192.0.2.1")
        assert not attempt("ada", PASSWORD, "192.0.2.1")
    with time_machine.travel(now + timedelta(minutes=5, seconds=1), tick=False):
        assert attempt("ada", PASSWORD, "192.0.2.1")


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_a_stranger_who_fails_does_not_keep_the_victim_out(ada: User) -> None:
    for _ in range(8):
        attempt("ada", "wrong", "192.0.2.1")
    assert attempt("ada", PASSWORD, "192.0.2.2")


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_ten_failures_a_minute_make_an_address_wait_whatever_the_accounts(ada: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for number in range(10):
            attempt(f"somebody{number}", "wrong", "192.0.2.1")
        assert not attempt("ada", PASSWORD, "192.0.2.1")
    with time_machine.travel(now + timedelta(minutes=1, seconds=1), tick=False):
        assert attempt("ada", PASSWORD, "192.0.2.1")


@pytest.mark.spec("O-147", "ASVS 6.3.1")
def test_failures_under_a_clock_that_was_ahead_keep_nobody_waiting(ada: User) -> None:
    now = timezone.now()
    with time_machine.travel(now + timedelta(hours=3)):
        for _ in range(5):
            assert not attempt("ada", "wrong", "192.0.2.1")
        assert not attempt("ada", PASSWORD, "192.0.2.1")
    with time_machine.travel(now):
        assert attempt("ada", PASSWORD, "192.0.2.1")


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_a_second_factor_of_ones_own_makes_no_failure_be_forgotten(ada: User) -> None:
    TOTP.activate(ada, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(9):
            attempt(f"somebody{number}", "wrong", "192.0.2.1")
        browser = Client(REMOTE_ADDR="192.0.2.1")
        browser.post(LOGIN, {"login": "ada", "password": PASSWORD})
        secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        counter = next(yield_hotp_counters_from_time())
        code = format_hotp_value(hotp_value(secret, counter))
        assert browser.post("/accounts/login/second-factor/", {"code": code}).status_code == 302
        assert answer_to("somebody", "wrong", "192.0.2.1").status_code == 200
        assert answer_to("somebody", "wrong", "192.0.2.1").status_code == 429


# Guessing from many networks


@dataclass
class Waits:
    """How often somebody was slowed down."""

    number: int = 0

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        self.number += 1
        yield

    def during(self, act: Callable[[], object]) -> int:
        before = self.number
        act()
        return self.number - before


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    counted = Waits()
    monkeypatch.setattr("server.workers.permits.aside", counted.aside)
    return counted


def fail_from_four_networks(login: str) -> None:
    for network in range(4):
        for _ in range(5):
            assert not attempt(login, "wrong", f"198.51.100.{network}")


def answer_to(login: str, password: str, address: str) -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": login, "password": password})


def what_is_told(answer: HttpResponse, login: str) -> tuple[int, str | None, str]:
    """All that somebody learns from an answer, less what they typed and what is new in each."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return answer.status_code, answer.get("Retry-After"), page.replace(login, "")


@pytest.mark.spec("W-67", "ASVS 6.3.8")
@pytest.mark.parametrize(("known", "unknown"), [("ada", "eve"), ("ada@example.org", "eve@example.org")])
def test_after_many_failures_nobody_learns_who_exists(
    ada: User, waits: Waits, known: str, unknown: str
) -> None:
    told = []
    for login in (known, unknown):
        with time_machine.travel(timezone.now(), tick=False):
            fail_from_four_networks(login)
            assert waits.number == 0
            told += [what_is_told(answer_to(login, "wrong", "192.0.2.1"), login)]
            told += [what_is_told(answer_to(login, "wrong", "198.51.100.0"), login)]
            waits.number = 0
    assert told[:2] == told[2:]


@pytest.mark.spec("W-67", "ASVS 6.3.1, 6.3.8")
@pytest.mark.parametrize("login", ["ada", "eve"])
def test_a_guess_from_many_networks_slows_new_ones_down_whoever_it_is(
    ada: User, waits: Waits, login: str
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        fail_from_four_networks(login)
        assert waits.during(lambda: attempt(login, "wrong", "192.0.2.9")) == 1
        assert waits.during(lambda: attempt("somebody else", "wrong", "192.0.2.9")) == 0
        assert waits.during(lambda: attempt(login.upper(), "wrong", "192.0.2.10")) == 1
    with time_machine.travel(now + timedelta(minutes=15, seconds=1), tick=False):
        assert waits.during(lambda: attempt(login, "wrong", "192.0.2.9")) == 0


@pytest.mark.spec("W-67", "ASVS 6.3.1")
def test_the_right_password_from_a_new_network_is_slowed_down_and_not_refused(
    ada: User, settings: Settings
) -> None:
    settings.SIGN_IN_SLOWED_SECONDS = 0.3
    with time_machine.travel(timezone.now(), tick=False):
        fail_from_four_networks("ada")
        started = time.monotonic()
        assert attempt("ada", PASSWORD, "192.0.2.9")
        assert time.monotonic() - started > 0.3


@pytest.mark.spec("W-67", "ASVS 6.3.1, 6.3.8")
@pytest.mark.parametrize("login", ["ada", "eve"])
def test_a_network_from_which_anybody_has_signed_in_is_not_slowed_down(
    ada: User, waits: Waits, login: str
) -> None:
    UserFactory.create(username="bob")
    with time_machine.travel(timezone.now(), tick=False):
        assert attempt("bob", PASSWORD, "192.0.2.250")
        fail_from_four_networks(login)
        assert waits.during(lambda: attempt(login, "wrong", "192.0.2.250")) == 0
        assert attempt("ada", PASSWORD, "192.0.2.250")
    with time_machine.travel(timezone.now() + timedelta(days=90, minutes=1), tick=False):
        fail_from_four_networks(login)
        assert waits.during(lambda: attempt(login, "wrong", "192.0.2.250")) == 1


@pytest.mark.spec("W-67", "ASVS 6.3.1")
def test_whoever_set_a_password_by_link_is_not_slowed_down_there(ada: User, waits: Waits) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        fail_from_four_networks("ada")
        key = create_password_link(ada, actor=Actor()).partition("key=")[2]
        form = {"key": key, "password1": "a new long password", "password2": "a new long password"}
        Client(REMOTE_ADDR="192.0.2.9").post("/accounts/password/link/", form)
        assert waits.during(lambda: attempt("ada", "a new long password", "192.0.2.9")) == 0


@pytest.mark.spec("W-67", "ASVS 6.3.1, 15.2.2")
@pytest.mark.parametrize("login", ["ada", "eve"])
def test_only_a_few_are_slowed_down_at_a_time_and_others_hear_how_long_to_wait(
    ada: User, settings: Settings, login: str
) -> None:
    settings.SIGN_IN_SLOWED_SECONDS = 5
    with time_machine.travel(timezone.now(), tick=False), contextlib.ExitStack() as places:
        fail_from_four_networks(login)
        for _ in range(SLOWED_AT_ONCE):
            places.enter_context(slowed)
        answer = answer_to(login, PASSWORD, "192.0.2.9")
    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert "Wait 5 seconds" in answer.content.decode()


# What succeeds


@pytest.mark.spec("W-68", "ASVS 6.3.1")
def test_however_many_sign_in_from_one_address_nobody_is_refused(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assert all(attempt("ada", PASSWORD, "192.0.2.1") for _ in range(40))
        for _ in range(9):
            attempt("eve", "wrong", "192.0.2.1")
        assert all(attempt("ada", PASSWORD, "192.0.2.1") for _ in range(5))


@pytest.mark.spec("W-68", "ASVS 6.3.1")
def test_however_many_show_a_passkey_from_one_address_nobody_is_refused(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        answers = [Client().post("/accounts/login/passkey/", {"credential": "{}"}) for _ in range(70)]
    assert {answer.status_code for answer in answers} == {302}


# How long to wait


@pytest.mark.spec("W-69", "RFC 6585 §4")
@pytest.mark.parametrize("login", ["ada", "eve"])
def test_who_has_to_wait_hears_how_long(ada: User, login: str) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(5):
            answer_to(login, "wrong", "192.0.2.1")
    with time_machine.travel(now + timedelta(seconds=70), tick=False):
        answer = answer_to(login, "wrong", "192.0.2.1")
    assert (answer.status_code, answer["Retry-After"]) == (429, "230")
    assert "Go to the home page" in Page(answer).links()
    assert "Wait 4 minutes" in answer.content.decode()


@pytest.mark.spec("W-69", "RFC 6585 §4")
def test_what_is_allowed_a_few_times_a_minute_says_how_long_too(ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    form = {"oldpassword": "wrong", "password1": "x", "password2": "x"}
    with time_machine.travel(timezone.now(), tick=False):
        answers = [browser.post("/accounts/password/change/", form) for _ in range(6)]
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "60")
    assert "Wait 60 seconds" in answers[-1].content.decode()


@pytest.mark.spec("W-69", "RFC 6585 §4")
def test_who_guesses_a_second_factor_hears_how_long_to_wait(ada: User) -> None:
    TOTP.activate(ada, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    browser = Client()
    browser.post(LOGIN, {"login": "ada", "password": PASSWORD})
    with time_machine.travel(timezone.now(), tick=False):
        answers = [browser.post("/accounts/login/second-factor/", {"code": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "300"
    assert "Wait 5 minutes" in answers[-1].content.decode()


# Work


@pytest.mark.spec("W-05", "ASVS 6.3.8")
@pytest.mark.spec("W-67", "ASVS 6.3.8")
def test_a_password_is_hashed_once_whoever_signs_in(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory.create(username="invited", password="!", is_active=False, joined_at=None)
    UserFactory.create(username="gone", is_active=False)
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(self: MD5PasswordHasher, password: str, *arguments: Any) -> str:
        hashed.append(password)
        return str(encode(self, password, *arguments))

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    for login in ("ada", "ada@example.org", "invited", "gone", "eve", "eve@example.org"):
        hashed.clear()
        assert not attempt(login, "wrong", "192.0.2.1")
        assert hashed == ["wrong"], login
