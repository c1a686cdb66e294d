"""The id on an error page leads to lines of the log, which say whose request it was and why it failed."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from oauthapps.http.messages import REQUEST_ID
from oauthapps.models import AccessToken
from server.logs.lines import LineFormatter, without_credentials
from server.request_ids import begin, end
from server.workers import access_log
from server.workers.answers import REFUSALS, refusal
from tests.console.pages import Page
from tests.factories import PASSWORD, AdministratorFactory
from tests.oauth2.conftest import Machine
from tests.oauth_client import (
    AUTHORIZE,
    FORM,
    INTROSPECT,
    JWT_EXCHANGE,
    ME,
    REVOKE,
    TOKEN,
    VERIFY,
    OAuthClient,
)
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.django_db

Lines = Callable[[], list[str]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the server would have written to its log so far."""
    [console] = [one for one in logging.getLogger().handlers if one.get_name() == "console"]
    assert isinstance(console, logging.StreamHandler)
    assert isinstance(console.formatter, LineFormatter)
    stream = StringIO()
    before = console.setStream(stream)
    ours = [one for one in logging.getLogger("gatehouse").handlers if one.get_name() == "console"]
    for one in ours:
        assert isinstance(one, logging.StreamHandler)
        one.setStream(stream)
    yield lambda: stream.getvalue().splitlines()
    for one in [console, *ours]:
        one.setStream(before)  # type: ignore[attr-defined]


def line_of(answer: Any, lines: Lines) -> str:
    """The one line of the request that has this answer."""
    [line] = [line for line in lines() if answer["X-Request-Id"] in line]
    return line


@pytest.mark.spec("S-89", "ASVS 16.2.1")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), (f"{AUTHORIZE}?client_id=x", 400), ("/console/applications/", 403)],
)
def test_the_id_on_an_error_page_is_on_the_line_about_it(
    visitor: Client,
    lines: Lines,
    path: str,
    status: int,
) -> None:
    answer = visitor.get(path)
    page = Page(answer)
    assert page.status == status
    assert answer["X-Request-Id"] in page.text
    assert path.partition("?")[0] in line_of(answer, lines)
    assert len(lines()) == 1


@pytest.mark.spec("S-89", "ASVS 16.2.1")
def test_so_is_that_of_a_request_that_broke(
    visitor: Client,
    lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    visitor.raise_request_exception = False
    page = Page(visitor.get("/connected/"))
    assert page.status == 500
    request_id = re.search("Request ID: ([0-9a-f]{16})", page.text)
    assert request_id
    assert request_id[1] in lines()[0]
    assert any("Traceback" in line for line in lines())


@pytest.mark.spec("S-89", "ASVS 16.2.1")
@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("path", ["/console/applications/", TOKEN])
def test_so_is_that_of_a_request_that_was_refused_on_arrival(lines: Lines, path: str, status: int) -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path}
    _, headers, body = refusal(environ, status)
    request_id = dict(headers)["X-Request-Id"]
    assert environ[REQUEST_ID] == request_id
    [line] = lines()
    assert request_id in line
    assert f"POST {path}: {status}" in line
    assert path == TOKEN or f"Request ID: <code>{request_id}</code>".encode() in body


@pytest.mark.spec("S-89", "ASVS 16.2.1")
def test_the_line_of_the_access_log_carries_it_too(caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "REQUEST_METHOD": "GET\n",
        "PATH_INFO": "/gtacc_x\r",
        "REMOTE_ADDR": "192.0.2.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    request_id = begin(environ)
    access_log.log.addHandler(caplog.handler)
    access_log.write(0.0, 0.0, environ, 200)
    access_log.log.removeHandler(caplog.handler)
    [line] = caplog.messages
    assert re.fullmatch(
        r"\[1970-01-01T00:00:00\.000Z\] 192\.0\.2\.1 "
        r'"GET\\n /gtacc_…\\r HTTP/1\.1" 200 [0-9.]+ ms ' + request_id,
        line,
    )


@pytest.mark.spec("S-89", "ASVS 16.2.1")
def test_a_line_about_no_request_says_so() -> None:
    end()
    record = logging.LogRecord("gatehouse.server", logging.INFO, "file", 1, "Started", (), None)
    assert LineFormatter("{request_id} {message}", style="{").format(record) == "- Started"
    begin({REQUEST_ID: "0123456789abcdef"})
    assert LineFormatter("{request_id} {message}", style="{").format(record) == "0123456789abcdef Started"


@pytest.mark.spec("S-90", "ASVS 16.2.1, 16.2.5")
@pytest.mark.parametrize("shown", ["client_secret_basic", "client_secret_post"])
def test_a_refused_client_is_named_with_error_and_reason(
    web: OAuthClient,
    lines: Lines,
    shown: str,
) -> None:
    code = "gtcode_" + "x" * 49
    if shown == "client_secret_post":
        answer = web.exchange(code)
    else:
        parameters = web.token_parameters(code, client_secret=None, client_id=None)
        answer = web.post(TOKEN, parameters, authorization=web.basic)
    line = line_of(answer, lines)
    assert f"POST {TOKEN}: 400 invalid_grant, client {web.client_id}: " in line
    assert answer.json()["error_description"] in line
    assert code not in line
    assert web.client_secret not in line


@pytest.mark.spec("S-90", "ASVS 16.2.1, 16.2.5")
@pytest.mark.parametrize("path", [TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT])
@pytest.mark.parametrize("client_id", ["0" * 32, "a-secret-in-the-wrong-place", "line\nbreak"])
def test_a_client_that_did_not_authenticate_is_named_only_by_what_looks_like_a_client_id(
    lines: Lines, path: str, client_id: str
) -> None:
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": "a-token-of-others",
        "token": "a-token-of-others",
    }
    secret = {"client_id": client_id, "client_secret": "a-secret-of-others", "jwt_token": "a.b.c"}
    answer = OAuthClient("").post(path, fields | secret)
    line = line_of(answer, lines)
    assert f"POST {path}: 401 invalid_client, client " in line
    named = client_id == "0" * 32
    assert (f"client {client_id} (not authenticated): " if named else "client unknown: ") in line
    for sent in ("a-secret", "a-token", "a.b.c"):
        assert sent not in line


@pytest.mark.spec("S-90", "ASVS 16.2.1, 16.2.5")
@pytest.mark.parametrize("path", [ME, VERIFY, "/attask/api/v22.0/user/me"])
def test_a_refused_access_token_is_named_by_whose_it_was(
    web: OAuthClient,
    visitor: Client,
    person: User,
    lines: Lines,
    path: str,
) -> None:
    def ask(token: str) -> str:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        line = line_of(Client().get(path, headers=headers), lines)
        assert not token or token not in line
        return line.partition(": ")[2]

    whose = f"client {web.client_id}, person {person.username}: "
    writes = web.get_tokens(visitor, scope="write")["access_token"]
    assert (
        ask(writes)
        == f"GET {path}: 403 insufficient_scope, {whose}The access token lacks a scope; needed: read."
    )
    token = web.get_tokens(visitor)["access_token"]
    row = AccessToken.objects.latest("pk")
    web.post(REVOKE, {"client_id": web.client_id, "client_secret": web.client_secret, "token": token})
    assert f"GET {path}: 401 invalid_token, {whose}The access token was revoked" in ask(token)
    row.expires = row.created
    row.save()
    assert f"{whose}The access token expired at {row.created:%Y-%m-%d}" in ask(token)
    assert ask("gtacc_unknown") == (
        f"GET {path}: 401 invalid_token, client unknown: "
        "The access token was never issued, or expired long ago."
    )
    assert ask("") == f"GET {path}: 401 no token, client unknown: No access token was sent."


@pytest.mark.spec("S-90", "ASVS 16.2.1, 16.2.5")
def test_what_is_not_there_or_not_allowed_takes_a_line_too(machine: Machine, lines: Lines) -> None:
    sent = {
        "404 not_found": Client().get("/api/v1/no%0Athing"),
        "405 invalid_request": Client().get(TOKEN),
        "400 invalid_request": Client().get(ME, headers={"Host": "evil.example"}),
        f"400 invalid_grant, client {machine.client.client_id}": machine.client.exchange_jwt("a.b.c"),
    }
    for beginning, answer in sent.items():
        assert beginning in line_of(answer, lines)
    assert r"GET /api/v1/no\nthing: 404" in "\n".join(lines())
    assert machine.client.exchange_jwt(machine.assertion()).status_code == 200
    assert len(lines()) == len(sent)


@pytest.mark.spec("S-91", "ASVS 16.3.2")
def test_a_403_says_who_was_refused(visitor: Client, person: User, lines: Lines) -> None:
    line = line_of(visitor.get("/console/applications/"), lines)
    assert line.endswith(
        f"(Permission denied): /console/applications/ (PermissionDenied) by {person.username}"
    )
    for browser, by in ((visitor, person.username), (Client(), "anonymous")):
        browser.handler.enforce_csrf_checks = True
        answer = browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
        line = line_of(answer, lines)
        assert line.endswith(f"/accounts/login/ by {by}")
        assert PASSWORD not in line


@pytest.mark.spec("S-92", "ASVS 16.5.1")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", "no boundary"),
        ("multipart/form-data; boundary=\xe9", "--x"),
        (f"{FORM}; charset=utf-16", "next=x"),
        (FORM, "&".join(["p"] * 5000)),
    ],
)
def test_a_form_that_cannot_be_read_takes_a_line(lines: Lines, content_type: str, body: str) -> None:
    browser = Client()
    sign_in_now(browser, AdministratorFactory.create())
    answer = browser.generic("POST", "/console/applications/new", body, content_type=content_type)
    assert answer.status_code == 400
    assert answer["X-Request-Id"] in Page(answer).text
    assert line_of(answer, lines) == lines()[0]
    assert len(lines()) == 1


@pytest.mark.spec("S-02", "ASVS 16.2.5")
def test_a_line_takes_no_longer_than_its_length_calls_for() -> None:
    text = "/" + "a?" * 30_000  # as a path of 64 KiB may spell it, with %3F
    began = time.process_time()
    assert without_credentials(text) == text
    assert without_credentials(f"{text}code=1") == "/a?…"
    assert time.process_time() - began < 1
