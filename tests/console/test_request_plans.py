"""What the list of requests asks of the database: it goes along an index, and reads no more than a page."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from oauthapps.console.forms.requests import RequestsForm
from oauthapps.console.pages_of_requests import Place, page_of
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules.app_types import AppType
from tests.factories import make_application

pytestmark = [pytest.mark.django_db, pytest.mark.spec("U-59", "the product's request inspector")]

NUMBER = 20_000
TABLE = "oauthapps_recordedrequest"
NOW = timezone.now()


@pytest.fixture(scope="module")
def quiet(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Application]:
    """The application of `many_requests`: each test is a savepoint in the transaction that holds it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield many_requests()
        transaction.set_rollback(True)


def many_requests() -> Application:
    """An application with one in 200 of so many requests that no database would rather read all of them."""
    busy, quiet = (make_application(AppType.WEB, name=name).application for name in ("Busy", "Quiet"))
    RecordedRequest.objects.bulk_create(
        RecordedRequest(
            request_id=f"{number:016x}",
            last_request_id=f"{number + NUMBER:016x}",
            at=NOW - timedelta(seconds=number),
            endpoint="token",
            application=busy if number % 200 else quiet,
            error=f"error_{number % 400}",
            address=f"192.0.{number % 200}.1",
            status=400,
        )
        for number in range(NUMBER)
    )
    if connection.vendor == "postgresql":  # SQLite goes by the indexes alone
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return quiet


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", f"{TABLE}_at"),
        (f"request_id={77:016x}", f"{TABLE}_request_id"),
        ("error=error_7", "recorded_with_error"),
        ("address=192.0.7.1", "recorded_from_address"),
        (f"last={NOW - timedelta(days=1):%Y-%m-%d}", f"{TABLE}_at"),
        ("outcome=refused", f"{TABLE}_at"),
    ],
)
def test_each_filter_goes_along_an_index(quiet: Application, query: str, index: str) -> None:
    form = RequestsForm(QueryDict(query))
    assert form.is_valid()
    plan = form.select()[:51].explain()
    assert index in plan, plan
    assert f"Seq Scan on {TABLE}" not in plan, plan
    # SQLite says SCAN of a whole index too, which it leaves after a page where that is in order already.
    assert "TEMP B-TREE" not in plan or "SEARCH" in plan, plan


def test_those_of_an_application_go_along_its_own(quiet: Application) -> None:
    plan = RecordedRequest.objects.filter(application=quiet)[:51].explain()
    assert "recorded_of_application" in plan, plan


def test_a_later_page_begins_where_the_one_before_ended(quiet: Application) -> None:
    rows, older = page_of(RecordedRequest.objects.all(), Place(at=NOW - timedelta(seconds=15_000), pk=1))
    assert rows[0].at == NOW - timedelta(seconds=15_001)
    assert older is not None
    plan = RecordedRequest.objects.behind(older.at, older.pk)[:51].explain()
    assert f"{TABLE}_at" in plan, plan
    # The time is what the index is searched for; the rows before are not read.
    assert "SEARCH" in plan if connection.vendor == "sqlite" else "Index Cond" in plan, plan
