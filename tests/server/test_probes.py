"""What a load balancer asks: does the process answer, and can it work?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from oauthapps.http.messages import ApiResponse
from server.dispatcher import ApiDispatcher, endpoint_at
from server.probes import NOT_MIGRATED, migrations_applied

pytestmark = pytest.mark.django_db

PROBES = ["/healthz", "/readyz"]


@pytest.fixture(autouse=True)
def just_started() -> Iterator[None]:
    migrations_applied.clear()
    yield
    migrations_applied.clear()


def answered(path: str, method: str = "GET", **meta: Any) -> ApiResponse:
    """What the server answers."""
    endpoint = endpoint_at(path)
    assert endpoint is not None
    return ApiDispatcher().respond(RequestFactory().generic(method, path, **meta).META, endpoint)


@pytest.mark.spec("O-01", "operation")
@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("host", ["10.0.3.7:8000", "gatehouse-0.internal", "evil.example", "not a host"])
def test_probes_answer_on_any_host_and_without_a_redirect(settings: Any, path: str, host: str) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = answered(path, HTTP_HOST=host)
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answered("/api/v1/me", HTTP_HOST=host).status == 400


@pytest.mark.spec("O-01", "operation")
@pytest.mark.parametrize("path", PROBES)
def test_a_probe_only_reads(path: str) -> None:
    assert answered(path, "HEAD").status == 200
    refused = answered(path, "POST")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert not Client().get(path).cookies


@pytest.mark.spec("O-01", "operation")
def test_whether_the_process_answers_is_no_question_to_the_database(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    endpoint = endpoint_at("/healthz")
    assert endpoint is not None
    assert not endpoint.needs_database
    with django_assert_num_queries(0):
        answered("/healthz")


@pytest.mark.spec("O-02", "operation")
def test_once_migrations_are_known_to_be_applied_one_statement_is_enough(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    answered("/readyz")
    with django_assert_num_queries(1):
        answered("/readyz")


@pytest.mark.spec("O-02", "operation")
def test_a_database_that_lacks_a_migration_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'audit'")
    answer = answered("/readyz")
    assert (answer.status, json.loads(answer.body)["reason"]) == (503, NOT_MIGRATED)
    assert answer.headers["Retry-After"] == "5"
