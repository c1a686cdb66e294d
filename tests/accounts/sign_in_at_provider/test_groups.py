"""Which role people have by their groups at the provider, read at every sign-in."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts.models import IdentityProvider, Organization, Role, User
from audit.models import Event, EventKind
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.infrastructure.scripted_provider import ScriptedProvider

pytestmark = pytest.mark.django_db

SUBJECT = "248289761001"


@pytest.fixture(autouse=True)
def _groups(row: IdentityProvider, provider: ScriptedProvider) -> None:
    """Groups lead to a role here, and there is an administrator besides."""
    IdentityProvider.objects.update(
        groups_claim="groups", administrator_groups=["admins", "owners"], auditor_groups=["auditors"]
    )
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    AdministratorFactory.create(username="root")


@pytest.fixture
def ada(row: IdentityProvider) -> User:
    person: User = UserFactory.create(username="ada", email="ada@example.org")
    SocialAccount.objects.create(user=person, provider=row.issuer, uid=SUBJECT)
    return person


def role_after(sso: SsoBrowser, **claims: Any) -> str:
    """Ada's role once she has signed in with these claims."""
    sso.provider.person = {"sub": SUBJECT, "email": "ada@example.org", "email_verified": True, **claims}
    sso.client.logout()
    assert sso.sign_in().status_code == 302
    assert sso.is_signed_in
    return User.objects.get(username="ada").role


def role_changes(person: User) -> list[tuple[str, str, str, str]]:
    events = Event.objects.filter(kind=EventKind.PERSON_CHANGED, person=person).order_by("pk")
    return [(each.before["Role"], each.after["Role"], each.detail, each.actor_name) for each in events]


@pytest.mark.spec("I-50", "the console")
def test_groups_make_administrators_and_auditors_and_take_it_back(sso: SsoBrowser, ada: User) -> None:
    steps = [
        (["staff", "admins"], Role.ADMINISTRATOR),
        (["auditors"], Role.AUDITOR),
        (["auditors", "owners"], Role.ADMINISTRATOR),
        (["staff"], Role.MEMBER),
        ("owners", Role.ADMINISTRATOR),
        ([], Role.MEMBER),
        (["Admins", "admins "], Role.MEMBER),
    ]
    assert [role_after(sso, groups=groups) for groups, _ in steps] == [role for _, role in steps]
    changes = role_changes(ada)
    assert len(changes) == 6
    told = ("by groups from Example login", "identity provider Example login")
    assert changes[0] == (Role.MEMBER, Role.ADMINISTRATOR, *told)


@pytest.mark.spec("I-50", "the console")
def test_a_new_member_has_the_role_of_their_groups_at_once(sso: SsoBrowser) -> None:
    assert role_after(sso, groups=["admins"]) == Role.ADMINISTRATOR


SILENT: dict[str, dict[str, Any]] = {
    "no claim": {},
    "a reference in its place (Entra ID, over 200 groups)": {"_claim_names": {"groups": "src1"}},
    "a null": {"groups": None},
    "an object": {"groups": {"admins": True}},
    "a list of objects": {"groups": [{"name": "admins"}]},
    "a number": {"groups": 1},
}


@pytest.mark.spec("I-51", "the console")
@pytest.mark.parametrize("claims", SILENT.values(), ids=SILENT)
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MEMBER])
def test_a_claim_that_says_nothing_changes_nothing_and_is_logged(
    sso: SsoBrowser, ada: User, caplog: pytest.LogCaptureFixture, claims: dict[str, Any], role: Role
) -> None:
    User.objects.filter(pk=ada.pk).update(role=role)
    assert role_after(sso, **claims) == role
    assert role_changes(ada) == []
    assert "The role of ada stays the same: The" in caplog.text


@pytest.mark.spec("I-51", "the console")
def test_a_role_that_groups_do_not_give_stays(sso: SsoBrowser, ada: User) -> None:
    IdentityProvider.objects.update(auditor_groups=[])
    User.objects.filter(pk=ada.pk).update(role=Role.AUDITOR)
    assert role_after(sso, groups=["staff"]) == Role.AUDITOR
    IdentityProvider.objects.update(groups_claim="", administrator_groups=[])
    User.objects.filter(pk=ada.pk).update(role=Role.ADMINISTRATOR)
    assert role_after(sso, groups=[]) == Role.ADMINISTRATOR


@pytest.mark.spec("I-52", "the console")
def test_the_last_administrator_stays_and_it_is_logged(
    sso: SsoBrowser, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    User.objects.filter(username="root").update(role=Role.MEMBER)
    User.objects.filter(pk=ada.pk).update(role=Role.ADMINISTRATOR)
    assert role_after(sso, groups=["staff"]) == Role.ADMINISTRATOR
    assert role_changes(ada) == []
    assert "The role of ada stays the same: This is the last active administrator." in caplog.text


@pytest.mark.spec("I-52", "the console")
def test_the_emergency_account_stays_administrator(sso: SsoBrowser, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(role=Role.ADMINISTRATOR)
    Organization.current()
    Organization.objects.update(emergency_account=ada)
    assert role_after(sso, groups=["staff"]) == Role.ADMINISTRATOR


@pytest.mark.spec("I-50", "the console")
def test_whoever_confirms_with_a_password_gets_the_role_once_linked(sso: SsoBrowser) -> None:
    person = UserFactory.create(username="ada", email="ada@example.org")
    sso.provider.person["groups"] = ["admins"]
    assert sso.sign_in()["Location"] == "/accounts/login/provider/link/"
    assert role_changes(person) == []
    sso.client.post("/accounts/login/provider/link/", {"password": PASSWORD})
    assert [change[:2] for change in role_changes(person)] == [(Role.MEMBER, Role.ADMINISTRATOR)]
