"""What the doctor says of settings, files and disks."""

from __future__ import annotations

import shutil
from collections import namedtuple
from typing import TYPE_CHECKING

import pytest

from server.doctor.configuration import check_proxy, check_settings, check_tokens_in_urls
from server.doctor.files import check_disk, check_files, check_secret_key
from server.doctor.findings import Level
from tests.server.doctor.conftest import only

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from common.key_file import KeyFile

HTTPS, LOCAL, PLAIN = "https://gatehouse.example", "http://localhost:8000", "http://gatehouse.example"


@pytest.mark.spec("O-71", "ASVS 13.4.2")
def test_settings_that_no_server_starts_with_are_errors(settings: Settings) -> None:
    settings.BASE_URL = HTTPS
    assert only(check_settings).level is Level.OK
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["*"]
    assert [finding.level for finding in check_settings()] == [Level.ERROR, Level.ERROR, Level.OK]


@pytest.mark.spec("O-71", "ASVS 12.2.1")
def test_plain_http_beyond_this_machine_is_a_warning_where_it_is_allowed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_HTTP", "1")
    settings.BASE_URL = LOCAL
    assert only(check_settings).level is Level.OK
    settings.BASE_URL = PLAIN
    assert only(check_settings).level is Level.WARNING


@pytest.mark.spec("O-71", "ASVS 14.2.1")
def test_tokens_in_urls_are_a_warning(settings: Settings) -> None:
    settings.ALLOW_SESSION_ID_IN_URL = False
    assert only(check_tokens_in_urls).level is Level.OK
    settings.ALLOW_SESSION_ID_IN_URL = True
    assert only(check_tokens_in_urls).level is Level.WARNING


@pytest.mark.spec("O-72", "RFC 7239 §8.1")
@pytest.mark.parametrize(
    ("url", "proxies", "level"),
    [
        (HTTPS, 0, Level.ERROR),
        (HTTPS, 1, Level.OK),
        (HTTPS, 2, Level.OK),
        (LOCAL, 0, Level.OK),
        (LOCAL, 1, Level.WARNING),
    ],
)
def test_trusted_proxies_fit_the_url(settings: Settings, url: str, proxies: int, level: Level) -> None:
    settings.BASE_URL, settings.TRUSTED_PROXIES = url, proxies
    assert only(check_proxy).level is level


@pytest.mark.spec("O-71", "ASVS 13.3.1")
def test_it_says_where_the_key_comes_from(
    key_file: KeyFile, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(check_secret_key).sentence == "The secret key is given by the environment."
    monkeypatch.delenv("SECRET_KEY")
    assert str(key_file.path) in only(check_secret_key).sentence
    key_file.path.rename(key_file.draft)
    settings.SECRET_KEY = key_file.read()
    assert only(check_secret_key).level is Level.WARNING


@pytest.mark.spec("O-73", "ASVS 13.3.2")
def test_files_that_others_can_read_or_replace_are_errors(
    db: None, key_file: KeyFile, settings: Settings, tmp_path: Path
) -> None:
    key_file.path.chmod(0o640)
    (finding,) = [each for each in check_files() if str(key_file.path) in each.sentence]
    assert (finding.level, finding.advice) == (Level.ERROR, f"chmod 600 {key_file.path}")
    key_file.path.chmod(0o600)
    tmp_path.chmod(0o770)
    (finding,) = [each for each in check_files() if str(tmp_path) in each.sentence]
    assert finding.level is Level.ERROR
    tmp_path.chmod(0o700)
    assert not [each for each in check_files() if str(tmp_path) in each.sentence]


@pytest.mark.spec("O-73", "ASVS 15.2.2")
@pytest.mark.parametrize(
    ("free", "level"), [(50, Level.ERROR), (500, Level.WARNING), (5000, Level.OK)], ids=str
)
def test_a_disk_that_fills_up_is_reported_before_it_is_full(
    key_file: KeyFile, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024  # as shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, free * 1_000_000))
    assert {finding.level for finding in check_disk()} == {level}
