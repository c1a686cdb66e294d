"""A second factor that the provider has seen, where the organization requires one of administrators."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stories.single_sign_on.office import Employee, Office, email_of

pytestmark = pytest.mark.story

# Since so many days administrators need a second factor; None while they don't.
REQUIRE = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import Organization
Organization.current()
at = days and timezone.now() - timedelta(days=days)
Organization.objects.update(second_factor_required_at=at)
"""
# Lets somebody have been an administrator for as long.
LONG_AGO = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
at = timezone.now() - timedelta(days=30)
User.objects.filter(email=email).update(joined_at=at, promoted_at=at)
"""
STRONG = "urn:example:phishing-resistant"


@pytest.fixture(autouse=True)
def _required(office: Office, kind: str) -> Iterator[None]:
    office.inside.run(REQUIRE, days=30)
    counts: dict[str, Any] = {"second_factor_values": ["otp", STRONG], "groups_claim": "groups"}
    office.change_provider(kind, administrator_groups=["admins"], **counts)
    yield
    office.inside.run(REQUIRE, days=None)
    office.change_provider(kind, second_factor_values=[], groups_claim="", administrator_groups=[])


@pytest.mark.spec("I-89", "8176; ASVS 6.8.4")
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"amr": ["pwd", "otp"]}, 200),
        ({"acr": STRONG}, 200),
        ({"amr": ["pwd"]}, 403),
        ({"acr": "urn:example:password"}, 403),
        ({}, 403),
    ],
    ids=["amr", "acr", "other amr", "other acr", "nothing"],
)
def test_an_administrator_needs_one_that_counts(
    office: Office, kind: str, said: dict[str, Any], status: int
) -> None:
    account = f"two-{kind}"
    office.providers[kind].add_person(account, groups=["admins"], **said)
    employee = Employee(office, account)
    employee.sign_in_at(kind)
    assert office.role(account) == "administrator"
    office.inside.run(LONG_AGO, email=email_of(account))
    page = employee.open("/console/applications/")
    assert page.status_code == status
    assert employee.open("/security/").status_code == 200
