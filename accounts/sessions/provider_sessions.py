"""Which identity provider a session began with: what the session stores, and how a logout finds it.

The session stores it in django-allauth's record of how its person signed in, so that sessions that began with
a password cost no statement.
"""

from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from accounts.models import IdentityProvider, ProviderSession, User
from accounts.sessions.store import digest

# The method in records of sign-ins with a provider. They have the issuer as `provider`, the `sub` as `uid`,
# the `sid`, the provider's `name`, and whether it checked a `second_factor` that counts.
METHOD = "socialaccount"


def identities_in(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the records of sign-ins with a provider in this session, or in a sign-in under way."""
    records = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    return [record for record in records if record["method"] == METHOD]


def identity_of(request: HttpRequest) -> dict[str, Any] | None:
    """Return the latest record of a sign-in with a provider in this session; None if there is none."""
    return next(reversed(identities_in(request)), None)


def proved_second_factor(request: HttpRequest) -> bool:
    """Return whether a provider has checked a second factor in this session that counts here."""
    return any(identity.get("second_factor") for identity in identities_in(request))


def provider_of(request: HttpRequest) -> IdentityProvider | None:
    """Return the provider that this session began with; None without one, or if it isn't enabled anymore."""
    identity = identity_of(request)
    if identity is None:
        return None
    return IdentityProvider.objects.filter(issuer=identity["provider"], is_enabled=True).first()


def list_provider_session(request: HttpRequest, user: User) -> None:
    """Record this request's session under its current key, so that a logout at its provider finds it.

    To be called whenever the session gets another key. The person's ended sessions are forgotten. A disabled
    provider still signs people out.
    """
    identity = identity_of(request)
    if identity is None:
        return
    provider = IdentityProvider.objects.filter(issuer=identity["provider"]).first()
    if provider is None:
        return
    found = {
        "user": user,
        "provider": provider,
        "subject": identity["uid"],
        "sid": identity.get("sid", ""),
    }
    ProviderSession.objects.update_or_create(
        session_digest=digest(request.session.session_key), defaults=found
    )
    going_on = UserSession.objects.filter(user=user).values("session_key")
    ProviderSession.objects.filter(user=user).exclude(session_digest__in=going_on).delete()


def forget_provider_session(request: HttpRequest) -> None:
    """Forget this session, which is ending, so that a logout at its provider doesn't look for it."""
    if identity_of(request):
        ProviderSession.objects.filter(session_digest=digest(request.session.session_key)).delete()
