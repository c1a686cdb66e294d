"""Groups at a provider make administrators and auditors, and members of them again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.identity_providers import KINDS
from tests.infrastructure.installation import ADMIN
from tests.stories.single_sign_on.office import Employee, Office, email_of

pytestmark = pytest.mark.story

GROUPS: dict[str, Any] = {
    "groups_claim": "groups",
    "administrator_groups": ["gatehouse-admins", "everything"],
    "auditor_groups": ["gatehouse-auditors"],
}
# The role of somebody, given past all groups.
GIVE = """
from accounts.models import User
from accounts.services.people import change_person
from audit.actors import Actor
change_person(User.objects.get(email=email), {"role": role}, actor=Actor.command("stories"))
"""


@pytest.fixture(autouse=True)
def _groups_count(office: Office) -> Iterator[None]:
    for kind in KINDS:
        office.change_provider(kind, **GROUPS)
    yield
    for kind in KINDS:
        office.change_provider(kind, groups_claim="", administrator_groups=[], auditor_groups=[])


def sign_in(office: Office, kind: str, account: str, *groups: str, **claims: Any) -> Employee:
    """Sign somebody in, in a browser of its own, whom the provider now has in these groups."""
    office.providers[kind].add_person(account, **({"groups": list(groups)} | claims))
    employee = Employee(office, account)
    employee.sign_in_at(kind)
    assert employee.is_signed_in
    return employee


def sees_system(employee: Employee) -> bool:
    return employee.open("/console/applications/").status_code == 200


@pytest.mark.spec("I-50", "the console")
def test_a_group_makes_an_administrator_and_its_loss_a_member_again(office: Office, kind: str) -> None:
    account = f"nat-{kind}"
    nat = sign_in(office, kind, account, "staff")
    assert office.role(account) == "member"
    assert not sees_system(nat)
    assert sees_system(sign_in(office, kind, account, "staff", "everything"))
    assert office.role(account) == "administrator"
    assert sees_system(nat)  # roles are of people, not of sessions
    assert not sees_system(sign_in(office, kind, account))
    assert office.role(account) == "member"
    assert not sees_system(nat)
    changes = [event for event in office.events(account) if event["kind"] == "person:change"]
    assert [event["after"]["Role"] for event in changes] == ["administrator", "member"]
    assert all(f"{kind.title()} login" in event["detail"] for event in changes)


@pytest.mark.spec("I-50", "the console")
def test_a_newcomer_may_be_an_administrator_at_once(office: Office, kind: str) -> None:
    account = f"ole-{kind}"
    assert sees_system(sign_in(office, kind, account, "gatehouse-admins"))
    assert office.role(account) == "administrator"


@pytest.mark.spec("I-50", "the console")
def test_a_group_makes_an_auditor_who_changes_nothing(office: Office, kind: str) -> None:
    account = f"pia-{kind}"
    pia = sign_in(office, kind, account, "gatehouse-auditors")
    assert office.role(account) == "auditor"
    assert sees_system(pia)
    assert pia.open("/console/applications/new").status_code == 403
    sign_in(office, kind, account, "gatehouse-auditors", "gatehouse-admins")
    assert office.role(account) == "administrator"
    sign_in(office, kind, account, "gatehouse-auditors")
    assert office.role(account) == "auditor"
    sign_in(office, kind, account)
    assert office.role(account) == "member"


@pytest.mark.spec("I-51", "the console")
def test_a_claim_that_is_missing_takes_nothing(office: Office, kind: str) -> None:
    account = f"quinn-{kind}"
    sign_in(office, kind, account, "everything")
    sign_in(office, kind, account, groups=None)
    assert office.role(account) == "administrator"


@pytest.mark.spec("I-52", "the console")
def test_the_last_administrator_stays_one(office: Office, kind: str) -> None:
    account = f"rio-{kind}"
    sign_in(office, kind, account, "everything")
    names = office.inside.run(
        "from accounts.models import User\n"
        "others = User.objects.filter(role='administrator').exclude(email=email)\n"
        "answer = list(others.values_list('email', flat=True))",
        email=email_of(account),
    )
    assert ADMIN["ADMIN_EMAIL"] in names
    try:
        for email in names:
            office.inside.run(GIVE, email=email, role="member")
        assert sees_system(sign_in(office, kind, account))
        assert office.role(account) == "administrator"
        assert "The role of" in office.installation.log_text()
    finally:
        for email in names:
            office.inside.run(GIVE, email=email, role="administrator")
    sign_in(office, kind, account)
    assert office.role(account) == "member"
