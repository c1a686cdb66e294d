"""Guessing passwords becomes slow; being guessed at locks nobody out."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def attempt(login: str, password: str, address: str) -> bool:
    """Try to sign in and return whether it worked."""
    browser = Client(REMOTE_ADDR=address)
    return browser.post(LOGIN, {"login": login, "password": password}).status_code == 302


@pytest.fixture
def ada() -> User:
    user: User = UserFactory.create(username="ada", email="ada@example.org")
    return user


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


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_a_guess_from_many_addresses_is_slowed_down_except_where_the_person_has_been(ada: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert attempt("ada", PASSWORD, "192.0.2.250")
        for number in range(20):
            attempt("ada", "wrong", f"198.51.100.{number}")
        assert not attempt("ada", PASSWORD, "192.0.2.9")
        assert attempt("ada", PASSWORD, "192.0.2.250")
    with time_machine.travel(now + timedelta(minutes=16), tick=False):
        assert attempt("ada", PASSWORD, "192.0.2.9")


@pytest.mark.spec("W-30", "ASVS 6.3.1")
def test_sign_ins_that_succeed_are_not_failures(ada: User) -> None:
    assert all(attempt("ada", PASSWORD, "192.0.2.1") for _ in range(15))
