"""Passwords are judged by how many guesses they take somebody who knows the person and the installation."""

import subprocess
import sys
import time
from io import StringIO

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import Organization, User
from accounts.services.links import create_password_link
from audit.actors import Actor
from server import first_run
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.factories import PASSWORD, UserFactory
from tests.urlconf import ROOT

pytestmark = pytest.mark.django_db

TOO_EASY = "This password is too easy to guess."
WEAK = [
    "gatehouse",
    "Gatehouse2026!",
    "g4tehous3!",
    "Password123!",
    "P@ssw0rd2026",
    "qwertyuiop",
    "abcdefgh12",
    "zxcvbnm,./",
    "aaaaaaaaaaaaaaaaaaaa",
    "abababababababab",
    "26.11.2026",
    "Wiedekamp1",
    "wiedekamp-logistik",
    "ada.thurlow!",
    "Thurlow1984",
    "thurlow@wiedekamp.example",
]
STRONG = [
    PASSWORD,
    "a password of her own",
    "dQ9-fmVw2_xLz",
    "fünf grüne Äpfel im Regen",
    "x7é漢字🐎ß∂ƒ",
]


@pytest.fixture
def ada() -> User:
    Organization.objects.update_or_create(
        id=1, defaults={"name": "Wiedekamp Logistik", "domain": "wiedekamp"}
    )
    user: User = UserFactory.create(
        username="athurlow", name="Ada Thurlow", email="ada.thurlow@wiedekamp.example"
    )
    return user


@pytest.mark.spec("S-85", "OWASP ASVS 5.0 6.2.4, 6.2.11")
@pytest.mark.parametrize("password", WEAK)
def test_what_is_easy_to_guess_is_refused_without_repeating_it(ada: User, password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, ada)
    said = " ".join(refused.value.messages)
    assert TOO_EASY in said
    assert password not in said


@pytest.mark.parametrize("password", STRONG)
def test_what_is_hard_to_guess_is_taken(ada: User, password: str) -> None:
    validate_password(password, ada)
    validate_password(password)


def test_whose_words_they_are_makes_the_difference(ada: User) -> None:
    password = "Thurlow-Wiedekamp"
    with pytest.raises(ValidationError, match=TOO_EASY):
        validate_password(password, ada)
    Organization.objects.update(name="Another", domain="another")
    validate_password("umbrella kettle gatehouse moss", ada)
    validate_password(password, UserFactory.create(username="eve", name="Eve", email="eve@example.org"))


@pytest.mark.spec("S-85", "OWASP ASVS 5.0 6.2.4, 6.2.11")
@pytest.mark.parametrize("weak", ["gatehouse", "Password123!"])
def test_no_form_and_no_command_takes_a_weak_one(
    ada: User, weak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = browser_of(ada).get("/accounts/password/change/")
    fields = {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    assert TOO_EASY in browser_of(ada).send(page, "/accounts/password/change/", **fields).text
    link = create_password_link(ada, actor=Actor.command("tests")).removeprefix("http://testserver.localhost")
    stranger = Browser(Client())
    page = stranger.send(stranger.get(link), "/accounts/password/link/", password1=weak, password2=weak)
    assert TOO_EASY in page.text
    monkeypatch.setattr("sys.stdin", StringIO(weak + "\n"))
    with pytest.raises(CommandError, match=TOO_EASY):
        call_command("reset_user", ada.username)
    monkeypatch.setenv("ADMIN_PASSWORD", weak)
    with pytest.raises(ValidationError, match=TOO_EASY):
        first_run.prepare()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.mark.parametrize("password", ["ab" * 50_000, "aA1!" * 50_000, "x" * 200_000])
def test_a_huge_password_is_judged_at_once(ada: User, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password[:100], ada)
    began = time.perf_counter()
    with pytest.raises(ValidationError):
        validate_password(password, ada)
    assert time.perf_counter() - began < 0.5


def test_the_dictionaries_are_not_loaded_before_a_password_is_judged() -> None:
    program = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings.test'\n"
        "import django; django.setup()\n"
        "import config.urls\n"
        "from django.contrib.auth.password_validation import password_validators_help_texts\n"
        "assert password_validators_help_texts()\n"
        "sys.exit('zxcvbn_rs_py' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
