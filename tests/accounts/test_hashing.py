"""Passwords are hashed one at a time, and nobody waits for somebody else's."""

import threading
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from accounts.models import OneTimeLink
from accounts.security import hashers
from accounts.security.hashers import TooBusyError, hashing
from accounts.services.links import create_password_link
from audit.actors import Actor
from tests.console.pages import Page
from tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.spec("S-11", "ASVS 15.2.2")]
LOGIN = {"login": "maria", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PASSWORD_HASHERS = ["server.passwords.Hasher"]
    monkeypatch.setattr(hashers, "PATIENCE_SECONDS", 0.5)


def test_a_password_is_checked_and_kept_as_django_does() -> None:
    UserFactory.create(username="maria")
    assert make_password("x").startswith("pbkdf2_sha256$")
    assert Client().post(reverse("account_login"), LOGIN).status_code == 302
    assert Client().post(reverse("account_login"), {**LOGIN, "password": "wrong"}).status_code == 200


def test_a_right_password_that_was_not_heard_counts_as_no_failure() -> None:
    UserFactory.create(username="maria")
    with hashing:
        for _ in range(7):
            assert Client().post(reverse("account_login"), LOGIN).status_code == 429
    assert Client().post(reverse("account_login"), LOGIN).status_code == 302


def test_a_few_wait_for_their_turn() -> None:
    UserFactory.create(username="maria")
    threading.Timer(0.3, hashing.release).start()
    assert hashing.acquire()
    assert Client().post(reverse("account_login"), LOGIN).status_code == 302


@pytest.mark.parametrize("login", ["maria", "nobody"])
def test_whoever_signs_in_while_another_password_is_hashed_may_try_again_at_once(login: str) -> None:
    UserFactory.create(username="maria")
    with hashing:
        answer = Client().post(reverse("account_login"), {**LOGIN, "login": login})
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert "Go to the home page" in Page(answer).links()
    assert "The server is busy" in answer.content.decode()
    assert Client().post(reverse("account_login"), LOGIN).status_code == 302


def test_a_link_that_met_a_busy_worker_is_still_good() -> None:
    person = UserFactory.create(username="maria")
    key = create_password_link(person, actor=Actor()).partition("key=")[2]
    form = {"key": key, "password1": "a new long password", "password2": "a new long password"}
    with hashing:
        assert Client().post(reverse("set-password"), form).status_code == 429
    assert OneTimeLink.objects.filter(user=person).exists()
    assert Client().post(reverse("set-password"), form).status_code == 302


def test_a_hash_that_fails_leaves_the_way_free() -> None:
    with pytest.raises(TypeError):
        make_password(b"x", salt=7)  # type: ignore[arg-type]
    assert make_password("x")


def test_commands_hear_of_it_too() -> None:
    with hashing, pytest.raises(TooBusyError):
        make_password("x")
