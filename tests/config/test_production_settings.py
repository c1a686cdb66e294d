"""What an installation's environment makes of its settings, and what does not start."""

from __future__ import annotations

import hashlib
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from common.key_file import KeyFile
from config import env, secret_keys

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set no variable of ours but those of a valid https installation behind a proxy."""
    for name in (
        "ALLOW_HTTP",
        "SECRET_KEY_FILE",
        "BASE_URL_FILE",
        "DEBUG",
        "ALLOW_SESSION_ID_IN_URL",
        "IDENTITY_PROVIDER_PRIVATE",
        "FORWARDED_HEADER",
        "EVENT_DAYS",
        "REQUEST_DAYS",
        "REQUEST_ROWS",
        "LOG_FORMAT",
        "METRICS",
        "METRICS_TOKEN",
        "APPLICATION_LIMIT",
        "REFRESH_TOKEN_REUSE_SECONDS",
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
        ("IDENTITY_PROVIDER_PRIVATE", "maybe"),
        ("EVENT_DAYS", "0"),
        ("EVENT_DAYS", "a year"),
        ("REQUEST_DAYS", "0"),
        ("REQUEST_ROWS", "999"),
        ("APPLICATION_LIMIT", "0"),
        ("APPLICATION_LIMIT", "1001"),
        ("APPLICATION_LIMIT", "ten"),
        ("METRICS_TOKEN", "prometheus"),
        ("LOG_FORMAT", "xml"),
        ("REFRESH_TOKEN_REUSE_SECONDS", "121"),
        ("REFRESH_TOKEN_REUSE_SECONDS", "-1"),
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
    file = KeyFile(tmp_path / "secret_key")
    key = secret_keys.secret_key(file)
    assert len(key) >= 50
    assert secret_keys.secret_key(file) == key
    assert file.draft.stat().st_mode & 0o777 == 0o600
    file.keep()
    assert secret_keys.secret_key(file) == key
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.spec("S-05", "ASVS 13.3")
@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_kept_key_that_was_cut_off_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    (tmp_path / "secret_key").write_text(content)
    with pytest.raises(ImproperlyConfigured, match="secret_key must have 32 characters"):
        secret_keys.secret_key(KeyFile(tmp_path / "secret_key"))


@pytest.mark.spec("O-64", "operation")
@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///data/own.sqlite3", "/srv/gatehouse/data/own.sqlite3"),
        ("sqlite:////data/own.sqlite3", "/data/own.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
        ("", "/srv/default.sqlite3"),
    ],
)
def test_a_relative_path_is_relative_to_the_project(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    assert env.database(Path("/srv/default.sqlite3"), Path("/srv/gatehouse"))["NAME"] == path


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


@pytest.mark.spec("S-06", "RFC 9700 §4.13")
def test_https_is_believed_only_behind_a_proxy(db: None, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    forged = {"X-Forwarded-Proto": "https"}
    assert Client().get("/accounts/login/", headers=forged).status_code == 301
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/accounts/login/", headers=forged).status_code == 200


@pytest.mark.spec("Y-54", "RFC 9700 §4.14.2")
def test_how_long_a_replaced_refresh_token_is_good_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert production()["REFRESH_TOKEN_REUSE_SECONDS"] == 30
    for seconds in (0, 120):
        monkeypatch.setenv("REFRESH_TOKEN_REUSE_SECONDS", str(seconds))
        assert production()["REFRESH_TOKEN_REUSE_SECONDS"] == seconds


@pytest.mark.spec("S-33", "ASVS 14.2.7")
def test_how_long_events_are_kept_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert production()["EVENT_DAYS"] == 365
    monkeypatch.setenv("EVENT_DAYS", "30")
    assert production()["EVENT_DAYS"] == 30


@pytest.mark.spec("C-08", "the product's limit")
def test_how_many_applications_there_may_be_is_a_setting(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert production()["APPLICATION_LIMIT"] == 10
    for limit in (1, 1000):
        monkeypatch.setenv("APPLICATION_LIMIT", str(limit))
        assert production()["APPLICATION_LIMIT"] == limit
    monkeypatch.setenv("APPLICATION_LIMIT", "1001")
    message = "APPLICATION_LIMIT must be a whole number from 1 to 1,000"
    with pytest.raises(ImproperlyConfigured, match=message):
        production()
