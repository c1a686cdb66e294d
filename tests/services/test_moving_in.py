"""An application is marked as moving in, with what it may do until when."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from audit.actors import Actor
from audit.models import Event
from oauthapps.errors import InvalidExceptionError
from oauthapps.models import Application, MovingIn
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from oauthapps.services.moving_in import begin, exceptions_of
from tests.factories import make_application

pytestmark = pytest.mark.django_db

IMPORT = Actor.command("import")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
LAST_DAY = date(2027, 2, 1)
ALL = {"long_assertions": LAST_DAY, "repeated_jti": LAST_DAY, "session_id_in_url": LAST_DAY}


@pytest.fixture(autouse=True)
def december() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def machine_application(db: None) -> Application:
    return make_application(AppType.MACHINE_TO_MACHINE).application


def recorded() -> list[tuple[str, str, object, object]]:
    rows = Event.objects.filter(kind__regex="^(moving_in|exception):").order_by("id")
    return [(event.kind, event.detail, event.before, event.after) for event in rows]


@pytest.mark.spec("O-120", "operation; ASVS 16.3")
def test_an_application_moves_in_with_its_exceptions(machine_application: Application) -> None:
    assert begin(machine_application, exceptions=ALL, actor=IMPORT)
    assert MovingIn.objects.unfinished().get().application == machine_application
    assert exceptions_of(machine_application) == ALL
    assert recorded() == [
        ("moving_in:begin", "", {}, {}),
        ("exception:add", "JWTs valid for more than 24 hours", {}, {"Last day": "2027-02-01"}),
        ("exception:add", "JWTs whose jti was used before", {}, {"Last day": "2027-02-01"}),
        ("exception:add", "Access tokens in URLs (?sessionID=)", {}, {"Last day": "2027-02-01"}),
    ]


@pytest.mark.spec("O-120", "operation")
def test_the_same_again_changes_nothing(machine_application: Application) -> None:
    begin(machine_application, exceptions=ALL, actor=IMPORT)
    before = recorded()
    assert not begin(machine_application, exceptions=ALL, actor=IMPORT)
    assert not begin(machine_application, exceptions={}, actor=IMPORT)
    assert exceptions_of(machine_application) == ALL
    assert recorded() == before


@pytest.mark.spec("O-120", "ASVS 16.3")
def test_another_last_day_is_a_change(machine_application: Application) -> None:
    begin(machine_application, exceptions={"repeated_jti": LAST_DAY}, actor=IMPORT)
    machine_application.dated_exceptions.update(times_needed=3)
    assert begin(machine_application, exceptions={"repeated_jti": date(2027, 1, 1)}, actor=IMPORT)
    assert recorded()[-1] == (
        "exception:change",
        "JWTs whose jti was used before",
        {"Last day": "2027-02-01"},
        {"Last day": "2027-01-01"},
    )
    assert machine_application.dated_exceptions.get().times_needed == 3


@pytest.mark.spec("O-120", "operation")
def test_one_that_had_ended_begins_anew(machine_application: Application) -> None:
    begin(machine_application, exceptions={"repeated_jti": date(2026, 12, 1)}, actor=IMPORT)
    machine_application.dated_exceptions.update(times_needed=3)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        begin(machine_application, exceptions={"repeated_jti": LAST_DAY}, actor=IMPORT)
    assert [kind for kind, *_ in recorded()] == ["moving_in:begin", "exception:add", "exception:add"]
    assert machine_application.dated_exceptions.get().times_needed == 0


@pytest.mark.spec("O-120", "operation")
@pytest.mark.parametrize(
    ("app_type", "exceptions", "reason"),
    [
        (AppType.MACHINE_TO_MACHINE, {"no_signature": LAST_DAY}, "There is no exception 'no_signature'"),
        (AppType.WEB, {"long_assertions": LAST_DAY}, "only for applications that exchange JWTs"),
        (AppType.SINGLE_PAGE, {"repeated_jti": LAST_DAY}, "only for applications that exchange JWTs"),
        (AppType.WEB, {"session_id_in_url": date(2027, 12, 3)}, "can last until 2027-12-02 at most"),
    ],
)
def test_what_cannot_be_had_changes_nothing(
    app_type: AppType, exceptions: dict[str, date], reason: str
) -> None:
    application = make_application(app_type).application
    with pytest.raises(InvalidExceptionError, match=reason):
        begin(application, exceptions={"session_id_in_url": LAST_DAY, **exceptions}, actor=IMPORT)
    assert not MovingIn.objects.exists()
    assert recorded() == []


@pytest.mark.spec("O-120", "operation")
def test_what_was_deleted_does_not_move_in(machine_application: Application) -> None:
    delete_application(machine_application, actor=IMPORT)
    with pytest.raises(Application.DoesNotExist):
        begin(machine_application, exceptions=ALL, actor=IMPORT)
    assert not MovingIn.objects.exists()
