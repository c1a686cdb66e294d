"""A large import: as many statements as there are things, and few where nothing changes."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.keys import SIGNING_KEY, public_pem
from tests.transfer.conftest import Transfer

pytestmark = pytest.mark.django_db

PEM = public_pem(SIGNING_KEY).decode()


def large(people: int, applications: int) -> dict[str, Any]:
    """A document of so many people and applications, a third of each type."""
    types = ("machine_to_machine", "web", "single_page")
    made: dict[str, Any] = {
        "people": [
            {
                "user_id": f"{number:032x}",
                "username": f"person{number}",
                "email": f"person{number}@example.org",
                "name": f"Person {number}",
            }
            for number in range(people)
        ],
        "applications": [
            {
                "client_id": f"f{number:031x}",
                "type": types[number % 3],
                "name": f"Application {number}",
                "owner": f"{number % people:032x}",
            }
            for number in range(applications)
        ],
    }
    for number, application in enumerate(made["applications"]):
        if application["type"] == "machine_to_machine":
            application["keys"] = [{"key": PEM, "acts_as": f"{number % people:032x}"}]
        else:
            application["redirect_urls"] = [f"https://app{number}.example.com/{each}" for each in range(2)]
    return made


def statements(transfer: Transfer, people: int, applications: int) -> int:
    """How many statements an import takes, beside the savepoint around each thing."""
    with CaptureQueriesContext(connection) as captured:
        told = transfer.load(large(people, applications))
    assert told.error == ""
    asked = [query["sql"] for query in captured]
    return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) for sql in asked)


@pytest.mark.spec("O-115", "operation")
def test_an_import_takes_a_few_statements_for_each_thing(transfer: Transfer, settings: Any) -> None:
    settings.APPLICATION_LIMIT = 100
    few, many = statements(transfer, 5, 6), statements(transfer, 45, 36)
    new = 40 + 30 + 10  # people, applications, keys
    assert few < 300
    assert many - few < 16 * new


@pytest.mark.spec("O-115", "operation")
def test_a_second_run_takes_as_many_statements_however_much_there_is(
    transfer: Transfer, settings: Any
) -> None:
    settings.APPLICATION_LIMIT = 100
    counts = []
    for people, applications in ((5, 3), (40, 30)):
        statements(transfer, people, applications)
        counts.append(statements(transfer, people, applications))
    assert counts[0] == counts[1] <= 25
