"""Acts that cannot be undone want a password that was given within the last five minutes."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.sessions import end_sessions_of
from oauthapps.models import Application
from tests.factories import PASSWORD
from tests.oauth_client import hidden_fields

pytestmark = pytest.mark.django_db

CONFIRM = "/accounts/reauthenticate/"


def sign_in(person: User) -> Client:
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


@pytest.mark.parametrize(("minutes", "asked"), [(4, False), (6, True)])
def test_deleting_asks_for_the_password_again_after_five_minutes(
    administrator: User, web: Application, minutes: int, asked: bool
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        browser = sign_in(administrator)
    with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
        answer = browser.post(f"{web.get_absolute_url()}deletion/", {"name": web.name})
        assert ("/accounts/reauthenticate/" in answer["Location"]) is asked
    web.refresh_from_db()
    assert web.is_live is asked


def test_after_the_password_one_is_where_one_was(administrator: User, web: Application) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        browser = sign_in(administrator)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        page = browser.get(f"{web.get_absolute_url()}deletion/", follow=True)
        assert "/accounts/reauthenticate/" in page.redirect_chain[-1][0]
        form = hidden_fields(page.content.decode()) | {"password": PASSWORD}
        back = browser.post(page.redirect_chain[-1][0], form, follow=True)
        assert back.request["PATH_INFO"] == f"{web.get_absolute_url()}deletion/"
        assert "Delete" in back.content.decode()


def test_a_one_time_link_for_somebody_else_asks_too(administrator: User, member: User) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        browser = sign_in(administrator)
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        answer = browser.post(f"/people/{member.user_id}/password-link/")
        assert "/accounts/reauthenticate/" in answer["Location"]


@pytest.mark.spec("S-93", "ASVS 16.3.1")
def test_the_password_again_gives_the_session_another_key_and_its_place_on_the_list(
    administrator: User, caplog: pytest.LogCaptureFixture
) -> None:
    browser = sign_in(administrator)
    before = browser.session.session_key
    browser.post(CONFIRM, {"password": "another"})
    assert not [message for message in caplog.messages if "confirmed" in message]
    browser.post(CONFIRM, {"password": PASSWORD})
    assert f"{administrator.username} confirmed who they are: password." in caplog.messages
    assert browser.session.session_key != before
    assert UserSession.objects.get().session_key == Session.objects.get().session_key
    assert browser.get("/connected/").status_code == 200


def test_a_session_that_is_ended_while_its_password_is_compared_stays_ended(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in(administrator)
    verify = MD5PasswordHasher.verify

    def verify_slowly(self: MD5PasswordHasher, password: str, encoded: str) -> bool:
        assert end_sessions_of(administrator) == 1
        return verify(self, password, encoded)

    monkeypatch.setattr(MD5PasswordHasher, "verify", verify_slowly)
    assert browser.post(CONFIRM, {"password": PASSWORD}).status_code == 302
    assert not Session.objects.exists()
    assert browser.get("/connected/").status_code == 302
