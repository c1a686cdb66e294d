"""What earlier versions kept readable becomes digests at an upgrade, and goes on working."""

from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services import recovery_codes
from accounts.services.recovery_codes import accept, show_once
from config.settings import sign_in
from tests.factories import PASSWORD, UserFactory
from tests.parallel import in_parallel

sessions = import_module("accounts.migrations.0006_session_digests")
codes = import_module("accounts.migrations.0007_recovery_code_digests")


@pytest.fixture
def person(db: None) -> User:
    made: User = UserFactory.create()
    return made


def test_whoever_is_signed_in_stays_so(person: User) -> None:
    browser = Client()
    browser.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    key = browser.cookies["gatehouse_session"].value
    Session.objects.update(session_key=key)  # as they were called
    UserSession.objects.update(session_key=key)
    assert browser.get("/security/").status_code == 302
    browser.cookies["gatehouse_session"] = key
    sessions.name_by_digests(apps, None)
    page = browser.get("/security/sessions/")
    assert "This session" in page.content.decode()


def test_recovery_codes_that_were_seen_still_work_once(person: User, settings: Settings) -> None:
    settings.RECOVERY_CODE_COST = sign_in.RECOVERY_CODE_COST
    settings.MFA_RECOVERY_CODE_DIGITS = 8  # as they were
    old = RecoveryCodes.activate(person)
    old.mark_as_viewed()
    shown = old.generate_codes()
    assert old.validate_code(shown[0])
    codes.keep_digests(apps, None)
    row = Authenticator.objects.get()
    assert [accept(row, code) for code in (shown[0], shown[9], shown[9])] == [False, True, False]
    assert "seed" not in row.data


def test_recovery_codes_that_nobody_has_seen_are_shown_yet(person: User) -> None:
    RecoveryCodes.activate(person)
    codes.keep_digests(apps, None)
    assert "seed" in Authenticator.objects.get().data


def test_recovery_codes_that_cannot_be_read_stop_no_upgrade(person: User, settings: Settings) -> None:
    RecoveryCodes.activate(person).mark_as_viewed()
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-the-test-suite"
    codes.keep_digests(apps, None)
    assert "seed" in Authenticator.objects.get().data


@pytest.mark.django_db(transaction=True)
def test_no_transaction_waits_for_the_slow_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []

    def digest(code: str, salt: str) -> str:
        waits.append(connection.in_atomic_block)
        return f"{salt}{code}"

    monkeypatch.setattr(recovery_codes, "digest", digest)
    person = UserFactory.create()
    RecoveryCodes.activate(person)
    assert len(show_once(person) or []) == 10
    assert waits == [False] * 10


@pytest.mark.locking
@pytest.mark.django_db(transaction=True)
def test_of_six_who_look_at_once_one_sees_recovery_codes_that_work() -> None:
    person = UserFactory.create()
    RecoveryCodes.activate(person)
    seen = [shown for shown in in_parallel(lambda: show_once(person)) if shown]
    assert len(seen) == 1
    row = Authenticator.objects.get()
    assert all(accept(row, code.replace("-", "")) for code in seen[0])
