"""The log as JSON: an object a line, with what programs look for, and nothing that could be used."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, RequestFactory

from accounts.models import User
from oauthapps.http.messages import CLIENT_ID, REQUEST_ID
from server.dispatcher import ApiDispatcher, endpoint_at
from server.logs.json_lines import JSONFormatter
from server.logs.lines import LineFormatter
from server.request_ids import begin, end
from server.workers import access_log
from server.workers.answers import refusal
from tests.factories import UserFactory
from tests.oauth2.conftest import person, visitor, web
from tests.oauth_client import FORM, INTROSPECT, ME, REVOKE, TOKEN, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db

__all__ = ["person", "visitor", "web"]

TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
Lines = Callable[[], list[str]]


def consoles() -> list[logging.StreamHandler[Any]]:
    """What writes the log."""
    named = [
        one for name in ("", "gatehouse", "gatehouse.access") for one in logging.getLogger(name).handlers
    ]
    return [one for one in named if isinstance(one, logging.StreamHandler) and one.get_name()]


def written(formatter: logging.Formatter | None) -> Iterator[Lines]:
    """Keep what is written to the log, in a format; None for that of each handler."""
    stream, kept = StringIO(), [(one, one.stream, one.formatter) for one in consoles()]
    for one, _, _ in kept:
        one.setStream(stream)
        if formatter and one.get_name() == "console":
            one.setFormatter(formatter)
    yield lambda: stream.getvalue().splitlines()
    for one, before, formatted in kept:
        one.setStream(before)
        one.setFormatter(formatted)


def objects_in(lines: Lines) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines()]


@pytest.fixture
def json_lines(settings: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    settings.LOG_FORMAT = "json"
    for lines in written(JSONFormatter()):
        yield partial(objects_in, lines)


@pytest.fixture
def text_lines() -> Iterator[Lines]:
    yield from written(None)


JSONLines = Callable[[], list[dict[str, Any]]]


@pytest.mark.spec("O-20", "operation")
def test_a_refusal_names_the_client_that_authenticated_and_the_error(
    web: OAuthClient, json_lines: JSONLines
) -> None:
    code = "gtcode_" + "x" * 49
    answer = web.exchange(code)
    [line] = json_lines()
    assert {
        name: line[name] for name in ("level", "logger", "request_id", "client_id", "outcome", "error")
    } == {
        "level": "WARNING",
        "logger": "gatehouse.api",
        "request_id": answer["X-Request-Id"],
        "client_id": web.client_id,
        "outcome": "refused",
        "error": "invalid_grant",
    }
    assert TIME.fullmatch(line["time"])
    assert answer.json()["error_description"] in line["message"]
    assert code not in json.dumps(line)


@pytest.mark.spec("O-20", "operation")
def test_a_client_that_is_only_claimed_is_named_in_words(web: OAuthClient, json_lines: JSONLines) -> None:
    web.exchange("gtcode_x", client_secret="wrong")
    [line] = json_lines()
    assert line["client_id"] is None
    assert f"client {web.client_id} (not authenticated)" in line["message"]


@pytest.mark.spec("O-20", "operation")
def test_a_fault_is_one_line_with_its_traceback(json_lines: JSONLines) -> None:
    def fail() -> None:
        raise RuntimeError("GET /api/v1/me?sessionID=gtacc_abc\nforged")

    begin({REQUEST_ID: "0123456789abcdef"})
    try:
        fail()
    except RuntimeError:
        logging.getLogger("gatehouse.server").exception("Bearer gtref_abc\nforged")
    end()
    [line] = json_lines()
    assert line["request_id"] == "0123456789abcdef"
    assert line["client_id"] is line["outcome"] is None
    assert line["message"] == "Bearer gtref_…\nforged"
    assert "Traceback" in line["traceback"]
    assert "gtacc_abc" not in line["traceback"]


@pytest.mark.spec("O-20", "operation")
def test_a_request_that_is_refused_on_arrival_has_its_outcome(json_lines: JSONLines) -> None:
    _, headers, _ = refusal({"REQUEST_METHOD": "POST", "PATH_INFO": TOKEN}, 503)
    [line] = json_lines()
    assert (line["outcome"], line["request_id"]) == ("unavailable", dict(headers)["X-Request-Id"])


@pytest.mark.spec("O-20", "operation")
def test_the_access_log_says_which_client_was_given_what_it_asked_for(
    web: OAuthClient, json_lines: JSONLines
) -> None:
    writer = access_log.writer()
    assert writer is not None
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/v1/me/gtacc_x\r",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        CLIENT_ID: web.client_id,
        REQUEST_ID: "0123456789abcdef",
    }
    writer(0.0, 0.0, environ, 200)
    [line] = json_lines()
    assert line.pop("milliseconds") > 0
    assert line == {
        "time": "1970-01-01T00:00:00.000Z",
        "level": "INFO",
        "logger": "gatehouse.access",
        "request_id": "0123456789abcdef",
        "client_id": web.client_id,
        "outcome": "ok",
        "message": r"GET /api/v1/me/gtacc_…\r",
        "status": 200,
        "ip_address": "192.0.2.1",
    }


@pytest.mark.spec("O-20", "operation")
@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, REVOKE, ME, VERIFY])
def test_the_client_of_a_request_that_is_granted_is_known_to_the_access_log(
    web: OAuthClient, visitor: Client, path: str
) -> None:
    parameters = web.token_parameters(web.get_code(visitor))
    token = web.get_tokens(visitor)["access_token"]
    if path != TOKEN:
        parameters = {"token": token, "client_id": web.client_id, "client_secret": web.client_secret}
    method, body = ("GET", "") if path in {ME, VERIFY} else ("POST", urlencode(parameters))
    headers = {"Authorization": f"Bearer {token}"}
    environ = RequestFactory().generic(method, path, body, FORM, headers=headers).META
    endpoint = endpoint_at(path)
    assert endpoint is not None
    assert ApiDispatcher().respond(environ, endpoint).status == 200
    assert environ[CLIENT_ID] == web.client_id


@pytest.mark.spec("O-21", "RFC 3339")
def test_every_line_of_text_has_the_same_kind_of_time(text_lines: Lines) -> None:
    logging.getLogger("gatehouse.server").info("About nothing")
    refusal({"REQUEST_METHOD": "POST", "PATH_INFO": TOKEN}, 503)
    logging.getLogger("django.request").error("Somebody else's")
    access_log.write(
        1.5,
        0.0,
        {"REQUEST_METHOD": "GET", "PATH_INFO": ME, "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.1"},
        200,
    )
    lines = text_lines()
    assert [bool(TIME.match(line)) for line in lines[:3]] == [True] * 3
    assert lines[3].startswith("[1970-01-01T00:00:01.500Z] 192.0.2.1 ")
    assert len(lines) == 4


@pytest.mark.spec("O-22", "ASVS 16.3.2")
@pytest.mark.parametrize("path", ["/console/applications/", "/people/", "/console/activity/"])
def test_the_403_of_a_member_is_a_line_in_either_format(
    client: Client, path: str, text_lines: Lines, settings: Any
) -> None:
    member: User = UserFactory.create(username="grace")
    client.force_login(member)
    assert client.get(path).status_code == 403
    [line] = text_lines()
    assert line.endswith(f"Forbidden (Permission denied): {path} (PermissionDenied) by grace")
    for lines in written(JSONFormatter()):
        assert client.get(path).status_code == 403
        [in_json] = map(json.loads, lines())
    assert in_json["outcome"] == "refused"
    assert in_json["message"] == line.partition(": ")[2]
    assert "traceback" not in in_json


def test_handlers_of_the_log_write_text_unless_told_otherwise() -> None:
    formatters = {one.get_name(): type(one.formatter) for one in consoles()}
    assert formatters == {"console": LineFormatter, "access": logging.Formatter}
