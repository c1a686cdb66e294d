"""What a password may be, and what it never has to be."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services.links import create_password_link
from audit.actors import Actor
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD
from tests.second_factors import APP, code_of, secret_on
from tests.urlconf import ROOT

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
CHANGE = "/accounts/password/change/"
RESET = "/accounts/password/reset/"
SET_PASSWORD = "/accounts/password/link/"
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))


def change(browser: Browser, password: str, *, current: str = PASSWORD) -> Page:
    return browser.post(CHANGE, {"oldpassword": current, "password1": password, "password2": password})


def signs_in(login: str, password: str) -> bool:
    client = Client()
    client.post(LOGIN, {"login": login, "password": password})
    return "_auth_user_id" in client.session


@pytest.mark.spec("S-86", "ASVS 6.2.5, 6.2.8, 6.2.9")
@pytest.mark.parametrize(
    "password",
    [
        "fünf grüne Äpfel im Regen",
        " spaces at both ends ",
        "only small letters without a digit",
        "x7é漢字🐎ß∂ƒ",
        "a passphrase as long as somebody likes " * 10,
    ],
)
def test_a_password_of_any_characters_counts_as_it_was_typed(ada: User, password: str) -> None:
    assert change(browser_of(ada), password).status == 302
    assert signs_in("ada", password)
    others = {password.strip(), password.lower(), password.upper(), password[:64]} - {password}
    assert [other for other in others if signs_in("ada", other)] == []


@pytest.mark.spec("S-86", "ASVS 6.2.1")
def test_seven_characters_are_too_few(ada: User) -> None:
    assert "at least 8 characters" in change(browser_of(ada), "x7é漢字🐎ß").alerts()
    assert not signs_in("ada", "x7é漢字🐎ß")


@pytest.mark.spec("S-86", "ASVS 6.2.3")
def test_changing_it_takes_the_present_one(ada: User) -> None:
    page = change(browser_of(ada), "a password of her own", current="another")
    assert "This is not your current password." in page.alerts()
    assert not signs_in("ada", "a password of her own")
    assert signs_in("ada", PASSWORD)


@pytest.mark.spec("S-86", "ASVS 6.2.10")
def test_it_stays_good_for_years(ada: User) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=3650)):
        assert signs_in("ada", PASSWORD)


@pytest.mark.spec("S-86", "ASVS 6.2.6, 6.2.7")
def test_no_page_shows_it_or_keeps_a_password_manager_out(ada: User) -> None:
    stranger, browser = Browser(Client()), browser_of(ada)
    link = create_password_link(ada, actor=Actor.command("tests")).removeprefix("http://testserver.localhost")
    pages = [stranger.get(LOGIN), stranger.get(link), browser.get(CHANGE)]
    pages.append(browser.get(reverse("account_reauthenticate")))
    for page in pages:
        fields = [field for field in page.all("input") if "password" in field.get("name", "")]
        assert fields
        assert {field.get("type") for field in fields} == {"password"}
        assert {field.get("autocomplete") for field in fields} <= {"current-password", "new-password"}
        assert not [field for field in fields if field.get("onpaste") or field.get("maxlength")]
    # The only script that listens to pasting is that of rows of Redirect URLs and scopes.
    assert [path.name for path in SCRIPTS if '"paste"' in path.read_text(encoding="utf-8")] == ["rows.js"]


@pytest.mark.spec("S-86", "ASVS 6.4.3")
def test_a_mailed_link_leads_past_no_second_factor(ada: User) -> None:
    browser = browser_of(ada)
    page = browser.get(APP)
    assert browser.send(page, APP, code=code_of(secret_on(page))).status == 302
    Client().post(RESET, {"email": ada.email})
    found = re.search(r"https?://[^/\s]+(/accounts/password/link/\S+)", str(mail.outbox[-1].body))
    assert found
    stranger = Browser(Client())
    new = "a mailed new password"
    assert stranger.send(stranger.get(found[1]), SET_PASSWORD, password1=new, password2=new).status == 302
    answer = stranger.post(LOGIN, {"login": "ada", "password": new})
    assert answer.status == 302
    assert answer.answer["Location"].startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in stranger.client.session
