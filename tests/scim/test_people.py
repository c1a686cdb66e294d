"""What becomes of people here: who is made, who is found, who is kept, and who comes back."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import IdentityProvider, OneTimeLink, Organization, ProvisionedPerson, Role, Status, User
from accounts.oidc.failures import SignInRefusedError
from accounts.services.directory_names import is_provisioned
from accounts.services.emergency_account import EMERGENCY_ACCOUNT_STAYS
from accounts.services.identities import Outcome, way_to_link
from accounts.services.invitations import invite, invite_again, withdraw_invitation
from accounts.services.people import LAST_ADMINISTRATOR
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import Application, Consent, TokenFamily
from oauthapps.rules.app_types import AppType
from oauthapps.services.credentials import add_secret
from tests.factories import PASSWORD, AdministratorFactory, UserFactory, make_application
from tests.oauth_client import OAuthClient
from tests.scim.client import ScimClient, okta_user, refusal

pytestmark = pytest.mark.django_db


def person_of(resource: dict[str, Any]) -> User:
    return User.objects.get(user_id=resource["id"])


# Who is made


@pytest.mark.spec("I-120", "RFC 7643 §4.1.1; the console")
@pytest.mark.parametrize(
    ("user_name", "username"),
    [
        ("ada.lovelace@example.com", "ada.lovelace"),
        ("ada_gmail.com#EXT#@example.onmicrosoft.com", "ada_gmail.com-EXT"),
        ("Zoë Ångström@example.com", "Zo-ngstr-m"),
        ("ada", "ada"),
        ("EXAMPLE\\ada", "EXAMPLE-ada"),
        ("李@example.com", "person"),
        ("x" * 200 + "@example.com", "x" * 64),
    ],
)
def test_a_user_name_is_kept_as_it_was_sent_and_makes_a_username_that_can_be_one(
    scim: ScimClient, user_name: str, username: str
) -> None:
    emails = [{"value": "somebody@example.com", "type": "work"}]
    created = scim.create(user_name, emails=emails)
    assert created["userName"] == user_name
    assert person_of(created).username == username
    quoted = user_name.replace("\\", "\\\\")
    assert [found["id"] for found in scim.found(f'userName eq "{quoted}"')] == [created["id"]]
    assert [found["id"] for found in scim.found(f'userName eq "{quoted.upper()}"')] == [created["id"]]


@pytest.mark.spec("I-120", "RFC 7643 §4.1.1; the console")
def test_people_whose_user_names_begin_alike_get_usernames_of_their_own(scim: ScimClient) -> None:
    UserFactory.create(username="Ada")
    names = [person_of(scim.create(f"ada@{host}.example")).username for host in ("a", "b", "c")]
    assert names == ["ada-2", "ada-3", "ada-4"]
    for number in range(5, 21):
        UserFactory.create(username=f"ada-{number}")
    assert person_of(scim.create("ada@d.example")).username.startswith("ada-")


@pytest.mark.spec("I-110", "the issue")
def test_whoever_is_created_can_have_a_link_mailed_and_no_password_works(
    scim: ScimClient, mailoutbox: list[Any]
) -> None:
    created = scim.create()
    login = {"login": "ada.lovelace@example.com", "password": "1mz050nq"}
    assert Client().post("/accounts/login/", login).status_code == 200
    assert mailoutbox == []
    event = Event.objects.get(kind="person:create", person=person_of(created))
    assert (event.actor, event.actor_name, event.detail) == (
        None,
        "SCIM token Entra ID",
        "ada.lovelace@example.com",
    )


def test_an_email_address_may_be_the_user_name_alone(scim: ScimClient) -> None:
    assert person_of(scim.create(emails=...)).email == "ada.lovelace@example.com"
    refusal(scim.send("POST", "Users", okta_user("ada", emails=...)), 400, "invalidValue")


def test_somebody_can_be_created_inactive(scim: ScimClient) -> None:
    created = scim.create(active=False)
    assert created["active"] is False
    assert person_of(created).status == Status.INACTIVE
    assert scim.replace(created["id"], "active", True).json()["active"] is True


@pytest.mark.spec("I-124", "the issue")
def test_no_role_comes_through_scim(scim: ScimClient) -> None:
    roles = [{"value": "administrator", "primary": True}]
    created = scim.create(roles=roles, role="administrator", entitlements=roles, userType="administrator")
    scim.patch(created["id"], {"op": "add", "value": {"roles": roles, "role": "administrator"}})
    scim.send("PUT", f"Users/{created['id']}", {**created, "roles": roles, "role": "administrator"})
    assert person_of(created).role == Role.MEMBER


# Who is found


@pytest.mark.spec("I-121", "Entra ID: matching; Okta: determine if the user already exists")
def test_people_who_were_here_before_are_found_by_their_email_address_or_username(scim: ScimClient) -> None:
    grace = UserFactory.create(username="grace", email="grace@example.com", name="Grace Hopper")
    found = scim.found('userName eq "Grace@example.com"')
    assert [(each["id"], each["userName"]) for each in found] == [(grace.user_id, "grace@example.com")]
    found = scim.found('userName eq "GRACE"')
    assert [(each["id"], each["userName"]) for each in found] == [(grace.user_id, "grace")]
    refusal(scim.send("POST", "Users", okta_user("grace@example.com")), 409, "uniqueness")


@pytest.mark.spec("I-121", "Entra ID: matching; Okta: determine if the user already exists")
def test_people_who_were_here_before_go_on_as_the_directory_knows_them(scim: ScimClient) -> None:
    grace = UserFactory.create(username="grace", email="grace@example.com", name="Grace Hopper")
    scim.patch(
        grace.user_id,
        {"op": "Add", "path": "externalId", "value": "4711"},
        {"op": "Replace", "path": "userName", "value": "ghopper@example.com"},
        {"op": "Add", "path": "name.givenName", "value": "Grace B."},
    )
    found = scim.found('externalId eq "4711"')
    assert [each["userName"] for each in found] == ["ghopper@example.com"]
    assert found[0]["displayName"] == "Grace Hopper"  # as administrators named her
    assert scim.found('userName eq "grace@example.com"') == []
    grace.refresh_from_db()
    assert (grace.username, grace.check_password(PASSWORD)) == ("grace", True)
    assert Event.objects.get(kind="person:directory").detail == "ghopper@example.com"


@pytest.mark.spec("I-117", "RFC 7644 §3.12")
def test_nobody_is_given_what_is_another_persons(scim: ScimClient) -> None:
    one, two = scim.create("one@example.com"), scim.create("two@example.com")
    UserFactory.create(email="three@example.com", username="three")
    for path, value in (
        ("userName", "ONE@example.com"),
        ("userName", "three@example.com"),
        ("externalId", one["externalId"]),
        ('emails[type eq "work"].value', "one@example.com"),
        ('emails[type eq "work"].value', "three@example.com"),
    ):
        refusal(scim.replace(two["id"], path, value), 409, "uniqueness")
    assert scim.get(f"Users/{two['id']}").json() == two


# Who leaves


@pytest.fixture
def web(db: None) -> Application:
    return make_application(AppType.WEB, name="Field app").application


def signed_in(person: User) -> Client:
    browser = Client()
    person.set_password(PASSWORD)
    person.save(update_fields=["password"])
    browser.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    return browser


@pytest.mark.spec("I-122", "the issue")
def test_whoever_is_deactivated_loses_everything_and_the_event_names_what_stopped(
    scim: ScimClient, web: Application
) -> None:
    created = scim.create()
    browser = signed_in(person_of(created))
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)
    tokens = client.get_tokens(browser)
    assert client.me(tokens["access_token"]).status_code == 200
    assert scim.replace(created["id"], "active", "False").status_code == 200
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert browser.get("/security/").status_code == 302
    event = Event.objects.get(kind="person:deactivate")
    assert event.actor_name == "SCIM token Entra ID"
    assert event.address == "127.0.0.1"
    assert event.after == {
        "Consents ended": 1,
        "Access tokens ended": 1,
        "Sessions ended": 1,
        "Applications stopped": ["Field app"],
    }


@pytest.mark.spec("I-123", "the issue")
def test_whoever_comes_back_signs_in_again_and_allows_again(scim: ScimClient, web: Application) -> None:
    created = scim.create()
    browser = signed_in(person_of(created))
    client = OAuthClient(web.client_id, add_secret(web, actor=Actor()).value)
    tokens = client.get_tokens(browser)
    scim.replace(created["id"], "active", False)
    scim.replace(created["id"], "active", True)
    assert client.me(tokens["access_token"]).status_code == 401
    assert not Consent.objects.active().exists()
    assert not TokenFamily.objects.alive().exists()
    assert browser.get("/security/").status_code == 302
    assert signed_in(person_of(created)).get("/security/").status_code == 200


@pytest.mark.spec("I-125", "the issue")
def test_the_last_administrator_and_the_emergency_account_stay(scim: ScimClient, administrator: User) -> None:
    inactive = {"op": "replace", "value": {"active": False}}
    assert refusal(scim.patch(administrator.user_id, inactive), 409) == LAST_ADMINISTRATOR
    assert refusal(scim.send("DELETE", f"Users/{administrator.user_id}"), 409) == LAST_ADMINISTRATOR
    other = AdministratorFactory.create()
    Organization.current()
    Organization.objects.update(emergency_account=other)
    assert refusal(scim.patch(other.user_id, inactive), 409) == EMERGENCY_ACCOUNT_STAYS
    assert refusal(scim.send("DELETE", f"Users/{other.user_id}"), 409) == EMERGENCY_ACCOUNT_STAYS
    assert User.objects.get(pk=other.pk).is_active
    assert scim.patch(administrator.user_id, inactive).status_code == 200


@pytest.mark.spec("I-126", "the issue")
@pytest.mark.parametrize(
    "value",
    [
        {"emails": [{"value": "no address", "type": "work"}]},
        {"externalId": "taken"},
        {"displayName": "x" * 200},
    ],
    ids=["email", "external id", "name"],
)
def test_nobody_stays_active_because_another_value_can_not_be_taken(
    scim: ScimClient, value: dict[str, Any]
) -> None:
    scim.create("other@example.com", externalId="taken")
    created = scim.create()
    assert scim.patch(created["id"], {"op": "replace", "value": value}).status_code in {400, 409}
    both = scim.patch(created["id"], {"op": "replace", "value": {**value, "active": False}})
    assert (both.status_code, both.json()["active"]) == (200, False)
    assert both.json()["emails"] == created["emails"]


@pytest.mark.spec("I-127", "ASVS 8.2.2")
def test_the_email_address_of_who_reaches_system_is_not_the_directorys(
    scim: ScimClient, administrator: User
) -> None:
    email = 'emails[type eq "work"].value'
    for person in (administrator, UserFactory.create(role=Role.AUDITOR)):
        refusal(scim.replace(person.user_id, email, "mallory@example.com"), 400, "mutability")
        assert scim.replace(person.user_id, email, person.email.upper()).status_code == 200
        assert scim.replace(person.user_id, "displayName", "Ada").json()["displayName"] == "Ada"
    member = UserFactory.create()
    Organization.current()
    Organization.objects.update(emergency_account=member)
    refusal(scim.replace(member.user_id, email, "mallory@example.com"), 400, "mutability")


def test_a_mailed_link_ends_with_the_address_it_was_mailed_to(scim: ScimClient) -> None:
    created = scim.create()
    Client().post("/accounts/password/reset/", {"email": "ada.lovelace@example.com"})
    assert OneTimeLink.objects.count() == 1
    scim.replace(created["id"], "emails", [{"value": "new@example.com", "primary": True}])
    assert OneTimeLink.objects.count() == 0


@pytest.mark.spec("I-128", "the issue")
def test_somebody_invited_joins_or_is_not_to_come(scim: ScimClient) -> None:
    person, _ = invite(username="ivy", email="ivy@example.com", role=Role.MEMBER, actor=Actor())
    found = scim.found('userName eq "ivy@example.com"')
    assert [each["active"] for each in found] == [False]
    assert scim.replace(person.user_id, "active", True).json()["active"] is True
    person.refresh_from_db()
    assert (person.status, OneTimeLink.objects.count()) == (Status.ACTIVE, 0)
    other, _ = invite(username="ian", email="ian@example.com", role=Role.MEMBER, actor=Actor())
    assert scim.replace(other.user_id, "active", False).json()["active"] is False
    assert OneTimeLink.objects.count() == 0


@pytest.mark.spec("I-128", "the issue")
@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMINISTRATOR])
def test_whoever_was_invited_and_is_not_to_come_has_no_invitation_at_the_provider(
    scim: ScimClient, login: IdentityProvider, role: Role
) -> None:
    person, _ = invite(username="ivy", email="ivy@example.com", role=role, actor=Actor())
    scim.replace(person.user_id, "active", False)
    assert is_provisioned(person)
    with pytest.raises(SignInRefusedError, match="invitation"):
        way_to_link(person, login)


@pytest.mark.spec("I-128", "the issue")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_an_invitation_to_more_than_a_member_that_is_over_is_not_accepted_by_a_directory(
    scim: ScimClient, role: Role
) -> None:
    person, _ = invite(username="ivy", email="ivy@example.com", role=role, actor=Actor())
    withdraw_invitation(person, actor=Actor())
    for said in ({"active": True}, {"active": True, "displayName": "Ivy"}):
        refused = scim.patch(person.user_id, {"op": "replace", "value": said})
        assert "Invite them again in Gatehouse" in refusal(refused, 409)
    person.refresh_from_db()
    assert (person.status, person.display_name) == (Status.INVITED, "ivy")
    invite_again(person, actor=Actor())
    assert scim.replace(person.user_id, "active", True).json()["active"] is True


# Who was removed


@pytest.mark.spec("I-129", "RFC 7644 §3.6; ASVS 6.3")
def test_whoever_is_created_again_comes_back_with_nothing_that_signed_them_in(scim: ScimClient) -> None:
    created = scim.create()
    person = person_of(created)
    signed_in(person)
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    SocialAccount.objects.create(user=person, provider="https://idp.example", uid="1")
    assert scim.send("DELETE", f"Users/{created['id']}").status_code == 204
    assert scim.send("DELETE", f"Users/{created['id']}").status_code == 404
    refusal(scim.replace(created["id"], "active", True), 404)
    again = scim.create(name={"givenName": "Augusta"}, displayName=..., externalId="another")
    assert again["id"] == created["id"]
    assert (again["displayName"], again["externalId"], again["active"]) == ("Augusta", "another", True)
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert person.last_login is None  # so that their first sign-in at the identity provider links it
    assert not Authenticator.objects.exists()
    assert not SocialAccount.objects.exists()
    kinds = Event.objects.filter(person=person).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-1] == "person:activate"
    assert "person:remove" in kinds


@pytest.mark.spec("I-129", "RFC 7644 §3.6; ASVS 6.3")
def test_an_administrator_who_was_removed_comes_back_by_hand(scim: ScimClient) -> None:
    gone = AdministratorFactory.create(email="gone@example.com")
    assert scim.send("DELETE", f"Users/{gone.user_id}").status_code == 204
    detail = refusal(scim.send("POST", "Users", okta_user("gone@example.com")), 409, "uniqueness")
    assert "Activate them in Gatehouse first" in detail
    User.objects.filter(pk=gone.pk).update(is_active=True)
    assert [each["id"] for each in scim.found('userName eq "gone@example.com"')] == [gone.user_id]


def test_people_of_whom_no_directory_knows_have_no_row(scim: ScimClient) -> None:
    scim.get("Users")
    assert not ProvisionedPerson.objects.exists()


@pytest.fixture
def login(db: None) -> IdentityProvider:
    provider: IdentityProvider = IdentityProvider.objects.create(
        name="Login", issuer="https://login.example", client_id="1", allowed_domains=["example.com"]
    )
    return provider


@pytest.mark.spec("I-110", "the issue")
def test_whoever_is_created_without_an_external_id_can_sign_in_at_the_provider(
    scim: ScimClient, login: IdentityProvider
) -> None:
    person = person_of(scim.create(externalId=...))
    assert way_to_link(person, login) == Outcome.INVITED
    scim.send("DELETE", f"Users/{person.user_id}")
    assert not is_provisioned(person)
    again = person_of(scim.create(externalId=...))
    assert way_to_link(again, login) == Outcome.INVITED
