"""What the doctor says of the database, and of what is in it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.models import Organization, PasswordRule, Role
from audit.actors import Actor
from audit.models import Event, EventKind
from common.key_file import KeyFile
from oauthapps.rules.app_types import AppType
from server.doctor.contents import check_administrators, check_applications
from server.doctor.database import (
    check_clock,
    check_database,
    check_migrations,
    check_stored_secrets,
)
from server.doctor.examination import examine
from server.doctor.findings import Level
from tests.factories import AdministratorFactory, UserFactory, make_application, make_provider
from tests.server.doctor.conftest import only

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


@pytest.mark.spec("O-76", "operation")
def test_it_names_the_database_and_its_version() -> None:
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    findings = [finding for finding in check_database() if finding.level is Level.OK]
    for finding in findings:
        assert finding.sentence.startswith(f"The database is {names[connection.vendor]}, ")
    # servers that tests start forget what they confirmed, to be quick
    assert findings or connection.vendor == "postgresql"


@pytest.mark.spec("O-76", "operation")
def test_migrations_that_are_missing_or_newer_are_errors() -> None:
    assert only(check_migrations).level is Level.OK
    MigrationRecorder(connection).record_applied("audit", "9999_next")
    finding = only(check_migrations)
    assert (finding.level, "audit.9999_next" in finding.sentence) == (Level.ERROR, True)
    MigrationRecorder(connection).record_unapplied("audit", "9999_next")
    newest = max(name for app, name in MigrationRecorder(connection).applied_migrations() if app == "audit")
    MigrationRecorder(connection).record_unapplied("audit", newest)
    finding = only(check_migrations)
    assert (finding.level, "Run manage.py migrate" in finding.advice) == (Level.ERROR, True)


@pytest.mark.spec("O-76", "operation")
def test_after_an_error_about_the_database_nothing_else_is_asked_of_it(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.BASE_URL = "", "http://localhost:9"
    checks = [finding.check for finding in examine()]
    assert {"database", "migrations", "clock", "prune"} <= set(checks)
    MigrationRecorder(connection).record_applied("audit", "9999_next")
    assert [finding.check for finding in examine()][-1] == "migrations"


@pytest.mark.spec("O-77", "RFC 7519 §4.1.4")
@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.OK), (-30, Level.WARNING), (30, Level.WARNING), (3600, Level.ERROR)]
)
def test_a_clock_that_differs_from_the_database_servers_is_reported(
    monkeypatch: pytest.MonkeyPatch, seconds: int, level: Level
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + seconds)
    assert only(check_clock).level is level


@pytest.mark.spec("O-77", "RFC 7519 §4.1.4")
def test_a_clock_behind_what_has_happened_is_an_error() -> None:
    Event.objects.record(EventKind.ORGANIZATION_CHANGED, actor=Actor.command("test"))
    assert {finding.level for finding in check_clock()} == {Level.OK}
    Event.objects.update(at=timezone.now() + timedelta(hours=2))
    assert Level.ERROR in {finding.level for finding in check_clock()}


@pytest.mark.spec("O-78", "ASVS 13.3.1")
def test_what_another_key_encrypted_is_an_error(settings: Settings) -> None:
    assert only(check_stored_secrets).level is Level.OK
    secret = get_adapter().encrypt("JBSWY3DPEHPK3PXP")
    Authenticator.objects.create(
        user=UserFactory.create(), type=Authenticator.Type.TOTP, data={"secret": secret}
    )
    assert "can be read" in only(check_stored_secrets).sentence
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-the-test-suite"
    assert only(check_stored_secrets).level is Level.ERROR


@pytest.mark.spec("O-78", "ASVS 13.3.1")
def test_a_lost_key_of_a_database_in_use_is_an_error(settings: Settings, tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "secret_key")
    settings.KEY_FILE, settings.SECRET_KEY = file, file.read()
    assert only(check_stored_secrets).level is Level.OK
    UserFactory.create()
    finding = only(check_stored_secrets)
    assert (finding.level, "doesn't start" in finding.sentence) == (Level.ERROR, True)


@pytest.mark.spec("O-78", "the product's limit")
def test_it_says_how_many_applications_there_may_still_be(settings: Settings) -> None:
    settings.APPLICATION_LIMIT = 2
    make_application(AppType.WEB)
    finding = only(check_applications)
    assert (finding.level, finding.sentence[:17]) == (Level.OK, "1 of 2 applicatio")
    make_application(AppType.WEB)
    assert only(check_applications).level is Level.WARNING


@pytest.mark.spec("O-78", "ASVS 6.3.3")
def test_administrators_without_a_second_factor_or_with_a_generated_password_are_named() -> None:
    assert only(check_administrators).level is Level.ERROR
    ada = AdministratorFactory.create(username="ada")
    finding = only(check_administrators)
    assert (finding.level, "auditors: ada." in finding.sentence) == (Level.WARNING, True)
    Authenticator.objects.create(user=ada, type=Authenticator.Type.WEBAUTHN, data={})
    assert only(check_administrators).level is Level.OK
    ada.must_change_password = True
    ada.save()
    assert "The password of ada was generated" in only(check_administrators).sentence
    UserFactory.create(username="bo", role=Role.MEMBER)
    assert "bo" not in only(check_administrators).sentence


@pytest.mark.spec("O-78", "ASVS 6.3.3")
def test_whoever_signs_in_with_a_provider_alone_needs_no_second_factor_here() -> None:
    AdministratorFactory.create(username="ada")
    bo = AdministratorFactory.create(username="bo")
    bo.set_unusable_password()
    bo.save()
    assert "auditors: ada." in only(check_administrators).sentence
    make_provider()
    Organization.current()
    Organization.objects.update(password_rule=PasswordRule.EMERGENCY)
    assert only(check_administrators).level is Level.OK
