"""Adding, changing and deleting identity providers, and what sign-in pages offer."""

import json
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import IdentityProvider, Organization, PasswordRule
from accounts.oidc.client_secrets import unseal
from accounts.oidc.errors import ProviderError
from accounts.services.identity_providers import (
    OFFER_SECONDS,
    OfferedProvider,
    Remembered,
    SignInOffer,
    change_provider,
    delete_provider,
    offered,
)
from accounts.services.provider_values import state_of
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import EditConflictError, version_of
from tests.factories import PROVIDER_SECRET, UserFactory, make_provider

pytestmark = pytest.mark.django_db

US = Actor.command("tests")


def refusals_of(**values: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        make_provider(**values)
    return refused.value.message_dict


@pytest.mark.spec("I-12", "ASVS 16.2.1")
def test_a_provider_that_was_added_is_offered_and_recorded() -> None:
    assert offered() == SignInOffer()
    provider = make_provider(name="Staff", allowed_domains=["Example.com", "@example.com", " "])
    assert provider.allowed_domains == ["example.com"]
    assert offered().providers == (OfferedProvider(provider_id=provider.provider_id, name="Staff"),)
    event = Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_CREATED)
    assert (event.detail, event.subject) == ("Staff", provider.pk)
    assert event.after["Issuer"] == "https://login.example"


@pytest.mark.spec("I-11", "ASVS 13.3.1")
def test_its_secret_is_encrypted_and_in_no_event(settings: Any) -> None:
    provider = make_provider()
    assert PROVIDER_SECRET not in provider.sealed_secret
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET
    change_provider(provider, {}, client_secret="another-secret-0c", actor=US)
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == "another-secret-0c"
    recorded = json.dumps(list(Event.objects.values("detail", "before", "after", "values")))
    assert "another-secret" not in recorded
    assert PROVIDER_SECRET not in recorded
    assert Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_CHANGED).after == {"Client secret": "replaced"}
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-the-test-suite"
    with pytest.raises(ProviderError) as unreadable:
        unseal(provider.sealed_secret)
    assert "Enter the client secret again" in unreadable.value.fix


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret": "  "}, "client_secret"),
        ({"scopes": "email profile"}, "scopes"),
        ({"scopes": 'openid "x"'}, "scopes"),
        ({"allowed_domains": ["example"]}, "allowed_domains"),
        ({"allowed_domains": ["a@example.com"]}, "allowed_domains"),
        ({"allowed_domains": ["*.example.com"]}, "allowed_domains"),
        ({"provisions": True}, "allowed_domains"),
        ({"administrator_groups": ["Admins"]}, "groups_claim"),
        ({"auditor_groups": ["Auditors"]}, "groups_claim"),
        ({"second_factor_values": ["x" * 300]}, "second_factor_values"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
def test_a_value_that_makes_no_sense_is_refused(values: dict[str, Any], field: str) -> None:
    assert list(refusals_of(**values)) == [field]
    assert not IdentityProvider.objects.exists()


def test_an_issuer_belongs_to_one_provider() -> None:
    make_provider()
    assert refusals_of(name="Another") == {"issuer": ["There's already a provider with this issuer."]}
    make_provider("https://other.example")


@pytest.mark.spec("I-12", "ASVS 16.2.1")
def test_what_changes_is_recorded_and_counts_at_once() -> None:
    provider = make_provider()
    assert offered().providers
    changes = change_provider(provider, {"is_enabled": False, "name": "Example login"}, actor=US)
    assert changes.changed == ["Enabled"]
    assert offered() == SignInOffer()
    event = Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_CHANGED)
    assert (event.before, event.after) == ({"Enabled": True}, {"Enabled": False})
    change_provider(provider, {"is_enabled": False}, actor=US)
    assert Event.objects.filter(kind=EventKind.IDENTITY_PROVIDER_CHANGED).count() == 1


def test_two_administrators_do_not_overwrite_each_other() -> None:
    provider = make_provider()
    seen = {name: version_of(value) for name, value in state_of(provider).items()}
    change_provider(provider, {"name": "Theirs"}, actor=US, based_on=seen)
    kept = change_provider(provider, {"name": "Example login", "scopes": "openid"}, actor=US, based_on=seen)
    assert kept.kept == ["Name"]
    with pytest.raises(EditConflictError) as conflict:
        change_provider(provider, {"name": "Mine"}, actor=US, based_on=seen)
    assert conflict.value.conflicts[0].theirs == "Theirs"
    provider.refresh_from_db()
    assert (provider.name, provider.scopes) == ("Theirs", "openid")


@pytest.mark.spec("I-12", "ASVS 16.2.1")
def test_deleting_one_removes_whose_identities_are_whose() -> None:
    provider, person = make_provider(), UserFactory()
    SocialAccount.objects.create(user=person, provider=provider.issuer, uid="1")
    SocialAccount.objects.create(user=person, provider="https://other.example", uid="1")
    delete_provider(provider, actor=US)
    delete_provider(provider, actor=US)  # pressed again
    assert [each.provider for each in SocialAccount.objects.all()] == ["https://other.example"]
    assert offered() == SignInOffer()
    event = Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_DELETED)
    assert event.detail == "Example login; 1 link removed"


def test_what_is_offered_takes_one_statement_and_is_remembered_for_seconds() -> None:
    make_provider()
    Organization.current()
    Organization.objects.update(password_rule=PasswordRule.EMERGENCY)
    with CaptureQueriesContext(connection) as statements:
        assert offered().password_rule == PasswordRule.EMERGENCY
        offered()
    assert len(statements) == 1
    IdentityProvider.objects.update(is_enabled=False)  # as another process might
    assert offered().providers
    Remembered.until -= OFFER_SECONDS
    assert offered() == SignInOffer()  # and so everybody may sign in with a password
