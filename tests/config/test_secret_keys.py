"""Former secret keys: where they come from, and how long they are good for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from common.former_keys import FormerKey, read_former_keys, write_former_keys
from config.secret_keys import former_keys

A, B, C = (f"{letter}-key-of-32-characters-or-more-0123" for letter in "abc")
NOW = datetime.now(UTC).replace(microsecond=0)

pytestmark = pytest.mark.spec("O-52", "ASVS 11.2.2, 13.3.4")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SECRET_KEY_FALLBACKS", raising=False)
    return tmp_path / "secret_key_fallbacks"


def test_there_are_none_at_first(file: Path) -> None:
    assert former_keys(file).accepted == former_keys(file).expired == []


def test_those_of_the_environment_and_of_the_file_are_accepted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", f"{A}  {B}")
    write_former_keys(file, [FormerKey(key=C, until=NOW + timedelta(hours=1))])
    assert former_keys(file).accepted == [A, B, C]


def test_after_its_time_a_key_is_not_accepted(file: Path) -> None:
    kept = [FormerKey(key=A, until=NOW + timedelta(hours=1)), FormerKey(key=B, until=NOW)]
    write_former_keys(file, kept)
    assert read_former_keys(file) == kept
    assert (former_keys(file).accepted, former_keys(file).expired) == ([A], [B])
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_without_keys_is_removed(file: Path) -> None:
    write_former_keys(file, [FormerKey(key=A, until=NOW)])
    write_former_keys(file, [])
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize("given", ["short", f"{A} changechangechangechangechangechange"])
def test_a_weak_one_does_not_start(file: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", given)
    with pytest.raises(ImproperlyConfigured, match="Each key of SECRET_KEY_FALLBACKS must"):
        former_keys(file)


def test_a_file_of_something_else_does_not_start(file: Path) -> None:
    file.write_text(f"{A}\n")
    with pytest.raises(ImproperlyConfigured, match="has a line that is no time and key") as caught:
        former_keys(file)
    assert A not in str(caught.value)


def test_no_representation_shows_a_key(file: Path) -> None:
    write_former_keys(file, [FormerKey(key=A, until=NOW)])
    assert A not in f"{read_former_keys(file)} {former_keys(file)}"
