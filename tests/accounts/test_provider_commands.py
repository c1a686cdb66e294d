"""Identity providers for automated installations: by command, and by environment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from accounts.models import IdentityProvider, Organization, PasswordRule, User
from accounts.oidc.client_secrets import unseal
from accounts.oidc.errors import ProviderError
from accounts.services.sign_in_rules import change_sign_in_rules
from audit.actors import Actor
from audit.models import Event, EventKind
from server import environment_provider
from server.doctor.findings import Level
from server.doctor.providers import check_identity_providers
from tests.accounts.test_commands import Terminal
from tests.factories import (
    PROVIDER_SECRET,
    AdministratorFactory,
    UserFactory,
    discovery_document,
    make_provider,
)
from tests.infrastructure.line_server import LineServer, answer

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
US = Actor.command("tests")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def there(settings: Settings) -> Iterator[LineServer]:
    """A provider whose discovery document can be read."""
    settings.IDENTITY_PROVIDER_PRIVATE = True
    with LineServer(answer(b"{}")) as server:
        server.answering = answer(json.dumps(discovery_document(issuer_of(server))).encode())
        yield server


def issuer_of(server: LineServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def add(terminal: Terminal, there: LineServer, *options: str) -> dict[str, Any]:
    usual = ("--issuer", issuer_of(there), "--name", "Staff", "--client-id", "gh", "--client-secret-stdin")
    return terminal.run("identity_provider", "add", *usual, *options, stdin=f"{PROVIDER_SECRET}\n")


@pytest.mark.spec("I-16", "operation")
def test_a_command_adds_changes_lists_and_removes_a_provider(terminal: Terminal, there: LineServer) -> None:
    options = ("--domain", "example.com", "--domain", "example.org", "--create-members", "on")
    printed = add(terminal, there, *options, "--groups-claim", "groups", "--administrator-group", "Admins")
    provider = IdentityProvider.objects.get()
    assert printed == {
        "provider_id": provider.provider_id,
        "redirect_url": "http://testserver.localhost/accounts/login/provider/callback/",
    }
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET
    assert (provider.is_enabled, provider.provisions) == (True, True)
    change = ("identity_provider", "change", "--issuer", issuer_of(there))
    changed = terminal.run(*change, "--enabled", "off", "--client-secret-stdin", stdin="another-secret\n")
    assert changed == {"changed": ["Enabled", "Client secret"]}
    listed = terminal.run("identity_provider", "list")[issuer_of(there)]
    assert listed["allowed_domains"] == ["example.com", "example.org"]
    assert not listed["is_enabled"]
    assert "secret" not in json.dumps(listed)
    removal = ("identity_provider", "remove", "--issuer", issuer_of(there))
    assert terminal.run(*removal) == {"removed": issuer_of(there)}
    assert terminal.run("identity_provider", "list") == {}
    assert {event.actor_name for event in Event.objects.all()} == {"manage.py identity_provider"}


@pytest.mark.spec("I-16", "operation")
def test_a_command_refuses_what_cannot_be_in_one_line(terminal: Terminal, there: LineServer) -> None:
    assert "--client-secret-stdin" in terminal.refusal("identity_provider", "add", "--issuer", "https://a.b")
    assert "There is no identity provider" in terminal.refusal("identity_provider", "remove")
    there.answering = answer(b"{}", status="404 Not Found")
    with pytest.raises(CommandError, match="answered 404"):
        add(terminal, there)
    there.answering = answer(json.dumps(discovery_document(issuer_of(there))).encode())
    with pytest.raises(CommandError, match="allowed_domains: “x” isn't a domain"):
        add(terminal, there, "--domain", "x")
    assert not IdentityProvider.objects.exists()


@pytest.mark.spec("I-15", "ASVS 6.1.3")
def test_a_command_sets_the_rules_with_the_same_checks_and_opens_passwords_again(terminal: Terminal) -> None:
    person: User = AdministratorFactory.create(username="eva")
    restrict = ("organization", "--passwords", "emergency", "--emergency-account", "eva")
    assert "no second factor" in terminal.refusal(*restrict)
    TOTP.activate(person, SECRET)
    assert "Add and enable an identity provider first" in terminal.refusal(*restrict)
    make_provider()
    printed = terminal.run(*restrict)
    assert (printed["passwords"], printed["emergency_account"]) == ("emergency", "eva")
    assert terminal.run("organization", "--passwords", "everybody")["passwords"] == "everybody"
    assert "passwords" not in terminal.run("organization", "--emergency-account", "")


@pytest.fixture
def environment(there: LineServer, monkeypatch: pytest.MonkeyPatch) -> LineServer:
    """The environment names the provider that is there."""
    monkeypatch.setenv("IDENTITY_PROVIDER_ISSUER", issuer_of(there))
    monkeypatch.setenv("IDENTITY_PROVIDER_NAME", "Staff")
    monkeypatch.setenv("IDENTITY_PROVIDER_CLIENT_ID", "gh")
    monkeypatch.setenv("IDENTITY_PROVIDER_CLIENT_SECRET", PROVIDER_SECRET)
    monkeypatch.setenv("IDENTITY_PROVIDER_DOMAINS", "example.com example.org")
    return there


@pytest.mark.spec("I-17", "operation")
def test_the_environment_adds_a_provider_once_and_follows_its_credentials(
    environment: LineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment_provider.prepare() == "Identity provider added: Staff"
    provider = IdentityProvider.objects.get()
    assert (provider.is_enabled, provider.allowed_domains) == (True, ["example.com", "example.org"])
    asked = len(environment.requests)
    assert environment_provider.prepare() == ""
    monkeypatch.setenv("IDENTITY_PROVIDER_CLIENT_SECRET", "rotated-secret")
    monkeypatch.setenv("IDENTITY_PROVIDER_NAME", "Not looked at again")
    assert environment_provider.prepare() == "Identity provider Staff: new Client secret"
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == "rotated-secret"
    assert provider.name == "Staff"
    assert len(environment.requests) == asked
    event = Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_CREATED)
    assert event.actor_name == "manage.py serve"


@pytest.mark.spec("I-17", "operation")
def test_an_environment_that_cannot_be_says_which_variable(
    environment: LineServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDENTITY_PROVIDER_CLIENT_SECRET")
    with pytest.raises(ValidationError, match="and IDENTITY_PROVIDER_CLIENT_SECRET"):
        environment_provider.prepare()
    monkeypatch.setenv("IDENTITY_PROVIDER_CLIENT_SECRET", PROVIDER_SECRET)
    environment.answering = answer(b"busy", status="503 Busy")
    with pytest.raises(ProviderError):
        environment_provider.prepare()
    monkeypatch.delenv("IDENTITY_PROVIDER_ISSUER")
    assert environment_provider.prepare() == ""


def doctor_says() -> list[tuple[Level, str]]:
    return [(finding.level, finding.sentence) for finding in check_identity_providers()]


@pytest.mark.spec("I-18", "operation")
def test_doctor_looks_at_providers_and_the_emergency_account(there: LineServer, settings: Settings) -> None:
    assert [level for level, _ in doctor_says()] == [Level.OK]
    issuer = issuer_of(there)
    make_provider(issuer)
    person: User = AdministratorFactory.create(username="eva")
    ((level, sentence),) = doctor_says()
    assert level == Level.OK
    assert issuer in sentence
    TOTP.activate(person, SECRET)
    rules = {"password_rule": "emergency", "emergency_account": person.user_id}
    change_sign_in_rules(rules, actor=US)
    assert [level for level, _ in doctor_says()] == [Level.OK, Level.OK]
    User.objects.filter(pk=person.pk).update(password="!")
    there.answering = answer(json.dumps(discovery_document(issuer, userinfo_endpoint=None)).encode())
    assert [level for level, _ in doctor_says()] == [Level.WARNING, Level.ERROR]
    there.answering = answer(b"busy", status="503 Busy")
    assert doctor_says()[0][0] == Level.ERROR
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-the-test-suite"
    assert "another SECRET_KEY" in doctor_says()[0][1]


@pytest.mark.spec("I-15", "ASVS 6.1.3")
def test_reset_user_lets_the_emergency_account_back_in(terminal: Terminal) -> None:
    person = AdministratorFactory.create(username="eva")
    make_provider()
    TOTP.activate(person, SECRET)
    change_sign_in_rules(
        {"password_rule": "emergency", "emergency_account": person.user_id}, actor=Actor(user=UserFactory())
    )
    terminal.run("reset_user", "eva", stdin="an entirely new passphrase 7\n")
    person.refresh_from_db()
    assert person.check_password("an entirely new passphrase 7")
    assert Organization.current().password_rule == PasswordRule.EMERGENCY
    call_command("organization", "--passwords", "everybody")
