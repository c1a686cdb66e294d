"""What a request of a SCIM client costs the database: few statements, each along an index."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ProvisionedPerson, ScimToken, User
from oauthapps.scim.filters import QUESTIONS, conditions_in
from tests.scim.client import ScimClient

pytestmark = pytest.mark.django_db

NUMBER = 5_000  # so many that no database would rather read all of them
TABLES = (User._meta.db_table, ProvisionedPerson._meta.db_table)


@pytest.fixture
def people(db: None) -> list[User]:
    """Many people, of whom directories named the first half."""
    people = User.objects.bulk_create(
        User(username=f"p{number}", email=f"p{number}@example.com", external_id=f"x{number}")
        for number in range(NUMBER)
    )
    rows = [ProvisionedPerson(user=person) for person in people[: NUMBER // 2]]
    for row in rows:
        row.rename(row.user.email)
    ProvisionedPerson.objects.bulk_create(rows)
    if connection.vendor == "postgresql":  # SQLite goes by the indexes alone
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return people


@pytest.mark.spec("I-138", "the issue")
@pytest.mark.parametrize(
    "expression",
    [
        'userName eq "p7@example.com"',
        'userName eq "p4007@example.com"',
        'userName eq "p4007"',
        'userName eq "nobody@example.com"',
        'externalId eq "x7"',
        'emails[type eq "work"].value eq "p7@example.com"',
        'userName eq "p7@example.com" and active eq true',
    ],
)
def test_a_filter_is_one_statement_along_indexes(
    scim: ScimClient, people: list[User], expression: str
) -> None:
    scim.get("Users", count=1)  # its use is noted within this minute
    with CaptureQueriesContext(connection) as captured:
        found = scim.found(expression)
    assert len(captured) == 1 + 1  # the token, and the people
    assert len(found) == ("nobody" not in expression)
    plan = connection.ops.explain_query_prefix()
    with connection.cursor() as cursor:
        prefix = f"{plan} QUERY PLAN" if connection.vendor == "sqlite" and "PLAN" not in plan else plan
        cursor.execute(f"{prefix} {captured.captured_queries[-1]['sql']}")
        lines = [str(row[-1]) for row in cursor.fetchall()]
    for table in TABLES:
        assert not any(f"Seq Scan on {table}" in line or f"SCAN {table}" in line for line in lines), lines


def test_every_request_takes_few_statements(scim: ScimClient) -> None:
    def statements(method: str, path: str, body: Any = None) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert scim.send(method, path, body).status_code < 300
        return len(captured)

    created = scim.create()
    ScimToken.objects.update(last_used_at=timezone.now())
    assert statements("GET", f"Users/{created['id']}") == 2
    assert statements("GET", "Users") == 2
    assert statements("GET", "Users?count=1") == 3  # and how many there are


def test_every_question_of_a_filter_can_be_asked() -> None:
    for attribute in QUESTIONS:
        (condition,) = conditions_in(f'{attribute} eq "true"')
        list(User.objects.filter(QUESTIONS[condition.attribute](condition.value)))
