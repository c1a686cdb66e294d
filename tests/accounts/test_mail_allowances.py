"""Asking for a mail to set a new password: what strangers ask for costs its owner nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import OneTimeLink, User
from accounts.services.links import create_password_link, usable_link
from audit.actors import Actor
from tests.factories import PASSWORD
from tests.parallel import in_parallel

pytestmark = [pytest.mark.django_db, pytest.mark.spec("W-70", "ASVS 6.3.1, 6.4.3")]

RESET = "/accounts/password/reset/"
HERS, STRANGERS = "192.0.2.1", "198.51.100.1"


def ask(address: str, email: str = "ada@example.org") -> Any:
    return Client(REMOTE_ADDR=address).post(RESET, {"email": email})


def mailed_keys() -> list[str]:
    found = [re.search(r"key=(\S+)", str(message.body)) for message in mail.outbox]
    return [match[1] for match in found if match]


def test_a_link_that_was_mailed_outlives_those_that_strangers_ask_for(ada: User) -> None:
    ask(HERS)
    (hers,) = mailed_keys()
    for number in range(12):
        ask(f"198.51.100.{number}")
    assert len(mailed_keys()) == 13
    assert usable_link(hers) is not None


def test_setting_a_password_ends_all_links_whoever_asked_for_them(ada: User) -> None:
    for address in (HERS, STRANGERS):
        ask(address)
    form = {"password1": "a new long password", "password2": "a new long password"}
    answer = Client().post("/accounts/password/link/", {"key": mailed_keys()[0], **form})
    assert answer.status_code == 302
    assert not OneTimeLink.objects.exists()


def test_a_link_handed_over_ends_an_earlier_one_still(ada: User) -> None:
    first, second = (create_password_link(ada, actor=Actor()).partition("key=")[2] for _ in range(2))
    assert usable_link(first) is None
    assert usable_link(second) is not None


def test_a_strangers_requests_use_up_their_own_allowance(ada: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(8):
            ask(STRANGERS)
        assert len(mail.outbox) == 5
        assert [ask(HERS).status_code for _ in range(5)] == [302] * 5
    assert len(mail.outbox) == 10


@pytest.mark.spec("W-69", "RFC 6585 §4")
@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org"])
def test_who_has_asked_too_often_hears_how_long_to_wait(ada: User, email: str) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(5):
            assert ask(STRANGERS, email).status_code == 302
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        answer = ask(STRANGERS, email.upper())
        assert (answer.status_code, answer["Retry-After"]) == (429, "600")
        assert "Wait 10 minutes" in answer.content.decode()
    with time_machine.travel(now + timedelta(minutes=15, seconds=1), tick=False):
        assert ask(STRANGERS, email).status_code == 302


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org"])
def test_a_mailbox_is_not_flooded_from_many_networks_which_does_not_touch_known_ones(
    ada: User, email: str
) -> None:
    Client(REMOTE_ADDR=HERS).post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    with time_machine.travel(timezone.now(), tick=False):
        answers = [ask(f"198.51.100.{number}", email).status_code for number in range(40)]
        assert answers == [302] * 20 + [429] * 20
        assert ask(HERS, email).status_code == 302
    assert len(mail.outbox) == (21 if email.startswith("ada") else 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
def test_of_many_requests_at_once_as_many_mail_as_are_allowed(ada: User) -> None:
    answers = in_parallel(lambda: ask(STRANGERS).status_code, times=8)
    assert sorted(answers) == [302] * 5 + [429] * 3
    assert ada.one_time_links.count() == 5
