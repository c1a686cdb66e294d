"""What is kept, where it is kept, and for how long; what never gets into logs, reports and answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import runpy
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.views.debug import get_exception_reporter_class

from accounts.actors import Actor
from accounts.models import User
from config import env
from config.access_log import FORMAT as ACCESS_LOG
from config.logs import LineFormatter
from oauthapps.doors.programs import ProgramRequest
from oauthapps.models import (
    AccessToken,
    Application,
    ClientSecret,
    Consent,
    FailureCount,
    Grant,
    RefreshToken,
    TokenFamily,
)
from oauthapps.oauth2 import endpoints
from oauthapps.services.applications import delete_application
from oauthapps.services.cleanup import prune
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import AUTHORIZE, INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
FORM = "application/x-www-form-urlencoded"


# Digests, and nothing else


def whole_story(web: OAuthClient, machine: Machine, visitor: Client) -> dict[str, str]:
    """Run every flow and return every credential that travelled."""
    web.pkce = True
    code = web.get_code(visitor)
    first = web.exchange(code).json()
    second = web.refresh(first["refresh_token"]).json()
    assertion = machine.assertion(jti="the id of an assertion")
    machine_token = machine.client.exchange_jwt(assertion).json()["access_token"]
    web.me(second["access_token"])
    web.post(INTROSPECT, {"token": second["access_token"]}, Authorization=web.basic)
    web.refresh(second["refresh_token"], scope="no such scope")
    machine.client.exchange_jwt(assertion)
    web.exchange(code)
    return {
        "code": code,
        "verifier": web.verifier,
        "first access token": first["access_token"],
        "first refresh token": first["refresh_token"],
        "second access token": second["access_token"],
        "second refresh token": second["refresh_token"],
        "assertion": assertion,
        "signature": assertion.rpartition(".")[2],
        "jti": "the id of an assertion",
        "machine token": machine_token,
        "web secret": web.client_secret,
        "machine secret": machine.client.client_secret,
    }


def everything_stored() -> str:
    """Return every value of every row of every table."""
    return "\n".join(str(list(model._base_manager.values())) for model in apps.get_models())


@pytest.mark.spec("R-18", "RFC 9700 §4.14; ASVS 11.4")
@pytest.mark.spec("S-01", "ASVS 13.3, 14.2.4, 16.2.5")
def test_tables_logs_and_descriptions_hold_no_credential(
    web: OAuthClient, machine: Machine, visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("oauthlib", "oauth2_provider", "gatehouse"):
        caplog.set_level(logging.DEBUG, logger=name)
    travelled = whole_story(web, machine, visitor)
    rows = [
        row for model in apps.get_app_config("oauthapps").get_models() for row in model._base_manager.all()
    ]
    described = "\n".join(f"{row} {row!r} {vars(row)}" for row in rows)
    logged = "\n".join(LineFormatter().format(record) for record in caplog.records)
    for name, value in travelled.items():
        for place, text in {"tables": everything_stored(), "rows": described, "log": logged}.items():
            assert value not in text, f"{name} in {place}"
    assert AccessToken.objects.filter(token_checksum=sha256(travelled["machine token"])).exists()


@pytest.mark.spec("R-18", "RFC 9700 §4.14; ASVS 11.4")
def test_codes_tokens_and_secrets_are_kept_as_sha_256(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    assert Grant.objects.get().code == sha256(code)
    access, refresh = AccessToken.objects.get(), RefreshToken.objects.get()
    assert (access.token, access.token_checksum) == ("", sha256(tokens["access_token"]))
    assert (refresh.token, refresh.token_checksum) == ("", sha256(tokens["refresh_token"]))
    assert ClientSecret.objects.get().digest == sha256(web.client_secret)
    assert web.client_secret not in str(Application.objects.values())


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


@pytest.mark.spec("S-03", "ASVS 11.2.4")
def test_credentials_are_found_by_their_digest(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        travelled = whole_story(web, machine, visitor)
    statements = "\n".join(query["sql"] for query in captured)
    for name, value in travelled.items():
        assert value not in statements, name
    for name in ("code", "first access token", "first refresh token", "web secret", "machine secret"):
        assert sha256(travelled[name]) in statements, name


@pytest.mark.spec("S-03", "ASVS 11.2.4")
def test_a_verifier_is_compared_in_constant_time(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []
    compare = hmac.compare_digest

    def spy(first: Any, second: Any) -> bool:
        compared.append(second)
        return compare(first, second)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    web.pkce = True
    code = web.get_code(visitor)
    web.exchange(code, code_verifier="w" * 43)
    web.exchange(code)
    assert compared.count(Grant.objects.get().code_challenge) == 2


@pytest.mark.spec("S-04", "ASVS 11.4")
def test_client_authentication_hashes_no_password(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = web.get_code(visitor)
    assert re.fullmatch("gtsec_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", web.client_secret)  # 43 characters of 6 bits

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a slow hash on the token endpoint")

    for name in ("make_password", "check_password", "verify_password"):
        monkeypatch.setattr(f"django.contrib.auth.hashers.{name}", refuse)
    monkeypatch.setattr(hashlib, "pbkdf2_hmac", refuse)
    assert web.exchange(code, client_secret="wrong").status_code == 401
    assert web.exchange(code, client_id="0" * 32).status_code == 401
    assert web.exchange(code).status_code == 200


# Logs and reports


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

    monkeypatch.setattr("oauthapps.oauth2.backend.read_body", fail)
    try:
        endpoints.token(ProgramRequest(request.META, "1"))
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


# The installation's settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set no variable of ours but those of a valid https installation behind a proxy."""
    for name in (
        "ALLOW_HTTP",
        "SECRET_KEY_FILE",
        "BASE_URL_FILE",
        "DEBUG",
        "ALLOW_SESSION_ID_IN_URL",
        "FORWARDED_HEADER",
        "EVENT_DAYS",
    ):
        monkeypatch.delenv(name, raising=False)
    valid = {
        "BASE_URL": "https://gatehouse.example",
        "BEHIND_PROXY": "1",
        "SECRET_KEY": "k3y-" + hashlib.sha256(b"a test").hexdigest(),
        "DATABASE_URL": "sqlite://:memory:",
    }
    for name, value in valid.items():
        monkeypatch.setenv(name, value)
    return valid


def production() -> dict[str, Any]:
    """Return the settings that the present environment makes."""
    return runpy.run_path(str(ROOT / "config" / "settings" / "production.py"))


@pytest.mark.spec("S-05", "ASVS 13.3, 13.4.2")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + hashlib.sha256(b"a test").hexdigest()),
        ("SECRET_KEY", "changechangechangechangechangechange"),
        ("BASE_URL", "http://gatehouse.example"),
        ("BASE_URL", "https://*"),
        ("BASE_URL", "https://.example"),
        ("BASE_URL", "https://*.example"),
        ("BASE_URL", "https://person@gatehouse.example"),
        ("BASE_URL", "https://gatehouse.example/path"),
        ("BASE_URL", "gatehouse.example"),
        ("BEHIND_PROXY", "maybe"),
        ("BEHIND_PROXY", "-1"),
        ("FORWARDED_HEADER", "X-Real-IP"),
        ("EVENT_DAYS", "0"),
        ("EVENT_DAYS", "a year"),
    ],
)
def test_an_unsafe_setting_does_not_start(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    production()
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured):
        production()


@pytest.mark.spec("S-05", "ASVS 13.4.2")
def test_debug_cannot_be_switched_on_and_one_host_is_answered(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    made = production()
    assert made["DEBUG"] is False
    assert made["ALLOWED_HOSTS"] == ["gatehouse.example"]
    assert made["SECRET_KEY"] == environment["SECRET_KEY"]
    monkeypatch.setenv("ALLOW_HTTP", "1")
    monkeypatch.setenv("BASE_URL", "http://gatehouse.example")
    assert production()["BASE_URL"] == "http://gatehouse.example"


@pytest.mark.spec("S-05", "ASVS 13.3")
def test_a_key_is_made_once_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SECRET_KEY")
    file = tmp_path / "secret_key"
    key = env.secret_key(file)
    assert len(key) >= 50
    assert env.secret_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.spec("S-05", "Django deployment checklist")
def test_the_deployment_check_is_clean(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.spec("S-06", "RFC 9700 §4.13; ASVS 15.3.4")
def test_https_brings_hsts_and_secure_cookies_and_plain_http_on_this_machine_does_not(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = production()
    assert made["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert made["SESSION_COOKIE_SECURE"]
    assert made["CSRF_COOKIE_SECURE"]
    assert made["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert made["SECURE_SSL_REDIRECT"]
    monkeypatch.setenv("BASE_URL", "http://localhost:8000")
    made = production()
    assert made["SECURE_HSTS_SECONDS"] == 0
    assert not made["SESSION_COOKIE_SECURE"]


@pytest.mark.spec("S-06", "RFC 9700 §4.13; ASVS 15.3.4")
def test_a_proxys_headers_count_only_where_there_is_a_proxy(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = production()
    assert made["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert made["TRUSTED_PROXIES"] == 1
    monkeypatch.delenv("BEHIND_PROXY")
    made = production()
    assert made["SECURE_PROXY_SSL_HEADER"] is None
    assert made["TRUSTED_PROXIES"] == 0


@pytest.mark.spec("S-31", "RFC 7239 §8.1")
@pytest.mark.parametrize(
    ("value", "number"),
    [("0", 0), ("1", 1), ("2", 2), ("on", 1), ("yes", 1), ("true", 1), ("off", 0), ("no", 0), ("", 0)],
)
def test_the_number_of_proxies_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, value: str, number: int
) -> None:
    monkeypatch.setenv("BEHIND_PROXY", value)
    made = production()
    assert made["TRUSTED_PROXIES"] == number
    assert made["SECURE_SSL_REDIRECT"] is (number > 0)
    assert made["FORWARDED_HEADER"] == "x-forwarded"


@pytest.mark.spec("S-31", "RFC 7239 §4")
def test_the_header_in_which_proxies_speak_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_HEADER", "Forwarded")
    assert production()["FORWARDED_HEADER"] == "forwarded"


@pytest.mark.spec("S-06", "RFC 9700 §4.13; ASVS 15.3.4")
def test_a_forged_address_does_not_go_round_the_throttle(web: OAuthClient, settings: Settings) -> None:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_ADDRESS = 3

    def guess(address: str) -> int:
        return web.post(
            TOKEN, web.token_parameters("x", client_secret="wrong"), **{"X-Forwarded-For": address}
        ).status_code

    now = timezone.now().replace(second=1)
    with time_machine.travel(now, tick=False):
        assert [guess(f"192.0.2.{number}") for number in range(5)] == [401, 401, 401, 429, 429]
        assert web.exchange("x").status_code == 400  # right credentials pass
        settings.TRUSTED_PROXIES = 1  # behind a proxy that sets the header
        assert [guess(f"198.51.100.{number}") for number in range(5)] == [401] * 5
        # what the client itself had put there comes first, and counts for nothing
        assert [guess(f"203.0.113.{number}, 192.0.2.77") for number in range(5)] == [401, 401, 401, 429, 429]


@pytest.mark.spec("S-06", "RFC 9700 §4.13")
def test_https_is_believed_only_behind_a_proxy(db: None, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    forged = {"X-Forwarded-Proto": "https"}
    assert Client().get("/accounts/login/", headers=forged).status_code == 301
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/accounts/login/", headers=forged).status_code == 200


# Cleaning up


@pytest.mark.spec("S-33", "ASVS 14.2.7")
def test_how_long_events_are_kept_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert production()["EVENT_DAYS"] == 365
    monkeypatch.setenv("EVENT_DAYS", "30")
    assert production()["EVENT_DAYS"] == 30


def counts() -> dict[str, int]:
    models = (Grant, AccessToken, RefreshToken, TokenFamily)
    return {model.__name__: model._base_manager.count() for model in models}


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2; RFC 9700 §4.14.2")
def test_what_nobody_used_goes_and_takes_its_family_along(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_code(visitor)
    with time_machine.travel(now + timedelta(hours=23), tick=False):
        assert prune().as_numbers()["codes"] == 0
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        removed = prune()
    assert (removed.codes, removed.token_families) == (1, 1)
    assert set(counts().values()) == {0}
    assert Consent.objects.exists()  # what the person allowed is theirs


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2; RFC 9700 §4.14.2")
@pytest.mark.parametrize("replay", ["code", "refresh token"])
def test_tombstones_stay_as_long_as_anything_of_their_family_lives(
    web: OAuthClient, visitor: Client, replay: str
) -> None:
    Application.objects.update(absolute_expiration="none", inactivity_expiration="none")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
        first = web.exchange(code).json()
        latest = web.refresh(first["refresh_token"]).json()
    with time_machine.travel(now + timedelta(days=400), tick=False):
        assert prune().access_tokens == 2
        assert counts() == {"Grant": 1, "AccessToken": 0, "RefreshToken": 2, "TokenFamily": 1}
        if replay == "code":
            assert web.exchange(code).json()["error"] == "invalid_grant"
        else:
            assert web.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert TokenFamily.objects.get().ended_at is not None
        assert web.refresh(latest["refresh_token"]).json()["error"] == "invalid_grant"
    with time_machine.travel(now + timedelta(days=429), tick=False):
        assert prune().token_families == 0  # an ended family can be explained for thirty days
    with time_machine.travel(now + timedelta(days=431), tick=False):
        assert prune().token_families == 1
    assert set(counts().values()) == {0}


@pytest.mark.spec("S-07", "RFC 6749 §4.1.2")
def test_without_a_refresh_token_a_family_goes_after_its_access_token(
    web: OAuthClient, visitor: Client
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor, scope="read")
        web.exchange(code)
    with time_machine.travel(now + timedelta(hours=24), tick=False):
        assert prune().token_families == 0
        assert web.exchange(code).json()["error"] == "invalid_grant"  # and is still recognised
        assert TokenFamily.objects.get().end_reason == "code_replayed"
    with time_machine.travel(now + timedelta(hours=26), tick=False):
        assert prune().token_families == 1


@pytest.mark.spec("S-07", "ASVS 10.4.8")
@pytest.mark.parametrize("end", ["absolute_expiration", "inactivity_expiration"])
def test_families_past_either_end_go_after_thirty_days(
    web: OAuthClient, visitor: Client, person: User, end: str
) -> None:
    settings = {"absolute_expiration": "none", "inactivity_expiration": "none", end: "1d"}
    Application.objects.update(**settings)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        User.objects.filter(pk=person.pk).update(last_active_at=now)
        web.get_tokens(visitor)
    with time_machine.travel(now + timedelta(days=1 + 29), tick=False):
        assert prune().refresh_tokens == 0  # the setting may be changed
    with time_machine.travel(now + timedelta(days=1 + 29 + 31), tick=False):  # it is reviewed once a month
        assert prune().refresh_tokens == 1


@pytest.mark.spec("S-07", "ASVS 10.4.8")
def test_a_family_stays_while_its_person_comes_now_and_then(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    Application.objects.update(absolute_expiration="none", inactivity_expiration="30d")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        token = web.get_tokens(visitor)["refresh_token"]
    for days in range(20, 200, 20):
        with time_machine.travel(now + timedelta(days=days), tick=False):
            User.objects.filter(pk=person.pk).update(last_active_at=timezone.now())
            assert prune().refresh_tokens == 0
    with time_machine.travel(now + timedelta(days=200), tick=False):
        assert web.refresh(token).status_code == 200


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_a_deleted_applications_tokens_go_after_thirty_days(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_tokens(visitor)
        delete_application(application_of(web), actor=Actor.command("tests"))
    with time_machine.travel(now + timedelta(days=29), tick=False):
        assert prune().refresh_tokens == 0
    with time_machine.travel(now + timedelta(days=31), tick=False):
        assert prune().refresh_tokens == 1


@pytest.mark.spec("S-07", "RFC 7523 §3 item 7")
def test_a_jti_stays_until_its_assertion_has_expired(machine: Machine) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        lasting = machine.assertion(jti="lasting", exp=int(now.timestamp()) + 24 * 3600)
        assert machine.client.exchange_jwt(lasting).status_code == 200
    with time_machine.travel(now + timedelta(hours=24, seconds=30), tick=False):
        prune()
        assert "already used" in machine.client.exchange_jwt(lasting).json()["message"]
    AccessToken.objects.update(expires=now - timedelta(days=7))
    with time_machine.travel(now + timedelta(hours=24, seconds=58), tick=False):
        assert prune().access_tokens == 0
    with time_machine.travel(now + timedelta(hours=24, seconds=62), tick=False):
        assert prune().access_tokens == 1


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_old_failure_counts_and_sessions_go(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.exchange("x", client_secret="wrong")
        visitor.get("/")
    with time_machine.travel(now + timedelta(hours=7), tick=False):
        removed = prune()
        assert (removed.failure_counts, removed.sessions) == (0, 0)
    with time_machine.travel(now + timedelta(days=2), tick=False):
        removed = prune()
    assert (removed.failure_counts, removed.sessions) == (2, 1)
    assert not FailureCount.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.spec("S-07", "ASVS 15.2.2")
@pytest.mark.parametrize("batch", [1, 2, 500])
def test_it_works_in_batches_of_any_size(web: OAuthClient, visitor: Client, batch: int) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(5):
            web.get_tokens(visitor, scope="read")
        living = web.get_tokens(visitor)
    with time_machine.travel(now + timedelta(days=3), tick=False):
        removed = prune(batch)
        assert (removed.access_tokens, removed.codes, removed.token_families) == (6, 5, 5)
        assert prune(batch).as_numbers() == dict.fromkeys(removed.as_numbers(), 0)
        assert web.refresh(living["refresh_token"]).status_code == 200


@pytest.mark.spec("S-07", "ASVS 15.2.2")
def test_what_lives_is_looked_at_once_a_month(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        for _ in range(3):
            web.get_tokens(visitor)

    def statements(days: int) -> int:
        with (
            time_machine.travel(now + timedelta(days=days), tick=False),
            CaptureQueriesContext(connection) as all_,
        ):
            prune()
        return len(all_)

    statements(2)  # the first look
    idle = statements(3)
    assert statements(31) == idle
    assert statements(33) > idle
    assert RefreshToken.objects.count() == 3


@pytest.mark.spec("S-07", "ASVS 15.2.2")
def test_no_query_reads_a_whole_table(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    web.get_tokens(visitor)
    machine.client.exchange_jwt(machine.assertion())
    with (
        time_machine.travel(timezone.now() + timedelta(days=800)),
        CaptureQueriesContext(connection) as captured,
    ):
        prune()
    statements = [query["sql"] for query in captured if query["sql"].startswith(("SELECT", "DELETE"))]
    assert len(statements) > 5
    if connection.vendor == "postgresql":
        return  # its planner reads small tables whole whatever the indexes
    for statement in statements:
        with connection.cursor() as cursor:
            plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
        assert "SCAN" not in plan, f"{statement}\n{plan}"


@pytest.mark.spec("S-07", "ASVS 14.2.7")
def test_the_command_prints_what_it_removed(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        web.get_code(visitor)
    with time_machine.travel(now + timedelta(days=2), tick=False):
        printed = StringIO()
        call_command("prune", "--json", stdout=printed)
        assert json.loads(printed.getvalue()) == {
            "codes": 1,
            "access_tokens": 0,
            "refresh_tokens": 0,
            "token_families": 1,
            "failure_counts": 0,
            "sent_forms": 0,
            "sessions": 1,
            "listed_sessions": 0,
            "one_time_links": 0,
            "logos": 0,
            "keys": 0,
            "secrets": 0,
            "events": 0,
        }
        printed = StringIO()
        call_command("prune", stdout=printed)
        assert "codes: 0\n" in printed.getvalue()
    with pytest.raises(CommandError, match="--batch"):
        call_command("prune", "--batch", "0")
