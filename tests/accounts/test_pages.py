"""What holds for the sign-in page and the consent page alike: headers, cookies, and where they lead."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import Morsel
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from accounts.models import User
from tests.console.pages import Page, fields_of
from tests.factories import PASSWORD, AdministratorFactory
from tests.oauth_client import AUTHORIZE, METADATA, OAuthClient, hidden_fields

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
LOGIN = "/accounts/login/"
LOGOUT = "/accounts/logout/"
REAUTHENTICATE = "/accounts/reauthenticate/"


def credentials(person: User) -> dict[str, str]:
    return {"login": person.username, "password": PASSWORD}


def policy_of(answer: Any) -> dict[str, str]:
    parts = [part.split(None, 1) for part in answer["Content-Security-Policy"].split(";")]
    return {name: (values[0] if values else "") for name, *values in parts}


# The pages on the way of an authorization request, and what brings one up.
PAGES = ["sign-in", "sign-in on the way", "failed sign-in", "re-authentication", "consent", "error"]


@pytest.fixture(params=PAGES)
def answer(request: pytest.FixtureRequest, web: OAuthClient, visitor: Client, person: User) -> Any:
    parameters = web.authorization_parameters()
    target = f"{AUTHORIZE}?{urlencode(parameters)}"
    if request.param == "sign-in":
        return Client().get(LOGIN)
    if request.param == "sign-in on the way":
        return Client().get(LOGIN, {"next": target})
    if request.param == "failed sign-in":
        return Client().post(LOGIN, {"login": person.username, "password": "wrong", "next": target})
    if request.param == "re-authentication":
        return visitor.get(REAUTHENTICATE)
    changes = {} if request.param == "consent" else {"redirect_uri": "https://evil.example/"}
    return visitor.get(AUTHORIZE, parameters | changes)


@pytest.mark.spec("W-02", "RFC 6749 §10.13; RFC 9700 §4.16; ASVS 3.4.3-3.4.6")
@pytest.mark.spec("W-11", "RFC 6749 §10.13; RFC 9700 §4.16; ASVS 3.4.3-3.4.6")
def test_the_page_cannot_be_framed_and_runs_nothing_but_our_own_scripts(answer: Any) -> None:
    policy = policy_of(answer)
    assert policy["frame-ancestors"] == "'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"https?:|\*|//", answer["Content-Security-Policy"])
    assert answer["X-Content-Type-Options"] == "nosniff"
    # Not "no-referrer": with that browsers send "Origin: null" and every form would be refused.
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.spec("W-02", "ASVS 3.4, 14.3.2")
@pytest.mark.spec("W-11", "ASVS 3.4, 14.3.2")
def test_the_page_loads_nothing_from_elsewhere_and_holds_no_inline_code(answer: Any) -> None:
    page = Page(answer)
    for element in page.root.iter():
        address = element.get("src") or (element.get("href") if element.tag == "link" else None) or ""
        assert urlsplit(address).netloc == ""
        assert not address or address.startswith("/static/")
        assert element.get("style") is None
        assert not [name for name in element.keys() if name.startswith("on")]  # noqa: SIM118  # an element
    scripts = list(page.root.iter("script"))
    assert scripts
    assert all(script.get("src") for script in scripts)
    assert not list(page.root.iter("style"))
    for form in page.root.iter("form"):
        assert urlsplit(form.get("action", "")).netloc == ""


@pytest.mark.spec("W-17", "ASVS 14.3.2")
@pytest.mark.spec("W-02", "ASVS 14.3.2")
@pytest.mark.spec("W-11", "ASVS 14.3.2")
def test_no_cache_keeps_the_page(answer: Any) -> None:
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.spec("W-17", "ASVS 14.3.2")
def test_no_cache_keeps_what_the_pages_answer(web: OAuthClient, visitor: Client, person: User) -> None:
    parameters = web.authorization_parameters()
    to_sign_in = Client().get(AUTHORIZE, parameters)
    signed_in = Client().post(LOGIN, credentials(person))
    fields = hidden_fields(web.consent_page(visitor).content.decode())
    decided = visitor.post(AUTHORIZE, fields | {"decision": "allow"})
    told = visitor.get(AUTHORIZE, parameters | {"response_type": "token"})
    again = visitor.post(AUTHORIZE, fields | {"decision": "allow"})
    for answer, status in ((to_sign_in, 302), (signed_in, 302), (decided, 302), (told, 302), (again, 302)):
        assert answer.status_code == status
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.spec("W-02", "CSP 3 §6.4.2")
@pytest.mark.spec("W-11", "CSP 3 §6.4.2")
def test_only_pages_that_lead_to_a_client_leave_the_targets_of_forms_open(
    web: OAuthClient, visitor: Client
) -> None:
    assert "form-action" not in policy_of(web.consent_page(visitor))
    for address in (LOGIN, f"{LOGIN}?next=/", f"{LOGIN}?next=https://evil.example{AUTHORIZE}/x", "/nothing"):
        assert policy_of(Client().get(address))["form-action"] == "'self'"


@pytest.mark.spec("W-02", "RFC 9700 §4.16")
@pytest.mark.parametrize("fields", [201, 5000])
@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=b", "text/plain"])
def test_a_request_that_cannot_be_read_is_answered_under_the_same_headers(
    fields: int, content_type: str
) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="next"\r\n\r\nx\r\n'
    for path in (LOGIN, AUTHORIZE, f"{LOGIN}?next={'[' * 9}", f"{LOGIN}?{'a=1&' * fields}"):
        answer = Client().post(path, part * fields + "--b--\r\n", content_type=content_type)
        assert answer.status_code in {200, 400}
        assert answer["Content-Security-Policy"]
        assert answer["Cache-Control"]


@pytest.mark.spec("W-01", "RFC 6749 §3.1")
def test_signing_in_leads_back_to_the_same_request(web: OAuthClient, person: User) -> None:
    web.pkce = True
    stranger = Client()
    asked = web.authorization_parameters(scope="read", state="s p%2F&ü+")
    sign_in = Page(stranger.get(AUTHORIZE, asked, follow=True))
    assert sign_in.heading == "Sign in"
    form = fields_of(sign_in.form(LOGIN))
    failed = Page(stranger.post(LOGIN, form | {"login": person.username, "password": "wrong"}))
    form = fields_of(failed.form(LOGIN))  # the request survives a slip of the finger
    consent = Page(stranger.post(LOGIN, form | credentials(person), follow=True))
    assert consent.answer.request["PATH_INFO"] == AUTHORIZE
    assert dict(parse_qsl(consent.answer.request["QUERY_STRING"])) == asked
    answer = stranger.post(AUTHORIZE, fields_of(consent.form(AUTHORIZE)) | {"decision": "allow"})
    back = dict(parse_qsl(urlsplit(answer["Location"]).query))
    assert back["state"] == "s p%2F&ü+"
    assert web.exchange(back["code"]).json()["scope"] == "read"


COOKIE_SETTINGS = [
    *("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE"),
    *("SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE"),
    *("CSRF_COOKIE_HTTPONLY", "CSRF_COOKIE_SAMESITE", "CSRF_COOKIE_DOMAIN", "CSRF_COOKIE_PATH", "DEBUG"),
]


def settings_of_an_installation(base_url: str) -> dict[str, Any]:
    """What an installation at this address would do with cookies."""
    program = (
        "import json; from django.conf import settings as s;"
        f"print(json.dumps({{name: getattr(s, name) for name in {COOKIE_SETTINGS}}}))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "BASE_URL": base_url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": "sqlite://:memory:",
    }
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cookies_of_a_visit(person: User, *, secure: bool) -> dict[str, Morsel[str]]:
    """Every cookie that signing in, asking for consent and changing something sets."""
    browser = Client()
    cookies: dict[str, Morsel[str]] = {}
    for answer in (
        browser.get(LOGIN, secure=secure),
        browser.post(LOGIN, credentials(person), secure=secure),
        browser.get("/connected/", secure=secure),
        browser.post("/connected/revocation/", secure=secure),
    ):
        assert answer.status_code in {200, 302}
        cookies |= {name: morsel for name, morsel in answer.cookies.items() if morsel.value}
    return cookies


@pytest.mark.spec("W-03", "ASVS 3.3.1-3.3.4")
@pytest.mark.parametrize("base_url", ["https://gatehouse.example", "http://localhost:8000"])
def test_cookies_are_for_this_host_and_for_requests_alone(
    person: User, settings: Settings, base_url: str
) -> None:
    for name, value in settings_of_an_installation(base_url).items():
        setattr(settings, name, value)
    is_https = base_url.startswith("https")
    cookies = cookies_of_a_visit(person, secure=is_https)
    prefix = "__Host-" if is_https else ""
    assert {f"{prefix}gatehouse_session", f"{prefix}gatehouse_csrf"} <= cookies.keys()
    for morsel in cookies.values():
        assert morsel["httponly"]
        assert morsel["samesite"] == "Lax"
        assert morsel["domain"] == ""
        assert morsel["path"] == "/"
        assert bool(morsel["secure"]) == is_https


@pytest.mark.spec("W-03", "ASVS 3.3.1")
def test_under_https_no_cookie_is_without_the_prefix(person: User, settings: Settings) -> None:
    for name, value in settings_of_an_installation("https://gatehouse.example").items():
        setattr(settings, name, value)
    names = cookies_of_a_visit(person, secure=True)
    assert names
    assert [name for name in names if not name.startswith("__Host-")] == []


@pytest.mark.spec("W-07", "ASVS 7.4.1")
def test_a_session_that_was_signed_out_is_over_on_the_server(visitor: Client) -> None:
    stolen = Client()
    stolen.cookies["gatehouse_session"] = visitor.cookies["gatehouse_session"].value
    assert stolen.get("/connected/").status_code == 200
    visitor.post(LOGOUT)
    stolen.cookies["gatehouse_session"] = stolen.cookies["gatehouse_session"].value
    assert stolen.get("/connected/").status_code == 302


@pytest.mark.spec("W-07", "ASVS 7.4.3")
def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(visitor: Client, person: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    assert elsewhere.get("/connected/").status_code == 200
    new = "another good password"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert visitor.post("/accounts/password/change/", fields).status_code == 302
    assert visitor.get("/connected/").status_code == 200
    assert elsewhere.get("/connected/").status_code == 302


TARGETS = [
    "https://evil.example/",
    "http://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "\\/evil.example/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "https:evil.example",
    "https:/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example/",
    " //evil.example/",
    "/%09/evil.example",
    "/%2f/evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "//testserver:80@evil.example/",
    "\x00//evil.example/",
    "//[",
]


def stays_here(address: str) -> bool:
    """Whether a browser would stay: it drops tabs and line feeds, and reads a backslash as a slash."""
    read = re.sub(r"[\t\r\n]", "", address).strip("\x00 ").replace("\\", "/")
    return read.startswith("/") and not read.startswith("//")


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2; ASVS 3.7.2")
@pytest.mark.parametrize("target", TARGETS)
def test_next_never_leads_elsewhere(person: User, visitor: Client, target: str) -> None:
    answers = [
        Client().post(LOGIN, credentials(person) | {"next": target}),
        Client().post(f"{LOGIN}?{urlencode({'next': target})}", credentials(person)),
        visitor.get(LOGIN, {"next": target}),
        visitor.post(REAUTHENTICATE, {"password": PASSWORD, "next": target}),
        visitor.post(LOGOUT, {"next": target}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert stays_here(answer["Location"]), answer["Location"]


@pytest.mark.spec("W-20", "RFC 9700 §4.11.2")
def test_next_leads_to_a_page_of_ours(person: User) -> None:
    answer = Client().post(LOGIN, credentials(person) | {"next": "/connected/?a=1"})
    assert answer["Location"] == "/connected/?a=1"


@pytest.mark.spec("W-21", "ASVS 4.1.3")
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "testserver.evil.example"},
        {"host": "evil.example:80"},
        {"host": "testserver@evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Server": "evil.example", "X-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "666", "X-Forwarded-Prefix": "/evil.example"},
        {"X-Original-URL": "/evil.example", "X-Rewrite-URL": "/evil.example"},
    ],
)
def test_a_forged_host_is_refused_or_ignored_and_never_repeated(
    web: OAuthClient, person: User, headers: dict[str, str]
) -> None:
    browser = Client(headers=headers)
    answers = [
        browser.get(LOGIN),
        browser.get("/"),
        browser.get(AUTHORIZE, web.authorization_parameters()),
        browser.get(METADATA),
        browser.post("/accounts/password/reset/", {"email": person.email}),
        browser.get("/nothing"),
    ]
    for answer in answers:
        everything = f"{answer.headers}{answer.content.decode()}"
        assert "evil" not in everything
        assert ":666" not in everything
        assert answer.status_code == 400 if "host" in headers else answer.status_code < 500
    for message in mail.outbox:
        assert "evil" not in str(message.body)
        assert "http://testserver.localhost/accounts/" in str(message.body)
    assert len(mail.outbox) == (0 if "host" in headers else 1)


def paths(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """An address for every view."""
    for pattern in resolver.url_patterns:
        text = re.sub(r"<[^>]+>|\(.*?\)\??", "1", before + str(pattern.pattern).strip("^$"))
        if isinstance(pattern, URLPattern):
            yield text
        else:
            yield from paths(pattern, text)


@pytest.mark.spec("W-22", "ASVS 13.4.4")
@pytest.mark.parametrize("path", sorted(set(paths(get_resolver()))))
def test_trace_is_refused(path: str) -> None:
    administrator = Client()
    administrator.force_login(AdministratorFactory.create())
    for browser in (administrator, Client()):
        answer = browser.generic("TRACE", path, headers={"X-Probe": "echo"})
        assert 400 <= answer.status_code < 500
        assert b"echo" not in answer.content


@pytest.mark.spec("W-23", "ASVS 16.5.1")
def test_an_installation_never_debugs() -> None:
    assert settings_of_an_installation("http://localhost:8000")["DEBUG"] is False


@pytest.mark.spec("W-23", "ASVS 16.5.1")
def test_what_breaks_or_does_not_exist_shows_nothing_of_the_inside(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr("oauthapps.oauth2.authorization.show_consent", fail)
    visitor.raise_request_exception = False
    answers = {
        500: visitor.get(AUTHORIZE, web.authorization_parameters()),
        404: visitor.get("/nothing/here"),
        400: visitor.get("/", headers={"host": "evil.example"}),
        403: visitor.get("/console/applications/"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        content = answer.content.decode()
        assert not re.search(r"the inside|Traceback|settings|urlpatterns|\.py\b|DEBUG|Django", content)
        assert Page(answer).heading


@pytest.mark.spec("W-18", "ASVS 10.7.1")
def test_prompt_login_neither_skips_nor_breaks_the_page(web: OAuthClient, visitor: Client) -> None:
    answer = visitor.get(AUTHORIZE, web.authorization_parameters() | {"prompt": "login", "max_age": "0"})
    assert answer.status_code == 200
    assert parse_qs(urlsplit(answer.request["QUERY_STRING"]).path)["client_id"] == [web.client_id]


def test_whoever_cannot_confirm_who_they_are_is_led_on(person: User) -> None:
    browser = Client()
    browser.force_login(person)
    assert "Cancel" in Page(browser.get(REAUTHENTICATE)).links()
