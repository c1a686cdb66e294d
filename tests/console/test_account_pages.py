"""Signing in, passwords, second factors: django-allauth's pages in our clothes, and the start page."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from tests.console.pages import Browser
from tests.factories import PASSWORD

LOGIN = "/accounts/login/"


@pytest.mark.parametrize("name", ["username", "email"])
def test_one_signs_in_by_user_name_or_e_mail_address(stranger: Browser, member: User, name: str) -> None:
    page = stranger.get(LOGIN)
    assert page.heading == "Sign in"
    assert page.labels(page.form(LOGIN)) == ["Username or email address", "Password"]
    assert page.buttons() == ["Sign in"]
    answer = stranger.send(page, LOGIN, login=getattr(member, name), password=PASSWORD)
    assert answer.answer["Location"] == "/"


def test_one_lands_where_one_was_going(stranger: Browser, administrator: User) -> None:
    page = stranger.follow(stranger.get("/people/"))
    answer = stranger.send(page, LOGIN, login=administrator.username, password=PASSWORD)
    assert answer.answer["Location"] == "/people/"


def test_an_unknown_person_and_a_wrong_password_look_the_same(stranger: Browser, member: User) -> None:
    pages = [
        stranger.send(stranger.get(LOGIN), LOGIN, login=login, password="wrong")
        for login in (member.username, "nobody")
    ]
    assert pages[0].alerts() == pages[1].alerts() != ""
    assert pages[0].title == "Error: Sign in · Gatehouse"


def test_nobody_is_invited_to_register(stranger: Browser) -> None:
    content = stranger.get(LOGIN).content
    assert "signup" not in content.lower()
    assert "sign up" not in content.lower()


def test_without_a_mail_server_the_page_names_whom_to_ask(stranger: Browser, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    page = stranger.get(reverse("account_reset_password"))
    assert "Ask your organization's IT team for a password reset link" in page.text
    assert not [form for form in page.all("form") if form.get("method") == "post"]


def test_with_a_mail_server_the_page_asks_for_the_address(stranger: Browser) -> None:
    page = stranger.get(reverse("account_reset_password"))
    assert page.field("email") is not None


def test_administrators_start_with_the_applications(console: Browser) -> None:
    assert console.get("/").answer["Location"] == reverse("console:applications")


def test_members_start_with_what_they_can_do(visitor: Browser) -> None:
    page = visitor.get("/")
    assert page.heading == "Welcome, Bob Builder"
    assert page.links()["Change password"] == reverse("account_change_password")
    assert "OAuth2 Applications" not in page.content
    assert "People" not in page.content


@pytest.mark.parametrize(
    "name",
    [
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "security",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "mfa_activate_totp",
        "mfa_generate_recovery_codes",
        "sessions",
        "end-other-sessions",
        "account_reset_password_done",
        "account_inactive",
    ],
)
def test_every_account_page_is_ours(visitor: Browser, name: str) -> None:
    page = visitor.get(reverse(name))
    assert page.status == 200
    assert page.title.endswith("· Gatehouse")
    assert page.heading
    assert "css/tokens.css" in page.content


def test_the_second_factor_can_be_set_up(visitor: Browser) -> None:
    page = visitor.get(reverse("mfa_activate_totp"))
    assert page.heading == "Set up an authenticator app"
    assert page.one("img").get("alt") == "QR code with the authenticator secret below"


def test_signing_out_is_a_button(visitor: Browser) -> None:
    page = visitor.get("/")
    answer = visitor.send(page, reverse("account_logout"))
    assert answer.answer["Location"] == LOGIN
    assert visitor.get("/").status == 302
