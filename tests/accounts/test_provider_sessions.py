"""A session that began at an identity provider is known there under its key, whatever happens to that."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import IdentityProvider, Organization, ProviderSession, User
from accounts.services.sessions import end_sessions_of
from accounts.sessions.store import digest
from oauthapps.services.cleanup import prune
from tests.accounts.providers import SID, SUBJECT, add_provider, note_identity, signed_in_with
from tests.accounts.ways_in import LOGIN, SECOND_FACTOR, TOTP_SECRET, prepare_second_factor
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory
from tests.second_factors import code_of
from tests.sign_ins import age_sign_in, sign_in_now

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "an unusual pair of green trousers"
REAUTHENTICATE = "/accounts/reauthenticate/"


@pytest.fixture
def provider(db: None) -> IdentityProvider:
    return add_provider()


def is_known(browser: Browser) -> bool:
    """Whether a session is known under the key it has now, and nothing else is."""
    row = ProviderSession.objects.get()
    assert (row.subject, row.sid) == (SUBJECT, SID)
    return bool(row.session_digest == digest(browser.client.session.session_key))


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_it_is_known_after_a_confirmation_gave_it_another_key(provider: IdentityProvider, ada: User) -> None:
    browser = signed_in_with(provider, ada)
    before = browser.client.session.session_key
    assert browser.post(REAUTHENTICATE, {"password": PASSWORD}).status == 302
    assert browser.client.session.session_key != before
    assert is_known(browser)


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_it_is_known_under_another_key_of_a_provider_that_is_no_longer_offered(
    provider: IdentityProvider, ada: User
) -> None:
    browser = signed_in_with(provider, ada)
    IdentityProvider.objects.update(is_enabled=False)
    assert browser.post(REAUTHENTICATE, {"password": PASSWORD}).status == 302
    assert is_known(browser)


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_it_is_known_after_a_new_password_gave_it_another_key(provider: IdentityProvider, ada: User) -> None:
    browser = signed_in_with(provider, ada)
    before = browser.client.session.session_key
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post("/accounts/password/change/", form).status == 302
    assert browser.client.session.session_key != before
    assert is_known(browser)


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_it_is_forgotten_at_the_sign_out(provider: IdentityProvider, ada: User) -> None:
    browser = signed_in_with(provider, ada)
    browser.post("/accounts/logout/")
    assert not ProviderSession.objects.exists()


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_housekeeping_forgets_it_when_it_has_ended(provider: IdentityProvider, ada: User) -> None:
    signed_in_with(provider, ada)
    end_sessions_of(ada)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        assert prune().provider_sessions == 0
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert prune().provider_sessions == 1


@pytest.mark.spec("I-88", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_a_session_that_began_with_a_password_is_known_nowhere(provider: IdentityProvider, ada: User) -> None:
    client = Client()
    client.post(LOGIN, {"login": ada.username, "password": PASSWORD})
    client.post(REAUTHENTICATE, {"password": PASSWORD})
    assert not ProviderSession.objects.exists()


def required_since_long(person: User) -> None:
    """Require a second factor, of somebody who has had a month to set one up."""
    Organization.current()
    Organization.objects.update(second_factor_required_at=timezone.now() - timedelta(days=30))
    User.objects.filter(pk=person.pk).update(joined_at=timezone.now() - timedelta(days=90))


@pytest.mark.spec("I-89", "RFC 8176")
def test_the_rule_that_requires_a_second_factor_takes_one_that_the_provider_has_seen(
    provider: IdentityProvider,
) -> None:
    administrator = AdministratorFactory.create()
    required_since_long(administrator)
    without = signed_in_with(provider, administrator)
    assert without.get("/people/").status == 403
    ProviderSession.objects.all().delete()
    seen = signed_in_with(provider, administrator, second_factor=True)
    assert seen.get("/people/").status == 200
    assert "second factor" not in seen.get("/people/").text


@pytest.mark.spec("I-89", "RFC 8176")
def test_it_counts_in_that_session_alone(provider: IdentityProvider) -> None:
    administrator = AdministratorFactory.create()
    required_since_long(administrator)
    signed_in_with(provider, administrator, second_factor=True)
    client = Client()
    sign_in_now(client, administrator)
    browser = Browser(client)
    assert browser.get("/people/").status == 403
    age_sign_in(browser, minutes=1)
    assert browser.get("/people/").status == 403


@pytest.mark.spec("I-90", "ASVS 6.8")
@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_sign_in_is_not_finished_that_began_at_a_provider_which_is_no_longer_offered(
    provider: IdentityProvider, ada: User, is_enabled: bool
) -> None:
    prepare_second_factor(ada)
    client = Client()
    client.post(LOGIN, {"login": ada.username, "password": PASSWORD})
    note_identity(client, provider, ada)
    IdentityProvider.objects.update(is_enabled=is_enabled)
    client.post(SECOND_FACTOR, {"code": code_of(TOTP_SECRET)})
    assert ("_auth_user_id" in client.session) == is_enabled
    assert ProviderSession.objects.exists() == is_enabled


@pytest.mark.spec("I-89", "RFC 8176")
def test_what_a_sign_in_that_was_given_up_has_shown_counts_for_no_later_one(
    provider: IdentityProvider, ada: User
) -> None:
    client = Client()
    note_identity(client, provider, ada, second_factor=True)
    client.post(LOGIN, {"login": ada.username, "password": PASSWORD})
    methods = [record["method"] for record in client.session["account_authentication_methods"]]
    assert methods == ["password"]
    assert not ProviderSession.objects.exists()
