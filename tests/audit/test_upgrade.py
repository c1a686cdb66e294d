"""Events that were recorded when they belonged to another app."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from audit.models import Event
from tests.factories import UserFactory

TABLE = "oauthapps_event"
MOVED: list[tuple[str, str | None]] = [("audit", "0001_initial"), ("oauthapps", "0008_events_to_audit")]
EARLIER = [("audit", None), ("oauthapps", "0007_tokens_of_machines")]


def migrate_to(targets: list[tuple[str, str | None]]) -> Any:
    """Migrate, and return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    known = [(app, name) for app, name in targets if name]
    return MigrationExecutor(connection).loader.project_state(known).apps


def migrate_to_the_latest() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def constraints() -> dict[str, Any]:
    with connection.cursor() as cursor:
        return dict(connection.introspection.get_constraints(cursor, TABLE))


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Any]:
    yield migrate_to(EARLIER)
    migrate_to_the_latest()


def test_events_stay_where_they_are_and_keep_what_they_are_about(earlier: Any) -> None:
    Organization.current()
    person = UserFactory.create()
    application = earlier.get_model("oauthapps", "Application").objects.create(
        name="Web", app_type="web", slot=1
    )
    old = earlier.get_model("oauthapps", "Event")
    about = {"application_id": application.pk, "actor_id": person.pk, "person_id": person.pk}
    first = old.objects.create(kind="application:change", actor_name="Her", after={"Name": "Web"}, **about)
    second = old.objects.create(kind="sign_in:failure", address="2001:db8::", times=7)
    rows, named = list(old.objects.order_by("pk").values()), constraints()

    with CaptureQueriesContext(connection) as statements:
        moved = migrate_to(MOVED).get_model("audit", "Event")

    assert list(moved.objects.order_by("pk").values()) == rows
    assert constraints() == named
    assert [each for each in statements if TABLE in each["sql"]] == []
    migrate_to_the_latest()
    kept = Event.objects.get(pk=first.pk)
    assert (kept.application_id, kept.actor, kept.person) == (application.pk, person, person)
    assert person.events.get() == person.acts.get() == kept
    assert Event.objects.get(pk=second.pk).times == 7


def test_going_back_leaves_them_as_well(earlier: Any) -> None:
    migrate_to_the_latest()
    recorded = Event.objects.create(kind="sign_in:end", actor_name="Her")
    apps = migrate_to(EARLIER)
    assert apps.get_model("oauthapps", "Event").objects.get().pk == recorded.pk
