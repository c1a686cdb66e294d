"""After SECRET_KEY was replaced, what people have goes on as long as the former key is accepted."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Organization, User
from accounts.oidc.client_secrets import unseal
from accounts.oidc.errors import ProviderError
from accounts.security.ciphers import SECOND_FACTORS, UnreadableError, cipher
from accounts.services.links import create_password_link
from accounts.services.reencryption import reencrypt_second_factors, reencrypt_stored
from accounts.services.sessions import sessions_of
from audit.actors import Actor
from tests.accounts.rotated import rotate
from tests.console.conftest import administrator, browser_of, console, member, stranger, visitor
from tests.console.pages import Browser
from tests.console.test_security import sign_in
from tests.factories import PASSWORD, PROVIDER_SECRET, make_provider
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.second_factors import add_passkey, code_of

__all__ = ["administrator", "console", "member", "stranger", "visitor"]

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODES = "/security/recovery-codes/"
WITH_PASSKEY = "/accounts/login/passkey/"

pytestmark = [pytest.mark.django_db, pytest.mark.spec("O-50", "ASVS 11.2.2, 13.3.4")]

kept_or_forgotten = pytest.mark.parametrize("forget", [False, True])


@kept_or_forgotten
def test_a_session_goes_on_under_its_key(member: User, settings: Settings, forget: bool) -> None:
    browser = sign_in(member)
    before = browser.client.cookies["gatehouse_session"].value
    rotate(settings, forget=forget)
    goes_on = browser.get("/security/").status == 200
    assert goes_on is not forget
    if goes_on:
        assert browser.client.cookies["gatehouse_session"].value == before
        settings.SECRET_KEY_FALLBACKS = []
        assert browser.get("/security/").status == 200  # it is of the new key now


def test_requests_under_way_with_the_same_cookie_are_served(member: User, settings: Settings) -> None:
    browser = sign_in(member)
    other = Browser(Client())
    other.client.cookies.load({name: each.value for name, each in browser.client.cookies.items()})
    rotate(settings)
    assert [each.get("/security/").status for each in (browser, other, browser)] == [200] * 3


def test_all_sessions_stay_on_the_list_and_can_be_ended(member: User, settings: Settings) -> None:
    here, other = sign_in(member), sign_in(member)
    rotate(settings)
    assert len(sessions_of(member)) == 2
    assert here.get("/security/").status == 200
    sign_in(member)  # which tidies up the list
    assert UserSession.objects.filter(user=member).count() == 3
    here.send(here.get(reverse("end-other-sessions")))
    assert other.get("/security/").status == 302
    assert here.get("/security/").status == 200


def test_two_servers_in_the_middle_of_a_change_serve_one_session(member: User, settings: Settings) -> None:
    browser, old = sign_in(member), settings.SECRET_KEY
    new = "the-new-key-that-is-long-enough-for-the-test-suite"
    for keys in [(old, [new]), (new, [old]), (old, [new]), (new, [old])]:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = keys
        assert browser.get("/security/").status == 200


@kept_or_forgotten
def test_a_sign_in_under_way_is_finished(member: User, settings: Settings, forget: bool) -> None:
    TOTP.activate(member, SECRET)
    browser = sign_in(member)
    address = reverse("mfa_authenticate")
    page = browser.get(address)
    rotate(settings, forget=forget)
    browser.send(page, address, code=code_of(SECRET))
    assert (browser.get("/security/").status == 200) is not forget


@kept_or_forgotten
def test_an_authenticator_app_is_good(member: User, settings: Settings, forget: bool) -> None:
    TOTP.activate(member, SECRET)
    rotate(settings, forget=forget)
    browser = sign_in(member)
    address = reverse("mfa_authenticate")
    page = browser.send(browser.get(address), address, code=code_of(SECRET))
    assert page.status == (403 if forget else 302)


@kept_or_forgotten
def test_recovery_codes_that_nobody_has_seen_are_shown(
    member: User, visitor: Browser, settings: Settings, forget: bool
) -> None:
    TOTP.activate(member, SECRET)
    RecoveryCodes.activate(member)
    rotate(settings, forget=False)
    if forget:
        settings.SECRET_KEY_FALLBACKS = []
        visitor = browser_of(member)
    page = visitor.get(CODES)
    assert page.status == (302 if forget else 200)


def test_a_passkey_is_good_and_so_is_a_challenge_from_before(
    member: User, visitor: Browser, stranger: Browser, settings: Settings
) -> None:
    device = SoftAuthenticator()
    assert add_passkey(visitor, device).status == 302
    asked = stranger.client.get(WITH_PASSKEY, headers={"Accept": "application/json"}).json()
    rotate(settings)
    answer: Any = device.get(asked["request_options"]["publicKey"])
    stranger.post(WITH_PASSKEY, {"credential": json.dumps(answer)})
    assert stranger.get("/security/").status == 200


def test_a_passkey_that_is_being_added_is_added(visitor: Browser, settings: Settings) -> None:
    page = visitor.get("/security/passkeys/new")
    credential = SoftAuthenticator().create(json.loads(page.form().get("data-passkey-options", "")))
    rotate(settings)
    assert visitor.send(page, name="Phone", credential=json.dumps(credential)).status == 302
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


@kept_or_forgotten
def test_a_form_that_waits_for_a_sign_in_is_kept(
    console: Browser, administrator: User, settings: Settings, forget: bool
) -> None:
    page = console.get("/organization/")
    console.client.session.delete()
    page = console.send(page, lane="preview")
    rotate(settings, forget=forget)
    page = console.send(page, "/accounts/login/", login=administrator.username, password=PASSWORD)
    is_kept = page.answer["Location"].startswith("/accounts/login/kept-form/")
    assert is_kept is not forget
    if is_kept:
        console.send(console.follow(page), "/organization/")
        assert Organization.current().lane == "preview"


@kept_or_forgotten
def test_a_message_for_the_next_page_arrives(console: Browser, settings: Settings, forget: bool) -> None:
    console.send(console.get("/organization/"), lane="preview")
    assert "gatehouse_messages" in console.client.cookies
    rotate(settings, forget=False)
    if forget:
        assert console.get("/organization/").status == 200  # the session is of the new key
        return
    assert "Saved" in console.get("/organization/").messages


def test_a_one_time_link_needs_no_key(member: User, stranger: Browser, settings: Settings) -> None:
    link = create_password_link(member, actor=Actor.command("tests"))
    rotate(settings, forget=True)
    page = stranger.client.get(link, follow=True)
    assert page.status_code == 200
    assert "expired" not in page.content.decode()


def test_second_factors_are_encrypted_anew_and_need_the_former_key_no_more(
    member: User, settings: Settings
) -> None:
    TOTP.activate(member, SECRET)
    RecoveryCodes.activate(member)
    former = settings.SECRET_KEY
    rotate(settings, forget=True)
    unreadable = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    with pytest.raises(UnreadableError):
        unreadable.wrap().validate_code("123456")
    assert reencrypt_second_factors(["a key that nothing was written with", former]) == 2
    assert reencrypt_second_factors([former]) == 0
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert cipher(SECOND_FACTORS).decrypt(row.data["secret"].encode()).decode() == SECRET
    assert django_settings.SECRET_KEY_FALLBACKS == []


@pytest.mark.spec("I-11", "ASVS 13.3.1")
def test_client_secrets_at_providers_are_read_and_encrypted_anew(db: None, settings: Settings) -> None:
    provider, former = make_provider(), settings.SECRET_KEY
    rotate(settings)
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ProviderError):
        unseal(provider.sealed_secret)
    assert reencrypt_stored(["a key that nothing was written with"]) == 0
    assert reencrypt_stored(["a key that nothing was written with", former]) == 1
    assert reencrypt_stored([former]) == 0
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET


def test_what_no_key_reads_stays_as_it_is(member: User, settings: Settings) -> None:
    TOTP.activate(member, SECRET)
    before = Authenticator.objects.get().data
    rotate(settings, forget=True)
    assert reencrypt_second_factors(["a key that nothing was written with"]) == 0
    assert Authenticator.objects.get().data == before
