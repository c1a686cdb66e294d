"""BASE_URL is the origin that browsers name; a request for another host is told so, and its log line too."""

import logging
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from config import env
from server.logs.lines import LineFormatter
from tests.console.pages import Page
from tests.oauth_client import METADATA

NOWHERE = Path("/nowhere/base_url")


@pytest.mark.spec("S-67", "RFC 6454 §6.1; RFC 3986 §6.2.2.1")
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("HTTPS://GateHouse.Example", "https://gatehouse.example"),
        ("https://gatehouse.example:443/", "https://gatehouse.example"),
        ("https://gatehouse.example:", "https://gatehouse.example"),
        ("https://gatehouse.example.", "https://gatehouse.example"),
        ("https://gatehouse.example:8443", "https://gatehouse.example:8443"),
        ("https://gatehouse.example:80", "https://gatehouse.example:80"),
        ("https://schlüssel.example", "https://xn--schlssel-95a.example"),
        ("http://LOCALHOST:80", "http://localhost"),
        ("http://localhost:08000", "http://localhost:8000"),
        ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ],
)
def test_it_is_written_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch, given: str, meant: str) -> None:
    monkeypatch.setenv("BASE_URL", given)
    assert env.base_url(NOWHERE).geturl() == meant


@pytest.mark.spec("S-67", "RFC 6454 §6.1; RFC 3986 §6.2.2.1")
@pytest.mark.parametrize(
    "given",
    [
        "https://gatehouse.example:0",
        "https://gatehouse.example:70000",
        "https://gatehouse.example:x",
        "https://gate house.example",
        "https://2130706433",
        "https://[::g]",
        "https://",
        "ftp://gatehouse.example",
        "https://gatehouse.example/?",
        "https://gatehouse.example/a",
    ],
)
def test_what_no_browser_would_write_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("BASE_URL", given)
    with pytest.raises(ImproperlyConfigured, match="BASE_URL must look like"):
        env.base_url(NOWHERE)


@pytest.fixture
def elsewhere() -> Client:
    return Client(headers={"Host": "elsewhere.example"}, raise_request_exception=False)


@pytest.mark.spec("S-68", "RFC 9110 §7.4")
def test_a_page_for_another_host_says_where_the_server_is_and_which_setting_says_so(
    elsewhere: Client,
) -> None:
    page = Page(elsewhere.get("/accounts/login/"))
    assert page.status == 400
    assert page.links()[settings.BASE_URL] == f"{settings.BASE_URL}/"
    assert "BASE_URL" in page.text
    assert "elsewhere.example" not in page.content


@pytest.mark.spec("S-68", "RFC 9110 §7.4")
@pytest.mark.parametrize("path", [METADATA, "/api/nowhere", "/API/v1/me"])
def test_an_endpoint_for_another_host_says_it_in_json(elsewhere: Client, path: str) -> None:
    answer = elsewhere.get(path)
    assert answer.status_code == 400
    assert "BASE_URL" in answer.json()["error_description"]
    assert "elsewhere.example" not in answer.content.decode()


@pytest.mark.spec("S-68", "RFC 9110 §7.4")
def test_the_log_names_the_setting_too(
    elsewhere: Client, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere.get("/accounts/login/")
    (record,) = [each for each in caplog.records if each.name == "django.security.DisallowedHost"]
    line = LineFormatter().format(record)
    assert "'elsewhere.example'" in line
    assert f"BASE_URL alone: {settings.BASE_URL}" in line
    assert "ALLOWED_HOSTS" not in line
    assert "\n" not in line
    assert record.levelno >= logging.WARNING
