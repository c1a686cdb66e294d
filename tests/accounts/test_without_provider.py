"""Where no identity provider is set up, signing in takes the statements and shows the pages it always has.

The pages in `without_provider/` and the numbers were taken before there were identity providers. Who changes
a page otherwise writes it anew: `WRITE_PAGES=1 pytest tests/accounts/test_without_provider.py`.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.factories import PASSWORD, UserFactory
from tests.oauth_client import AUTHORIZE, OAuthClient
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PAGES = Path(__file__).parent / "without_provider"
VARIES = [
    (r'name="csrfmiddlewaretoken" value="\w+"', 'name="csrfmiddlewaretoken"'),
    (r"(/static/[\w./-]+?)\.[0-9a-f]{12}\.(\w+)", r"\1.\2"),
    (r'(name="authorization_request" value=")[^"]+', r"\1"),
    (r"client_id(=|%3D)[0-9a-f]{32}", "client_id"),
    (r"\d{4}-\d\d-\d\dT[\d:.+]+", "TIME"),
]


class Look:
    """What a request took, and what it was answered with."""

    def __init__(self, request: Callable[[], Any]) -> None:
        with CaptureQueriesContext(connection) as captured:
            self.answer = request()
        self.statements = [query["sql"] for query in captured.captured_queries]

    @property
    def html(self) -> str:
        html: str = self.answer.content.decode()
        for pattern, plain in VARIES:
            html = re.sub(pattern, plain, html)
        return "".join(f"{line.strip()}\n" for line in html.splitlines() if line.strip())


@pytest.fixture
def grace(db: None) -> User:
    grace: User = UserFactory.create(username="grace", email="grace@example.org", name="Grace")
    return grace


def sign_in_page(_: User, __: OAuthClient) -> Look:
    return Look(lambda: Client().get(LOGIN, {"next": "/connected/"}))


def refused_sign_in(person: User, _: OAuthClient) -> Look:
    return Look(lambda: Client().post(LOGIN, {"login": person.username, "password": "wrong"}))


def refused_stranger(_: User, __: OAuthClient) -> Look:
    return Look(lambda: Client().post(LOGIN, {"login": "nobody", "password": "wrong"}))


def sign_in(person: User, _: OAuthClient) -> Look:
    return Look(lambda: Client().post(LOGIN, {"login": person.username, "password": PASSWORD}))


def authorization_request(_: User, web: OAuthClient) -> Look:
    return Look(lambda: Client().get(f"{AUTHORIZE}?{urlencode(web.authorization_parameters())}"))


def consent_page(person: User, web: OAuthClient) -> Look:
    browser = Client()
    sign_in_now(browser, person)
    return Look(lambda: browser.get(f"{AUTHORIZE}?{urlencode(web.authorization_parameters())}"))


def security_page(person: User, _: OAuthClient) -> Look:
    browser = Client()
    sign_in_now(browser, person)
    return Look(lambda: browser.get("/security/"))


def confirmation_page(person: User, _: OAuthClient) -> Look:
    browser = Client()
    sign_in_now(browser, person)
    return Look(lambda: browser.get("/accounts/reauthenticate/", {"next": "/security/"}))


def sign_out(person: User, _: OAuthClient) -> Look:
    browser = Client()
    sign_in_now(browser, person)
    return Look(lambda: browser.post("/accounts/logout/"))


def password_mail(person: User, _: OAuthClient) -> Look:
    return Look(lambda: Client().post("/accounts/password/reset/", {"email": person.email}))


LOOKS = {
    "sign_in": (sign_in_page, 200, 0),
    "refused_sign_in": (refused_sign_in, 200, 43),
    "refused_stranger": (refused_stranger, 200, 44),
    "signed_in": (sign_in, 302, 31),
    "authorization_request": (authorization_request, 302, 2),
    "consent": (consent_page, 200, 5),
    "security": (security_page, 200, 5),
    "confirmation": (confirmation_page, 200, 10),
    "signed_out": (sign_out, 302, 6),
    "password_mail": (password_mail, 302, 40),
}


@pytest.mark.spec("I-81", "the console")
@pytest.mark.parametrize("name", LOOKS)
def test_without_a_provider_a_request_takes_the_same_statements_and_shows_the_same_page(
    name: str, grace: User, web: OAuthClient
) -> None:
    look, status, statements = LOOKS[name]
    with time_machine.travel("2026-11-28T04:00:00Z", tick=False):
        look(grace, web)  # what a process reads once
        cache.clear()
        seen = look(grace, web)
    assert seen.answer.status_code == status
    assert len(seen.statements) == statements, "\n".join(seen.statements)
    if status != 200:
        return
    page = PAGES / f"{name}.html"
    if os.environ.get("WRITE_PAGES"):
        page.write_text(seen.html, encoding="utf-8")
    assert seen.html == page.read_text(encoding="utf-8")
