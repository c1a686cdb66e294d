"""Identities on Security and on a person's page: seen, and unlinked."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from accounts.models import IdentityProvider, Organization, PasswordRule, User
from audit.models import Event, EventKind
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.console.pages import Browser
from tests.factories import AdministratorFactory, AuditorFactory, UserFactory, make_provider
from tests.infrastructure.scripted_provider import ScriptedProvider
from tests.sign_ins import age_sign_in, sign_in_now

pytestmark = pytest.mark.django_db

OWN = "/security/identities/"


@pytest.fixture
def ada(row: IdentityProvider) -> User:
    person: User = UserFactory.create(username="ada", email="ada@example.org")
    SocialAccount.objects.create(user=person, provider=row.issuer, uid="248289761001")
    return person


def signed_in(person: User) -> Browser:
    client = Client()
    sign_in_now(client, person)
    return Browser(client)


def removal_of(person: User, base: str = OWN) -> str:
    return f"{base}{SocialAccount.objects.filter(user=person).earliest('pk').pk}/removal/"


def provider_names(person: User) -> list[str]:
    return list(SocialAccount.objects.filter(user=person).values_list("provider", flat=True))


@pytest.mark.spec("I-55", "the console")
def test_people_see_their_own_and_unlink_them_after_being_asked(ada: User, row: IdentityProvider) -> None:
    browser = signed_in(ada)
    assert "1 account" in browser.get("/security/").text
    page = browser.get(OWN)
    assert "Example login" in page.text
    assert "248289761001" in page.text
    assert browser.get(removal_of(ada)).heading == "Unlink this account?"
    assert provider_names(ada) == [row.issuer]
    page = browser.follow(browser.post(removal_of(ada), {}))
    assert "Unlinked: Example login" in page.messages
    assert provider_names(ada) == []
    event = Event.objects.get(kind=EventKind.IDENTITY_UNLINKED)
    assert (event.person, event.actor, event.detail) == (ada, ada, "Example login")


@pytest.mark.spec("I-55", "ASVS 7.5.3")
def test_unlinking_takes_a_recent_sign_in(ada: User) -> None:
    browser = signed_in(ada)
    age_sign_in(browser, minutes=6)
    assert browser.post(removal_of(ada), {}).answer["Location"].startswith("/accounts/reauthenticate/")
    assert provider_names(ada)


@pytest.mark.spec("I-55", "the console")
@pytest.mark.parametrize("is_closed", [True, False])
def test_the_only_way_in_stays(ada: User, row: IdentityProvider, is_closed: bool) -> None:
    other = make_provider("https://other.example", name="Other")
    if is_closed:  # a password that nobody may use is none
        Organization.current()
        Organization.objects.update(password_rule=PasswordRule.EMERGENCY)
    else:
        User.objects.filter(pk=ada.pk).update(password="!")
        ada.refresh_from_db()
    browser = signed_in(ada)
    page = browser.follow(browser.post(removal_of(ada), {}))
    assert "only way to sign in" in page.messages
    assert provider_names(ada) == [row.issuer]
    SocialAccount.objects.create(user=ada, provider=other.issuer, uid="7")
    browser.post(removal_of(ada), {})
    assert provider_names(ada) == [other.issuer]


@pytest.mark.spec("I-55", "the console")
def test_a_passkey_is_another_way_in(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(password="!")
    ada.refresh_from_db()
    browser = signed_in(ada)
    Authenticator.objects.create(user=ada, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})
    browser.post(removal_of(ada), {})
    assert provider_names(ada) == []


@pytest.mark.spec("I-55", "ASVS 8.2.2")
def test_nobody_unlinks_what_is_somebody_elses(ada: User) -> None:
    other = signed_in(UserFactory.create())
    assert other.post(removal_of(ada), {}).status == 404
    assert other.post(removal_of(ada, f"/people/{ada.user_id}/identities/"), {}).status == 403
    assert provider_names(ada)


@pytest.mark.spec("I-56", "the console")
def test_administrators_unlink_the_last_way_in_too_and_read_that_it_is(ada: User) -> None:
    administrator = AdministratorFactory.create()
    browser = signed_in(administrator)
    page = browser.get(f"/people/{ada.user_id}/")
    assert "248289761001" in page.text
    removal = removal_of(ada, f"/people/{ada.user_id}/identities/")
    assert "They can still sign in another way." in browser.get(removal).text
    User.objects.filter(pk=ada.pk).update(password="!")
    assert "They have no other way to sign in." in browser.get(removal).text
    browser.post(removal, {})
    assert provider_names(ada) == []
    event = Event.objects.get(kind=EventKind.IDENTITY_UNLINKED)
    assert (event.person, event.actor) == (ada, administrator)


@pytest.mark.spec("I-56", "ASVS 8.2.1")
def test_auditors_see_them_and_unlink_nothing(ada: User) -> None:
    browser = signed_in(AuditorFactory.create())
    page = browser.get(f"/people/{ada.user_id}/")
    assert "248289761001" in page.text
    assert "Unlink" not in page.text
    assert browser.post(removal_of(ada, f"/people/{ada.user_id}/identities/"), {}).status == 403


@pytest.mark.spec("I-55", "OpenID Connect Core 1.0 5.7")
def test_an_identity_that_was_unlinked_needs_the_password_again(
    sso: SsoBrowser, provider: ScriptedProvider, ada: User
) -> None:
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert sso.sign_in()["Location"] == "/"
    sso.client.logout()
    SocialAccount.objects.all().delete()
    assert sso.sign_in()["Location"] == "/accounts/login/provider/link/"
