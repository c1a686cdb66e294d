"""An installation with an identity provider, and sessions that began there, without asking one."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts.models import IdentityProvider, Organization, PasswordRule, ProviderSession, User
from accounts.sessions.provider_sessions import METHOD
from accounts.sessions.store import digest
from tests.console.conftest import browser_of
from tests.console.pages import Browser

ISSUER = "https://idp.example"
SUBJECT = "248289761001"
SID = "08a5019c-17e1-4977-8f42-65a12843ea02"


def add_provider(**fields: Any) -> IdentityProvider:
    """Add an enabled provider."""
    values = {"name": "Acme", "issuer": ISSUER, "client_id": "gatehouse", "sealed_secret": "x"}
    discovery = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "end_session_endpoint": f"{ISSUER}/logout",
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    provider: IdentityProvider = IdentityProvider.objects.create(**values | {"discovery": discovery} | fields)
    return provider


def set_rule(rule: PasswordRule, emergency_account: User | None = None) -> None:
    """Say who may use passwords."""
    Organization.current()
    Organization.objects.update(password_rule=rule, emergency_account=emergency_account)


def signed_in_with(provider: IdentityProvider, person: User, **record: Any) -> Browser:
    """A person's browser whose session began at a provider just now."""
    browser = browser_of(person)
    SocialAccount.objects.get_or_create(user=person, provider=provider.issuer, uid=SUBJECT)
    note_identity(browser.client, provider, person, **record)
    ProviderSession.objects.create(
        user=person,
        provider=provider,
        session_digest=digest(browser.client.session.session_key),
        subject=SUBJECT,
        sid=record.get("sid", SID),
    )
    return browser


def note_identity(client: Client, provider: IdentityProvider, person: User, **record: Any) -> None:
    """Have a session hold what it holds after a sign-in at a provider, and nothing else that was proven."""
    request = HttpRequest()
    request.session = client.session
    request.session.pop("account_authentication_methods", None)
    known = {
        "provider": provider.issuer,
        "uid": SUBJECT,
        "sid": SID,
        "name": provider.name,
        "second_factor": False,
        "at": timezone.now().timestamp(),
    }
    record_authentication(request, person, method=METHOD, **known | record)
    request.session.save()
