"""Valid things to break one part of."""

from collections.abc import Iterable
from itertools import count
from typing import Any

import factory

from accounts.models import IdentityProvider, Role, User
from accounts.oidc.discovery import checked
from accounts.services.identity_providers import add_provider
from audit.actors import Actor
from oauthapps.models import Application, RecordedRequest
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import CreatedApplication, create_application
from oauthapps.services.changes import change_application
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, API_ACCESS

PASSWORD = "correct horse battery staple"
PROVIDER_SECRET = "provider-secret-7d1f"
REDIRECT_URL = "https://client.example/callback"
NUMBERS = count(0x4F0C8A1BE2D37965)


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.django.Password(PASSWORD)


class AdministratorFactory(UserFactory):
    username = factory.Sequence(lambda number: f"administrator{number}")
    role = Role.ADMINISTRATOR


class AuditorFactory(UserFactory):
    username = factory.Sequence(lambda number: f"auditor{number}")
    role = Role.AUDITOR


def make_application(app_type: AppType, **fields: Any) -> CreatedApplication:
    """Create an application through the service, with one redirect URL where its type has them."""
    if app_type != AppType.MACHINE_TO_MACHINE:
        fields.setdefault("redirect_urls", [REDIRECT_URL])
    fields.setdefault("name", f"Test {app_type.label}")
    return create_application(app_type=app_type, actor=Actor.command("tests"), **fields)


def discovery_document(issuer: str, **members: Any) -> dict[str, Any]:
    """What an identity provider says of itself; a member that is None is left out."""
    usual: dict[str, Any] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "end_session_endpoint": f"{issuer}/logout",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
    }
    return {name: value for name, value in (usual | members).items() if value is not None}


def make_provider(issuer: str = "https://login.example", **values: Any) -> IdentityProvider:
    """Add an identity provider through the service, as if its discovery document had just been read.

    `document` are members of that document that differ from the usual ones, `provider_id` is its id.
    """
    document = discovery_document(issuer, **values.pop("document", {}))
    provider_id = values.pop("provider_id", "")
    usual = {"name": "Example login", "client_id": "gatehouse"}
    secret = values.pop("client_secret", PROVIDER_SECRET)
    discovery, actor = checked(document, issuer), Actor.command("tests")
    provider = add_provider(discovery, usual | values, client_secret=secret, actor=actor)
    if provider_id:
        IdentityProvider.objects.filter(pk=provider.pk).update(provider_id=provider_id)
        provider.refresh_from_db()
    return provider


def allow_scopes(application: Application, names: Iterable[str], *, actor: Actor | None = None) -> None:
    """Say which scopes an application may ask for, as its page does."""
    change_application(
        application,
        values={ALLOWED_SCOPE: scopes.render(names)},
        labels={ALLOWED_SCOPE: API_ACCESS},
        actor=actor or Actor.command("tests"),
    )


def record_request(application: Application | None = None, **fields: Any) -> RecordedRequest:
    """Record a request that an application's client sent to the token endpoint and that was refused."""
    number = next(NUMBERS)
    known = {"application": application, "client_id": application.client_id} if application else {}
    usual: dict[str, Any] = {
        "request_id": f"{number:016x}",
        "endpoint": "token",
        "grant_type": "authorization_code",
        "status": 400,
        "error": "invalid_grant",
        "cause": "The authorization code was used 3 minutes before.",
        "fix": "Exchange each code once, and refresh afterward.",
        "address": "192.0.2.17",
        "user_agent": "example-client/1.0",
        "parameters": {"grant_type": "authorization_code", "code": "gc_3f…9a1b"},
    }
    row: RecordedRequest = RecordedRequest.objects.create(**usual | known | fields)
    return row


def record_redirect_mismatch(application: Application, sent: str, **fields: Any) -> RecordedRequest:
    """Record an authorization request that came with a redirect URI which is not registered."""
    registered = next((row.url for row in application.redirect_urls.all()), "")
    usual = {
        "endpoint": "authorize",
        "grant_type": "",
        "error": "invalid_request",
        "cause": "redirect_uri differs from the registered one at character 27.",
        "fix": "Send the registered Redirect URL exactly, or register this one.",
        "parameters": {"client_id": application.client_id, "redirect_uri": sent, "response_type": "code"},
        "details": {"sent": sent, "registered": registered, "difference_at": 27, "can_add": True},
    }
    return record_request(application, **usual | fields)


def stored_earlier(application: Application, **fields: str) -> Application:
    """Give fields values that no form and no command takes, as a row from another time may have them."""
    Application.objects.filter(pk=application.pk).update(**fields)
    application.refresh_from_db()
    return application
