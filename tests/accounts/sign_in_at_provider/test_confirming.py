"""Confirming that it is still you at the provider, and second factors that it has seen."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.models import IdentityProvider, PasswordRule, ProviderSession, User
from accounts.sessions.store import digest
from tests.accounts.providers import set_rule
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.accounts.ways_in import TOTP_SECRET, prepare_second_factor
from tests.console.pages import Browser, Page
from tests.factories import UserFactory
from tests.infrastructure.scripted_provider import ScriptedProvider
from tests.second_factors import code_of
from tests.sign_ins import age_sign_in, sign_in_now

pytestmark = pytest.mark.django_db

APP = "/security/authenticator-app/"
AGAIN, CODE = "/accounts/reauthenticate/provider/", "/accounts/reauthenticate/code/"
SEEN = [({"amr": ["pwd", "mfa"]}, True), ({"acr": "high"}, True), ({"amr": ["pwd"]}, False), ({}, False)]


@pytest.fixture
def ada(provider: ScriptedProvider, row: IdentityProvider) -> User:
    """Somebody known at the provider, without a password here."""
    ada: User = UserFactory.create(username="ada", email="ada@example.org")
    ada.set_unusable_password()
    ada.save()
    SocialAccount.objects.create(user=ada, provider=row.issuer, uid=provider.person["sub"])
    provider.person["auth_time"] = int(time.time())
    return ada


@pytest.fixture
def visitor(sso: SsoBrowser, ada: User) -> Browser:
    """Their browser, signed in at the provider 6 minutes ago."""
    sso.sign_in()
    assert sso.is_signed_in
    visitor = Browser(sso.client)
    age_sign_in(visitor, minutes=6)
    return visitor


def go_there(visitor: Browser, page: Page) -> str:
    """Follow to the page that asks, and press its button; returns where the provider is."""
    asks = visitor.follow(page)
    assert asks.answer.request["PATH_INFO"] == AGAIN
    assert "form-action" not in asks.answer["Content-Security-Policy"]
    there = visitor.send(asks, AGAIN)
    assert there.status == 302, there.content
    return str(there.answer["Location"])


@pytest.mark.spec("I-100", "OpenID Connect Core 1.0 §3.1.2.1")
def test_a_sensitive_act_asks_for_a_sign_in_at_the_provider_and_goes_on_afterward(
    visitor: Browser, sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    before = visitor.client.session.session_key
    query = provider.answer(go_there(visitor, visitor.get(APP)))
    assert (provider.authorized["prompt"], provider.authorized["max_age"]) == ("login", "0")
    provider.person["auth_time"] = int(time.time())
    assert sso.come_back(query)["Location"] == APP
    assert visitor.get(APP).status == 200
    assert visitor.client.session.session_key != before
    row = ProviderSession.objects.get()
    assert row.session_digest == digest(visitor.client.session.session_key)


@pytest.mark.spec("I-101", "OpenID Connect Core 1.0 §3.1.3.7")
@pytest.mark.parametrize("auth_time", [-180, None, "now", True])
def test_a_provider_that_did_not_ask_again_confirms_nothing(
    visitor: Browser, sso: SsoBrowser, provider: ScriptedProvider, auth_time: Any
) -> None:
    there = go_there(visitor, visitor.get(APP))
    is_offset = isinstance(auth_time, int) and not isinstance(auth_time, bool)
    provider.person["auth_time"] = int(time.time()) + auth_time if is_offset else auth_time
    answer = sso.come_back(provider.answer(there))
    assert answer.status_code == 403
    assert visitor.get(APP).status == 302


@pytest.mark.spec("I-101", "OpenID Connect Core 1.0 §3.1.3.7")
@pytest.mark.parametrize("is_known", [True, False])
def test_somebody_else_at_the_provider_confirms_nothing_and_is_not_signed_in(
    visitor: Browser, sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, is_known: bool
) -> None:
    there = go_there(visitor, visitor.get(APP))
    provider.person |= {"sub": "another", "email": "bob@example.org", "email_verified": True}
    if is_known:
        bob = UserFactory.create(username="bob", email="bob@example.org")
        SocialAccount.objects.create(user=bob, provider=row.issuer, uid="another")
    provider.person["auth_time"] = int(time.time())
    answer = sso.come_back(provider.answer(there))
    assert answer.status_code == 403
    assert "You signed in with a different" in answer.content.decode()
    assert visitor.client.session["_auth_user_id"] == str(User.objects.get(username="ada").pk)
    assert visitor.get(APP).status == 302


@pytest.mark.spec("I-101", "OpenID Connect Core 1.0 §3.1.3.7")
def test_the_answer_to_a_confirmation_signs_nobody_in(
    visitor: Browser, sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    there = go_there(visitor, visitor.get(APP))
    provider.person["auth_time"] = int(time.time())
    session = visitor.client.session
    for key in ("_auth_user_id", "_auth_user_backend", "_auth_user_hash"):
        del session[key]
    session.save()
    assert sso.come_back(provider.answer(there)).status_code == 403
    assert not sso.is_signed_in


@pytest.mark.spec("I-100", "OpenID Connect Core 1.0 §3.1.2.1")
def test_a_form_waits_for_the_confirmation(
    visitor: Browser, sso: SsoBrowser, provider: ScriptedProvider, ada: User
) -> None:
    User.objects.filter(pk=ada.pk).update(role="administrator")
    form = {"username": "grace", "email": "grace@example.org", "role": "member"}
    there = go_there(visitor, visitor.post("/people/new", form))
    provider.person["auth_time"] = int(time.time())
    sso.come_back(provider.answer(there))
    waiting = visitor.get("/accounts/login/kept-form/")
    assert "grace@example.org" in waiting.content


@pytest.mark.spec("I-102", "the console")
def test_whoever_can_confirm_in_no_way_is_led_to_sign_out(visitor: Browser) -> None:
    SocialAccount.objects.all().delete()
    IdentityProvider.objects.all().delete()
    page = visitor.get(APP)
    assert page.answer["Location"] == "/accounts/logout/"
    assert "Sign out, sign in again" in visitor.follow(page).messages


@pytest.mark.spec("I-102", "the console")
def test_whose_session_began_with_a_password_that_is_closed_now_confirms_at_their_provider(
    ada: User, provider: ScriptedProvider, sso: SsoBrowser
) -> None:
    ada.set_password("x")
    ada.save()
    sign_in_now(sso.client, ada)
    visitor = Browser(sso.client)
    age_sign_in(visitor, minutes=6)
    set_rule(PasswordRule.EMERGENCY)
    assert visitor.get(APP).answer["Location"].startswith(AGAIN)


@pytest.mark.spec("I-89", "RFC 8176")
@pytest.mark.parametrize(("claims", "counts"), SEEN)
def test_a_second_factor_is_asked_for_here_unless_the_provider_has_seen_one_that_counts(
    ada: User, sso: SsoBrowser, provider: ScriptedProvider, claims: dict[str, Any], counts: bool
) -> None:
    prepare_second_factor(ada)
    IdentityProvider.objects.update(second_factor_values=["mfa", "high"])
    provider.person |= claims
    answer = sso.sign_in()
    assert (answer["Location"] == "/accounts/login/second-factor/") != counts
    assert sso.is_signed_in == counts
    if not counts:
        sso.client.post("/accounts/login/second-factor/", {"code": code_of(TOTP_SECRET)})
        assert sso.is_signed_in
        assert ProviderSession.objects.exists()


@pytest.mark.spec("I-89", "RFC 8176")
def test_a_confirmation_asks_whoever_has_a_second_factor_here_for_that_one(
    ada: User, sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    prepare_second_factor(ada)
    sso.sign_in()
    sso.client.post("/accounts/login/second-factor/", {"code": code_of(TOTP_SECRET)})
    visitor = Browser(sso.client)
    age_sign_in(visitor, minutes=6)
    assert visitor.get("/security/authenticator-app/removal/").answer["Location"].startswith(CODE)


@pytest.mark.spec("I-101", "RFC 8176")
def test_a_password_at_the_provider_confirms_nobody_who_has_a_second_factor(
    ada: User, sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    prepare_second_factor(ada)
    IdentityProvider.objects.update(second_factor_values=["mfa"])
    provider.person["amr"] = ["mfa"]
    sso.sign_in()
    assert sso.is_signed_in
    visitor = Browser(sso.client)
    age_sign_in(visitor, minutes=6)
    removal = "/security/authenticator-app/removal/"
    for amr, is_enough in (["pwd"], False), (["mfa"], True):
        provider.person |= {"amr": amr, "auth_time": int(time.time())}
        there = go_there(visitor, visitor.get(removal))
        assert sso.come_back(provider.answer(there)).status_code == (302 if is_enough else 403)
        assert (visitor.get(removal).status == 200) == is_enough


@pytest.mark.spec("I-100", "OpenID Connect Core 1.0 §3.1.2.1")
def test_a_sign_in_there_long_ago_is_none_of_just_now_here(
    ada: User, sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    provider.person["auth_time"] = int(time.time()) - 3600
    sso.sign_in()
    assert sso.is_signed_in
    assert Browser(sso.client).get(APP).answer["Location"].startswith(AGAIN)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        assert Browser(sso.client).get("/security/").status == 200
