"""Who may sign in with a password, and that somebody always can."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Organization, PasswordRule, Role, User
from accounts.services.emergency_account import EMERGENCY_ACCOUNT_STAYS
from accounts.services.identity_providers import change_provider, offered
from accounts.services.people import change_person
from accounts.services.second_factors import reset_second_factors
from accounts.services.sign_in_rules import change_sign_in_rules
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.services.activation import deactivate, reset_person
from tests.console.conftest import browser_of
from tests.factories import AdministratorFactory, UserFactory, make_provider
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.second_factors import add_passkey

pytestmark = [pytest.mark.django_db, pytest.mark.spec("I-15", "ASVS 6.1.3")]

US = Actor.command("tests")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RESTRICTIONS = [PasswordRule.ADMINISTRATORS, PasswordRule.EMERGENCY]


@pytest.fixture
def ready() -> User:
    """An administrator who can be the emergency account."""
    person: User = AdministratorFactory.create(name="Eva")
    TOTP.activate(person, SECRET)
    return person


def choose(person: User | None, rule: str = PasswordRule.EMERGENCY) -> None:
    values = {"password_rule": str(rule), "emergency_account": person.user_id if person else ""}
    change_sign_in_rules(values, actor=US)


def refusal_of(person: User | None, rule: str = PasswordRule.EMERGENCY) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        choose(person, rule)
    organization = Organization.current()
    assert (organization.password_rule, organization.emergency_account) == (PasswordRule.EVERYBODY, None)
    return refused.value.message_dict


@pytest.mark.parametrize("rule", RESTRICTIONS)
def test_a_restriction_is_recorded_and_counts_at_once(ready: User, rule: PasswordRule) -> None:
    make_provider()
    choose(ready, rule)
    assert offered().password_rule == rule
    choose(ready, rule)
    event = Event.objects.get(kind=EventKind.SIGN_IN_RULES_CHANGED)
    assert event.before == {"Passwords": "Everybody", "Emergency account": "None"}
    assert event.after["Passwords"] == rule.label
    choose(None, PasswordRule.EVERYBODY)
    assert offered().password_rule == PasswordRule.EVERYBODY


@pytest.mark.parametrize("rule", RESTRICTIONS)
def test_a_restriction_needs_a_provider_that_is_offered(ready: User, rule: PasswordRule) -> None:
    assert list(refusal_of(ready, rule)) == ["password_rule"]
    change_provider(make_provider(), {"is_enabled": False}, actor=US)
    assert list(refusal_of(ready, rule)) == ["password_rule"]


@pytest.mark.parametrize("rule", RESTRICTIONS)
def test_a_restriction_needs_an_emergency_account(rule: PasswordRule) -> None:
    make_provider()
    assert list(refusal_of(None, rule)) == ["emergency_account"]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"role": Role.MEMBER}, "not an active administrator"),
        ({"role": Role.AUDITOR}, "not an active administrator"),
        ({"is_active": False}, "not an active administrator"),
        ({"password": "!unusable"}, "no password of their own"),
        ({"must_change_password": True}, "no password of their own"),
    ],
    ids=str,
)
def test_the_emergency_account_can_sign_in(ready: User, fields: dict[str, Any], missing: str) -> None:
    make_provider()
    User.objects.filter(pk=ready.pk).update(**fields)
    assert refusal_of(ready) == {"emergency_account": [f"Eva can't be the emergency account: {missing}."]}


def test_the_emergency_account_has_a_second_factor_that_is_no_recovery_code() -> None:
    make_provider()
    person = AdministratorFactory.create(name="Tom")
    assert refusal_of(person) == {
        "emergency_account": ["Tom can't be the emergency account: no second factor."]
    }


def test_nobody_knows_a_person_or_a_rule_that_is_none(ready: User) -> None:
    make_provider()
    for values in ({"emergency_account": "0" * 32}, {"password_rule": "nobody"}):
        with pytest.raises(ValidationError):
            change_sign_in_rules(values, actor=US)


def test_the_emergency_account_stays_able_to_sign_in(ready: User) -> None:
    make_provider()
    AdministratorFactory.create()
    choose(ready)
    attempts: list[Callable[[], object]] = [
        lambda: change_person(ready, {"role": Role.MEMBER}, actor=US),
        lambda: deactivate(ready, actor=US),
        lambda: reset_second_factors(ready, actor=US),
    ]
    for attempt in attempts:
        with pytest.raises(ValidationError, match="This is the emergency account"):
            attempt()
    change_person(ready, {"name": "Eva Lind"}, actor=US)
    ready.refresh_from_db()
    assert ready.is_administrator
    choose(None, PasswordRule.EVERYBODY)
    for attempt in attempts:
        attempt()


def test_its_owner_keeps_the_last_second_factor(ready: User) -> None:
    make_provider()
    choose(ready)
    browser, removal = browser_of(ready), reverse("mfa_deactivate_totp")
    page = browser.follow(browser.send(browser.get(removal)))
    assert "last second factor of the emergency account" in page.messages
    assert Authenticator.objects.filter(user=ready).exists()
    add_passkey(browser, SoftAuthenticator())
    browser.send(browser.get(removal))
    passkey = Authenticator.objects.get(user=ready, type=Authenticator.Type.WEBAUTHN)
    assert not Authenticator.objects.filter(user=ready, type=Authenticator.Type.TOTP).exists()
    removal = reverse("mfa_remove_webauthn", args=[passkey.pk])
    browser.send(browser.get(removal))
    assert Authenticator.objects.filter(pk=passkey.pk).exists()
    choose(None, PasswordRule.EVERYBODY)
    browser.send(browser.get(removal))
    assert not Authenticator.objects.filter(pk=passkey.pk).exists()


def test_it_is_about_the_field_on_the_page_of_a_person(ready: User) -> None:
    make_provider()
    AdministratorFactory.create()
    choose(ready)
    with pytest.raises(ValidationError) as refused:
        change_person(ready, {"role": Role.AUDITOR}, actor=US)
    assert refused.value.message_dict == {"role": [EMERGENCY_ACCOUNT_STAYS]}


def test_others_are_deactivated_as_ever_and_a_command_resets_whom_it_likes(ready: User) -> None:
    make_provider()
    choose(ready)
    other = UserFactory.create()
    assert deactivate(other, actor=US)
    assert deactivate(other, actor=US) is None
    reset_person(ready, password="an entirely new passphrase 7", actor=US)


def test_a_provider_is_not_offered_again_where_the_emergency_account_cannot_sign_in(ready: User) -> None:
    provider = make_provider()
    choose(ready)
    change_provider(provider, {"is_enabled": False}, actor=US)
    Authenticator.objects.all().delete()
    for attempt in (
        lambda: change_provider(provider, {"is_enabled": True}, actor=US),
        lambda: make_provider("https://other.example"),
    ):
        with pytest.raises(ValidationError, match="the emergency account can't sign in"):
            attempt()
    TOTP.activate(ready, SECRET)
    change_provider(provider, {"is_enabled": True}, actor=US)


def test_where_the_last_provider_goes_everybody_has_a_password_again(ready: User) -> None:
    provider = make_provider()
    choose(ready)
    change_provider(provider, {"is_enabled": False}, actor=US)
    assert offered().password_rule == PasswordRule.EVERYBODY
    choose(ready, PasswordRule.EVERYBODY)
