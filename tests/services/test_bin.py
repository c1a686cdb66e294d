"""The bin: what comes back with a deleted application, what never does, and who wins where several act."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work
from oauthapps.errors import ApplicationLimitError, NameTakenError, NotInBinError, StillEndingError
from oauthapps.models import (
    AccessToken,
    Application,
    ClientSecret,
    Consent,
    Logo,
    PublicKey,
    RedirectURL,
    TokenFamily,
)
from oauthapps.rules.app_types import AppType
from oauthapps.rules.credential_values import digest
from oauthapps.services import bin as services
from oauthapps.services.apis import create_api
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.bin import purge_application, restore_application
from oauthapps.services.cleanup import prune
from oauthapps.services.credentials import add_key, delete_keys_of
from oauthapps.services.scopes import NewScope, delete_scope
from tests.console.test_status import give_access
from tests.factories import UserFactory, allow_scopes, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.parallel import all_at_once

pytestmark = pytest.mark.django_db
THERE = Actor.command("tests")
KEPT = (RedirectURL, ClientSecret, PublicKey, Logo, Consent)


@pytest.fixture
def person() -> User:
    person: User = UserFactory.create()
    return person


@pytest.fixture
def application(person: User) -> Application:
    """A Web application with one of everything, and a person with access."""
    application = make_application(
        AppType.WEB, name="Field app", settings={"description": "Visits"}
    ).application
    add_key(application, public_pem(SIGNING_KEY), user=None, actor=THERE)
    Logo.objects.create(application=application, png=b"png", digest="0" * 64)
    give_access(application, person)
    return application


def rows_of(application: Application) -> dict[str, list[Any]]:
    return {
        model.__name__: list(model._base_manager.filter(application=application).order_by("pk").values())
        for model in KEPT
    }


def fields_of(application: Application) -> dict[str, Any]:
    changing = {"updated"}
    found = Application.objects.filter(pk=application.pk).values().get()
    return {name: value for name, value in found.items() if name not in changing}


@pytest.mark.spec("U-120", "the console")
def test_everything_but_the_tokens_comes_back(application: Application, person: User) -> None:
    before, rows = fields_of(application), rows_of(application)
    machine = make_application(AppType.MACHINE_TO_MACHINE).application
    AccessToken.objects.create(
        application=machine, token_checksum=digest("m"), expires=timezone.now() + timedelta(hours=1)
    )
    for each in (application, machine):
        delete_application(each, actor=THERE)
        restore_application(each, actor=THERE)
    assert fields_of(application) == before
    assert rows_of(application) == rows
    assert Event.objects.filter(application=application, kind=EventKind.APPLICATION_RESTORED).count() == 1
    family = TokenFamily.objects.get(application=application)
    assert family.end_reason == "application_deleted"
    assert not AccessToken.objects.not_ended().exists()
    assert Consent.objects.in_force().filter(user=person).exists()


@pytest.mark.spec("U-120", "the console")
def test_a_disabled_application_stays_disabled(application: Application) -> None:
    disable_application(application, actor=THERE)
    delete_application(application, actor=THERE)
    restore_application(application, actor=THERE)
    application.refresh_from_db()
    assert application.is_live
    assert not application.is_enabled


@pytest.mark.spec("U-121", "the console")
def test_the_bin_keeps_it_for_thirty_days_by_the_clock_and_then_all_it_had_goes(
    application: Application, person: User
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        delete_application(application, actor=THERE)
    kept = rows_of(application)
    with time_machine.travel(now + timedelta(days=30) - timedelta(seconds=1), tick=False):
        assert prune().purged_applications == 0
        assert rows_of(application) == kept
        assert Application.objects.in_bin().get().days_left_in_bin == 1
    with time_machine.travel(now + timedelta(days=30), tick=False):
        with pytest.raises(NotInBinError):
            restore_application(application, actor=THERE)
        removed = prune()
    assert (removed.purged_applications, removed.logos, removed.keys, removed.secrets) == (1, 1, 1, 1)
    assert removed.consents == 1
    assert not TokenFamily.objects.exists()
    application.refresh_from_db()
    assert application.purged_at == now + timedelta(days=30)
    event = Event.objects.get(kind=EventKind.APPLICATION_PURGED)
    assert (event.actor_name, event.application) == ("Housekeeping", application)


@pytest.mark.spec("U-121", "the console")
def test_delete_now_ends_it_at_once(application: Application) -> None:
    delete_application(application, actor=THERE)
    purge_application(application, actor=THERE)
    with pytest.raises(NotInBinError):
        restore_application(application, actor=THERE)
    with pytest.raises(NotInBinError):
        purge_application(application, actor=THERE)
    prune()
    rows = rows_of(application)
    assert not any(rows[name] for name in ("ClientSecret", "PublicKey", "Logo", "Consent"))
    assert Event.objects.filter(kind=EventKind.APPLICATION_PURGED).count() == 1


@pytest.mark.spec("U-122", "the console")
def test_a_full_installation_and_a_taken_name_are_explained(
    application: Application, settings: Settings
) -> None:
    settings.APPLICATION_LIMIT = 1
    delete_application(application, actor=THERE)
    other = make_application(AppType.SINGLE_PAGE, name="FIELD  app").application
    with pytest.raises(NameTakenError, match="Field app"):
        restore_application(application, actor=THERE)
    with pytest.raises(ApplicationLimitError):
        restore_application(application, actor=THERE, name="Field app 2")
    delete_application(other, actor=THERE)
    restore_application(application, actor=THERE, name="Field app 2")
    event = Event.objects.get(kind=EventKind.APPLICATION_RESTORED)
    assert (event.before, event.after) == ({"Name": "Field app"}, {"Name": "Field app 2"})


@pytest.mark.spec("U-123", "RFC 9700 §4.14")
def test_nothing_is_restored_before_all_that_was_issued_has_ended(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_application(application, actor=THERE)
    monkeypatch.setattr(services, "BUDGET_SECONDS", -1)
    with pytest.raises(StillEndingError):
        restore_application(application, actor=THERE)
    application.refresh_from_db()
    assert not application.is_live
    assert prune().ended_token_families == 1
    monkeypatch.undo()
    restore_application(application, actor=THERE)


@pytest.mark.spec("U-123", "RFC 9700 §4.14")
def test_what_is_issued_after_a_restore_is_not_ended_by_what_began_before(
    application: Application, person: User
) -> None:
    delete_application(application, actor=THERE)
    families = services.families_of(application)
    restore_application(application, actor=THERE)
    TokenFamily.objects.all().delete()
    Consent.objects.all().delete()
    give_access(application, person)
    services.end_some(families, services.end_families, 0, Work())
    assert TokenFamily.objects.alive().count() == 1


@pytest.mark.spec("U-124", "RFC 9700 §4.14")
def test_what_ended_meanwhile_does_not_come_back(application: Application, person: User) -> None:
    machine = make_application(AppType.MACHINE_TO_MACHINE).application
    add_key(machine, public_pem(SIGNING_KEY), user=person, actor=THERE)
    delete_application(machine, actor=THERE)
    delete_keys_of(person, actor=THERE)
    restore_application(machine, actor=THERE)
    assert not machine.keys.live().exists()
    scope = NewScope(name="invoices:read", sentence="Read your invoices")
    api = create_api(
        name="Invoices", identifier="https://invoices.example.com", actor=THERE, new_scopes=[scope]
    )
    allow_scopes(application, ["read", scope.name])
    delete_application(application, actor=THERE)
    delete_scope(api.scopes.get(), actor=THERE)
    restore_application(application, actor=THERE)
    application.refresh_from_db()
    assert application.allowed_scope == "read"


def outcome(act: Callable[[], None]) -> str:
    try:
        act()
    except (NotInBinError, ApplicationLimitError) as error:
        return type(error).__name__
    return "done"


class TestRaces:
    pytestmark = [
        pytest.mark.django_db(transaction=True),
        pytest.mark.locking,
        pytest.mark.spec("U-122", "the console"),
    ]

    def test_of_several_restores_at_once_one_gets_through(self) -> None:
        application = make_application(AppType.WEB).application
        delete_application(application, actor=THERE)
        outcomes = all_at_once([lambda: outcome(lambda: restore_application(application, actor=THERE))] * 6)
        assert sorted(outcomes) == ["NotInBinError"] * 5 + ["done"]
        assert Event.objects.filter(kind=EventKind.APPLICATION_RESTORED).count() == 1

    def test_a_restore_and_a_purge_at_once_agree(self) -> None:
        for number in range(5):
            application = make_application(AppType.WEB, name=f"App {number}").application
            delete_application(application, actor=THERE)
            acts = [
                lambda app=application: outcome(lambda: restore_application(app, actor=THERE)),
                lambda app=application: outcome(lambda: purge_application(app, actor=THERE)),
            ]
            assert sorted(all_at_once(acts)) == ["NotInBinError", "done"]
            application.refresh_from_db()
            assert application.is_live != bool(application.purged_at)

    def test_restores_never_exceed_the_limit(self, settings: Settings) -> None:
        settings.APPLICATION_LIMIT = 6
        applications = [make_application(AppType.WEB, name=f"App {n}").application for n in range(6)]
        for application in applications:
            delete_application(application, actor=THERE)
        for number in range(3):
            make_application(AppType.WEB, name=f"Other {number}")
        acts = [
            lambda app=application: outcome(lambda: restore_application(app, actor=THERE))
            for application in applications
        ]
        assert sorted(all_at_once(acts)) == ["ApplicationLimitError"] * 3 + ["done"] * 3
        assert Application.objects.live().count() == 6
