"""How we talk to PostgreSQL."""

import select
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import env

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


@pytest.mark.parametrize(("value", "threshold"), [("", 2), ("1", 2), ("0", None)])
def test_statements_are_prepared_unless_the_operator_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, value: str, threshold: int | None
) -> None:
    monkeypatch.setenv("PREPARE_STATEMENTS", value)
    assert env.database_at("postgresql://host/name")["OPTIONS"]["prepare_threshold"] == threshold
