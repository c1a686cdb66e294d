"""Auditors among people: where a role is chosen, told, and what it counts for."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.backend import PasswordBackend
from accounts.models import Organization, Role, User
from accounts.services.people import change_person
from accounts.services.second_factor_rule import second_factor_deadline, without_second_factor
from audit.actors import Actor
from oauthapps.services.activation import deactivate
from tests.accounts.test_commands import CREATE_USER, Terminal
from tests.console.conftest import browser_of
from tests.factories import PASSWORD, AdministratorFactory, AuditorFactory, UserFactory

pytestmark = pytest.mark.django_db

COMMAND = Actor.command("tests")
PEOPLE, EXPORT = "/people/", "/people/export.csv"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


@pytest.mark.spec("I-154", "the console")
def test_somebody_is_invited_as_an_auditor_and_made_one_later() -> None:
    console = browser_of(AdministratorFactory.create())
    wanted = {"username": "grace", "email": "grace@example.org", "role": "auditor"}
    console.send(console.get("/people/new"), **wanted)
    assert User.objects.get(username="grace").role == Role.AUDITOR
    member = UserFactory.create()
    page = console.send(console.get(f"/people/{member.user_id}/edit/"), role="auditor")
    assert "RoleAuditor" in console.follow(page).text
    member.refresh_from_db()
    assert member.is_auditor
    assert not member.is_administrator


@pytest.mark.spec("I-154", "the console")
def test_people_are_found_and_exported_by_that_role() -> None:
    console = browser_of(AdministratorFactory.create())
    auditor = AuditorFactory.create()
    assert "1 person found" in console.get(PEOPLE, role="auditor").text
    answer = console.client.get(EXPORT, {"role": "auditor"})
    rows = csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig")))
    assert [(row["Username"], row["Role"]) for row in rows] == [(auditor.username, "Auditor")]


@pytest.mark.spec("I-154", "the console")
def test_the_command_makes_auditors(terminal: Terminal) -> None:
    printed = terminal.run(*CREATE_USER, "--role", "auditor", stdin=PASSWORD + "\n")
    assert User.objects.get(user_id=printed["user_id"]).role == Role.AUDITOR


@pytest.mark.spec("I-155", "the console")
def test_auditors_are_no_administrators_who_could_be_the_last() -> None:
    administrator = AdministratorFactory.create()
    AuditorFactory.create_batch(2)
    with pytest.raises(ValidationError, match="last active administrator"):
        change_person(administrator, {"role": Role.AUDITOR}, actor=COMMAND)
    with pytest.raises(ValidationError, match="last active administrator"):
        deactivate(administrator, actor=COMMAND)
    AdministratorFactory.create()
    change_person(administrator, {"role": Role.AUDITOR}, actor=COMMAND)
    administrator.refresh_from_db()
    assert administrator.is_auditor


def require_second_factor(days_ago: int) -> None:
    Organization.current()
    Organization.objects.update(second_factor_required_at=timezone.now() - timedelta(days=days_ago))
    User.objects.update(joined_at=timezone.now() - timedelta(days=90))


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_auditors_need_the_second_factor_that_is_required() -> None:
    auditor, member = AuditorFactory.create(), UserFactory.create()
    require_second_factor(days_ago=3)
    page = browser_of(auditor).get("/security/")
    assert "requires administrators and auditors to have a second factor" in page.text
    require_second_factor(days_ago=8)
    page = browser_of(auditor).get("/console/applications/")
    assert (page.status, page.heading) == (403, "Set up a second factor to continue")
    assert second_factor_deadline(member) is None
    assert list(without_second_factor()) == [auditor]


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_whoever_was_no_member_before_gains_no_time_by_another_role() -> None:
    auditor, member = AuditorFactory.create(), UserFactory.create()
    AdministratorFactory.create()
    require_second_factor(days_ago=30)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        change_person(auditor, {"role": role}, actor=COMMAND)
        found = PasswordBackend().get_user(auditor.pk)
        assert found is not None
        assert getattr(second_factor_deadline(found), "is_over", None) is True
    change_person(member, {"role": Role.AUDITOR}, actor=COMMAND)
    member.refresh_from_db()
    assert getattr(second_factor_deadline(member), "is_over", None) is False
