"""The secret key is replaced, the server starts again, and whoever had something has it still."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.former_keys import FormerKey, read_former_keys, write_former_keys
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.infrastructure.installation import ADMIN, Installation
from tests.stories.conftest import manage
from tests.stories.owners import Owner, Visitor
from tests.stories.test_backup import CALLBACK, databases, refresh, refresh_token

pytestmark = pytest.mark.story

ENCRYPTED_BY = """
import sys
from allauth.mfa.models import Authenticator
from django.conf import settings
from accounts.security.ciphers import SECOND_FACTORS, cipher_under
secret = Authenticator.objects.get(type="totp").data["secret"]
cipher_under([settings.SECRET_KEY], SECOND_FACTORS).decrypt(secret.encode())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with databases(request.param) as (database, _):
        installation = Installation(tmp_path / "gatehouse", ADMIN | database)
        installation.start()
        yield installation
        installation.kill()


@pytest.mark.spec("O-52", "ASVS 11.2.2, 13.3.4")
def test_sessions_tokens_and_second_factors_go_on(served: Installation) -> None:
    owner = Owner(Visitor(served.base_url), SoftAuthenticator(served.base_url))
    owner.set_up()
    options = ("--type", "web", "--name", "Kept", "--redirect-url", CALLBACK)
    application = manage(served, "create_application", *options)
    token = refresh_token(owner.session, application)
    key = served.folder / "var" / "secret_key"
    former = key.read_text()

    done = served.manage("rotate_secret_key", "--days", "3")
    assert done.returncode == 0, done.stderr
    assert ("If other servers use this database" in done.stdout) is ("DATABASE_URL" in served.environment)
    assert owner.session.is_signed_in()  # until it starts again, the server goes on with the former key
    assert key.read_text() != former
    assert former.strip() not in done.stdout
    assert key.read_text().strip() not in done.stdout
    file = key.with_name("secret_key_fallbacks")
    assert {stat.S_IMODE(each.stat().st_mode) for each in (key, file)} == {0o600}
    [kept] = read_former_keys(file)
    assert kept.key == former.strip()
    assert timedelta(days=2, hours=23) < kept.until - datetime.now(UTC) <= timedelta(days=3)
    assert re.search(rf"accepted until {kept.until:%Y-%m-%d %H:%M} UTC", done.stdout)

    served.stop()
    served.start()
    assert owner.session.is_signed_in()
    assert served.manage("shell", "--no-imports", "-c", ENCRYPTED_BY).returncode == 0
    assert refresh(served.base_url, application, token).status_code == 200
    assert owner.signed_in_with_app(served.base_url)
    assert owner.signed_in_with_recovery_code(served.base_url)
    assert owner.signed_in_with_passkey(served.base_url)
    served.stop()


@pytest.mark.spec("O-53", "ASVS 11.2.2, 13.3.4")
def test_a_key_that_somebody_has_seen_ends_sessions_and_no_second_factor(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", ADMIN)
    with installation:
        owner = Owner(Visitor(installation.base_url), SoftAuthenticator(installation.base_url))
        owner.set_up()
        assert installation.manage("rotate_secret_key", "--days", "0").returncode == 0
    with installation:
        assert not owner.session.is_signed_in()
        assert owner.signed_in_with_app(installation.base_url)
        assert not (installation.folder / "var" / "secret_key_fallbacks").exists()  # of no use any more


@pytest.mark.spec("O-53", "ASVS 11.2.2, 13.3.4")
def test_a_server_that_starts_long_after_the_rotation_reads_second_factors(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "gatehouse", ADMIN)
    file = installation.folder / "var" / "secret_key_fallbacks"
    with installation:
        owner = Owner(Visitor(installation.base_url), SoftAuthenticator(installation.base_url))
        owner.set_up()
        assert installation.manage("rotate_secret_key").returncode == 0
        [former] = read_former_keys(file)
    write_former_keys(file, [FormerKey(key=former.key, until=datetime.now(UTC) - timedelta(days=300))])
    with installation:
        assert owner.signed_in_with_app(installation.base_url)


@pytest.mark.spec("O-52", "ASVS 11.2.2, 13.3.4")
def test_former_keys_are_in_a_backup(tmp_path: Path) -> None:
    first = Installation(tmp_path / "first", {})
    assert first.manage("organization").returncode == 0
    for _ in range(2):
        assert first.manage("rotate_secret_key").returncode == 0
    made = first.manage("backup", str(tmp_path / "backup"))
    assert made.returncode == 0, made.stderr
    second = Installation(tmp_path / "second", {}, first_run=True)
    done = second.manage("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stderr
    files = [each.folder / "var" / "secret_key_fallbacks" for each in (first, second)]
    assert len(read_former_keys(files[1])) == 2
    assert files[0].read_text() == files[1].read_text()


@pytest.mark.spec("O-52", "ASVS 11.2.2, 13.3.4")
@pytest.mark.parametrize(
    ("environment", "days", "said"),
    [
        ({"SECRET_KEY": "a-key-in-the-environment-0123456789"}, "7", "SECRET_KEY is set in the environment"),
        ({}, "-1", "--days must be a number from 0 to 365."),
        ({}, "366", "--days must be a number from 0 to 365."),
    ],
)
def test_what_cannot_be_rotated_is_left_alone(
    tmp_path: Path, environment: dict[str, str], days: str, said: str
) -> None:
    installation = Installation(tmp_path / "gatehouse", environment)
    done = installation.manage("rotate_secret_key", "--days", days)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (installation.folder / "var" / "secret_key_fallbacks").exists()
