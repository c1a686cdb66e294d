"""How we talk to PostgreSQL."""

import select
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization
from config import env
from oauthapps.rules.app_types import AppType
from oauthapps.sql.execution import fetch_all, prepared_statements
from tests.factories import UserFactory, make_application
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def postgresql() -> Iterator[Any]:
    """A kept connection, as a worker has it between two requests."""
    if connection.vendor != "postgresql":
        pytest.skip("about PostgreSQL alone")
    kept = connection.copy()
    kept.settings_dict = {**connection.settings_dict, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    kept.connect()
    yield kept
    kept.close()


def wait_for_end(file_number: int) -> bool:
    """Wait until the server's last words have arrived."""
    return bool(select.select([file_number], [], [], 10)[0])


def next_request(kept: Any) -> None:
    """Do what happens to connections when a request begins."""
    kept.close_if_unusable_or_obsolete()
    with kept.cursor() as cursor:
        cursor.execute("SELECT 2")


def test_seeing_that_a_connection_still_stands_takes_no_statement(postgresql: Any) -> None:
    own = postgresql.connection
    with CaptureQueriesContext(postgresql) as captured:
        next_request(postgresql)
    assert [query["sql"] for query in captured] == ["SELECT 2"]
    assert postgresql.connection is own


def test_a_connection_that_the_server_ended_is_replaced(postgresql: Any) -> None:
    own = postgresql.connection
    with connection.cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [own.info.backend_pid])
    assert wait_for_end(own.fileno())
    next_request(postgresql)
    assert postgresql.connection is not own


def prepared_names(kept: Any) -> list[str]:
    with kept.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements WHERE name LIKE 'hot_%%' ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


def test_a_statement_is_prepared_once_for_values_of_every_size(postgresql: Any) -> None:
    values = [7, 40_000, 5_000_000_000, -1]
    found = [postgresql.prepared.run("SELECT %(n)s + 1, %(n)s::text", {"n": n}) for n in values]
    assert found == [[(n + 1, str(n))] for n in values]
    assert prepared_names(postgresql) == ["hot_1"]


def test_values_come_back_as_they_went(postgresql: Any) -> None:
    now = timezone.now()
    values = [now, "ä 'quoted' %s", None, True]
    (row,) = postgresql.prepared.run(
        "SELECT %(a)s, %(b)s::text, %(c)s::text, %(d)s", dict(zip("abcd", values, strict=True))
    )
    assert row == tuple(values)
    assert row[0].utcoffset() == timedelta(0)


def test_a_nul_is_refused_and_never_ends_a_text(postgresql: Any) -> None:
    with pytest.raises(psycopg.DataError):
        postgresql.prepared.run("SELECT 'a' = %(x)s", {"x": "a\0b"})
    assert postgresql.prepared.run("SELECT 'a' = %(x)s", {"x": "a"}) == [(True,)]


def test_what_the_server_refuses_has_its_own_error(postgresql: Any) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            postgresql.prepared.run("SELECT 1 / %(x)s", {"x": 0})
    assert postgresql.prepared.run("SELECT 1 / %(x)s", {"x": 1}) == [(1,)]
    assert prepared_names(postgresql) == ["hot_1"]
    with pytest.raises(psycopg.errors.UndefinedTable):
        postgresql.prepared.run("SELECT * FROM nowhere", {})


def test_a_statement_is_planned_anew_after_a_change_of_its_table(postgresql: Any) -> None:
    statement = "SELECT made FROM changing"
    with postgresql.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changing (made) AS SELECT 7")
        assert postgresql.prepared.run(statement, {}) == [(7,)]
        cursor.execute("ALTER TABLE changing ALTER made TYPE text")
    assert postgresql.prepared.run(statement, {}) == [("7",)]
    assert prepared_names(postgresql) == ["hot_2"]
    with postgresql.cursor() as cursor:
        cursor.execute("DEALLOCATE hot_2")
    assert postgresql.prepared.run(statement, {}) == [("7",)]


def test_a_connection_that_ends_under_a_statement_is_replaced_for_the_next_request(postgresql: Any) -> None:
    own = postgresql.connection
    assert postgresql.prepared.run("SELECT 1", {}) == [(1,)]
    with connection.cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s)", [own.info.backend_pid])
    assert wait_for_end(own.fileno())
    for _ in range(2):
        with pytest.raises(OperationalError), postgresql.wrap_database_errors:
            postgresql.prepared.run("SELECT 1", {})
    next_request(postgresql)
    assert postgresql.connection is not own
    assert postgresql.prepared.run("SELECT 1", {}) == [(1,)]


def test_a_statement_of_every_request_goes_straight(postgresql: Any) -> None:
    del postgresql  # which skips elsewhere
    used: Any = connection
    assert fetch_all("SELECT %(n)s + 100", {"n": 1}) == [(101,)]
    assert "SELECT %(n)s + 100" in used.prepared.known


def test_in_a_transaction_statements_are_part_of_it(postgresql: Any) -> None:
    Organization.current()
    renaming = "UPDATE accounts_organization SET name = %(name)s RETURNING name"
    with transaction.atomic():
        assert fetch_all(renaming, {"name": "undone"}) == [("undone",)]
        transaction.set_rollback(True)
    assert not Organization.objects.filter(name="undone").exists()
    assert fetch_all(renaming, {"name": "done"}) == [("done",)]
    assert Organization.objects.filter(name="done").exists()


def test_without_autocommit_statements_wait_for_django_to_commit(postgresql: Any) -> None:
    assert prepared_statements(postgresql) is postgresql.prepared
    postgresql.set_autocommit(False)
    assert prepared_statements(postgresql) is None


def test_no_statement_is_compiled_before_it_runs(postgresql: Any) -> None:
    with postgresql.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)


def test_nothing_is_prepared_where_it_must_not_be(postgresql: Any) -> None:
    postgresql.close()
    postgresql.settings_dict = {**postgresql.settings_dict, "PREPARE_STATEMENTS": False}
    postgresql.connect()
    assert postgresql.prepared is None


def test_the_driver_prepares_nothing_that_a_rollback_would_drop(postgresql: Any) -> None:
    for _ in range(10):
        next_request(postgresql)
    with postgresql.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("value", "may_prepare"), [("", True), ("1", True), ("0", False)])
def test_statements_are_prepared_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, value: str, may_prepare: bool
) -> None:
    monkeypatch.setenv("PREPARE_STATEMENTS", value)
    assert env.database_at("postgresql://host/name")["PREPARE_STATEMENTS"] is may_prepare


@pytest.fixture
def answering(postgresql: Any) -> Iterator[tuple[OAuthClient, Client]]:
    """A client and a person's browser on a connection that has been used for a while."""
    del postgresql  # which skips elsewhere
    created = make_application(AppType.WEB)
    browser = Client()
    browser.force_login(UserFactory.create())
    client = OAuthClient(created.application.client_id, created.client_secret)
    for _ in range(3):
        assert client.me(client.get_tokens(browser)["access_token"]).status_code == 200
    yield client, browser
    connection.close()


@pytest.mark.spec("S-10", "RFC 9110 §15.6")
def test_a_rollback_costs_the_next_requests_nothing(answering: tuple[OAuthClient, Client]) -> None:
    client, browser = answering
    tokens = client.get_tokens(browser)
    with transaction.atomic():  # as any page that writes may have to
        Organization.objects.update(name="Another")
        transaction.set_rollback(True)
    assert client.me(tokens["access_token"]).status_code == 200
    assert client.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("S-10", "RFC 9110 §15.6")
@pytest.mark.parametrize(
    "change", ["ALTER TABLE accounts_user ALTER name TYPE text", "DEALLOCATE ALL", "DISCARD PLANS"]
)
def test_what_changes_under_a_running_server_costs_nobody_an_answer(
    answering: tuple[OAuthClient, Client], change: str
) -> None:
    client, browser = answering
    tokens = client.get_tokens(browser)
    before = "ALTER TABLE accounts_user ALTER name TYPE varchar(120)"
    with connection.cursor() as cursor:
        cursor.execute(change)
    try:
        assert client.me(tokens["access_token"]).status_code == 200
        assert client.refresh(tokens["refresh_token"]).status_code == 200
        assert browser.get(reverse("connected:apps")).status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute(before)
