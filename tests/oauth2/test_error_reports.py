"""What error reports, error pages and log lines leave out."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.views.debug import get_exception_reporter_class

from oauthapps.http.messages import ApiRequest
from oauthapps.oauth2 import token_endpoint
from server.logs.lines import LineFormatter
from server.workers.access_log import FORMAT as ACCESS_LOG
from tests.oauth_client import AUTHORIZE, FORM, INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db


@pytest.mark.spec("S-02", "ASVS 14.2.1, 16.2.5")
def test_the_access_log_names_the_path_without_its_query_and_no_header() -> None:
    assert "%(path)s" in ACCESS_LOG
    for name in ("query", "header", "cookie", "url", "uri"):
        assert name not in ACCESS_LOG.lower()


@pytest.mark.spec("S-02", "ASVS 16.2.5")
def test_a_line_of_the_log_loses_queries_and_credentials() -> None:
    record = logging.LogRecord(
        "any",
        logging.WARNING,
        "file",
        1,
        "Referer checking failed - https://client.example/back?code=abc&state=x; %s; is it so? a=b",
        ("/api/v1/me?sessionID=gtacc_abc and Bearer gtref_abcdef",),
        None,
    )
    assert LineFormatter().format(record) == (
        "Referer checking failed - https://client.example/back?… /api/v1/me?… and Bearer gtref_…; "
        "is it so? a=b"
    )
    for name in ("", "gatehouse"):
        consoles = [one for one in logging.getLogger(name).handlers if one.get_name() == "console"]
        assert [type(one.formatter) for one in consoles] == [LineFormatter]


@pytest.mark.spec("S-02", "ASVS 16.2.5")
@pytest.mark.parametrize("content_type", [FORM, "application/json"])
@pytest.mark.parametrize("as_html", [True, False], ids=["HTML", "text"])
def test_an_error_report_repeats_nothing_of_what_was_sent(
    web: OAuthClient, monkeypatch: pytest.MonkeyPatch, content_type: str, as_html: bool
) -> None:
    names = ("client_secret", "code", "code_verifier", "refresh_token", "jwt_token", "password", "state")
    sent = {name: f"value-of-{name}" for name in names}
    body = json.dumps(sent) if content_type != FORM else "&".join(f"{n}={v}" for n, v in sent.items())
    request = RequestFactory().post(
        f"{TOKEN}?sessionID=value-of-query",
        body,
        content_type=content_type,
        headers={
            "Authorization": "Bearer value-of-authorization",
            "sessionID": "value-of-header",
            "Cookie": "session=value-of-cookie",
            "Referer": "https://client.example/?code=value-of-referer",
        },
    )
    # The server hands its own environment along with each request.
    request.META["DATABASE_URL"] = "postgresql://gatehouse:value-of-password@db.example/gatehouse"
    report = report_of(request, monkeypatch, as_html=as_html)
    assert "on purpose" in report
    assert TOKEN in report
    assert "value-of-" not in report


def report_of(request: HttpRequest, monkeypatch: pytest.MonkeyPatch, *, as_html: bool) -> str:
    """Return what would be mailed about an exception deep inside a view."""

    def fail(*arguments: object, **named: object) -> None:
        remembered = request.body
        raise RuntimeError(f"on purpose{remembered[:0]!r}")

    monkeypatch.setattr("oauthapps.oauth2.toolkit.read_body", fail)
    try:
        token_endpoint.token(ApiRequest(request.META, "1"))
    except RuntimeError:
        made_by: Any = get_exception_reporter_class(request)
        reporter = made_by(request, *sys.exc_info())
        return str(reporter.get_traceback_html() if as_html else reporter.get_traceback_text())
    raise AssertionError("nothing failed")


@pytest.mark.spec("S-08", "RFC 6749 §5.2; ASVS 16.5.1")
@pytest.mark.parametrize("path", [TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT])
def test_our_own_fault_is_told_in_json_without_a_trace(
    web: OAuthClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise RuntimeError("a detail of ours")

    monkeypatch.setattr("oauthapps.oauth2.client_authentication.find_client", fail)
    parameters = web.token_parameters("x", token="x")
    web.http = Client(raise_request_exception=False)
    answer = web.post(path, parameters)
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    members = answer.json()
    assert members["error"] == "server_error"
    assert set(members) == {"error", "error_description", "statusCode", "type", "message"}
    for detail in ("a detail of ours", "Traceback", "RuntimeError", "oauthapps"):
        assert detail not in answer.content.decode()


@pytest.mark.spec("S-08", "ASVS 16.5.1")
def test_error_pages_show_no_trace_and_no_settings(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise RuntimeError("a detail of ours")

    pages = [visitor.get("/no/such/page"), visitor.get(AUTHORIZE, {"client_id": "x"})]
    monkeypatch.setattr("oauthapps.oauth2.authorization.show_consent", fail)
    visitor.raise_request_exception = False
    pages.append(visitor.get(AUTHORIZE, web.authorization_parameters()))
    assert [page.status_code for page in pages] == [404, 400, 500]
    assert pages[2]["Content-Type"].startswith("text/html")
    for page in pages:
        for detail in (
            "a detail of ours",
            "Traceback",
            "RuntimeError",
            "SECRET_KEY",
            "DATABASES",
            "oauthapps/",
        ):
            assert detail not in page.content.decode()
