"""Back-channel logout: a sign-out at an identity provider ends sessions here, and tokens if configured."""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import IdentityProvider, ProviderSession, User
from accounts.oidc.logout_tokens import LogoutToken, use_up
from accounts.services.sessions import end_listed
from audit.actors import Actor
from audit.models import Event, EventKind
from common.words import counted
from oauthapps.models import AccessToken, TokenFamily
from oauthapps.models.consents import EndReason

# A session may get another key in the meantime; then it is looked up again.
ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class LoggedOut:
    """The result of a logout.

    Attributes:
        sessions: how many sessions ended.
        tokens: how many authorizations of applications ended, with their tokens.
    """

    sessions: int = 0
    tokens: int = 0


def log_out(token: LogoutToken, provider: IdentityProvider, *, actor: Actor) -> LoggedOut | None:
    """Do what a logout token says, all or nothing; None if it was used before.

    Args:
        token: the token, already checked.
        provider: the provider that sent it.
        actor: the provider, and its IP address.
    """
    with transaction.atomic():
        if not use_up(token, provider):
            return None
        people = people_of(token, provider)
        sessions, tokens = end_sessions(token, provider), 0
        if provider.logout_ends_tokens:
            tokens = sum(end_tokens(person) for person in people)
        for person in people if sessions or tokens else ():
            ended = [counted(sessions, "session"), *([counted(tokens, "authorization")] if tokens else [])]
            detail = f"signed out at {provider.name}: {', '.join(ended)}"
            Event.objects.record(EventKind.SESSIONS_ENDED, actor=actor, person=person, detail=detail)
    return LoggedOut(sessions=sessions, tokens=tokens)


def people_of(token: LogoutToken, provider: IdentityProvider) -> list[User]:
    """Return the person that a logout is about, by linked account or session: one, or nobody."""
    if token.subject:
        identities = SocialAccount.objects.filter(provider=provider.issuer, uid=token.subject)
        return list(User.objects.filter(pk__in=identities.values("user")))
    return list(User.objects.filter(pk__in=sessions_of(token, provider).values("user")))


def sessions_of(token: LogoutToken, provider: IdentityProvider) -> QuerySet[ProviderSession]:
    """Return the sessions that a logout is about: one, or all of the subject's.

    A session whose `sid` isn't known, because the ID token had none, ends with any logout of its subject.
    """
    rows = ProviderSession.objects.filter(provider=provider)
    if not token.subject:
        return rows.filter(sid=token.sid)
    rows = rows.filter(subject=token.subject)
    return rows.filter(sid__in=[token.sid, ""]) if token.sid else rows


def end_sessions(token: LogoutToken, provider: IdentityProvider) -> int:
    """End the sessions that a logout is about, and return how many there were."""
    count = 0
    for _ in range(ATTEMPTS):
        digests = list(sessions_of(token, provider).values_list("session_digest", flat=True))
        if not digests:
            break
        count += end_listed(digests)
        ProviderSession.objects.filter(session_digest__in=digests).delete()
    return count


def end_tokens(user: User) -> int:
    """End the tokens that act for a person, and return how many families ended; consents stay."""
    now = timezone.now()
    tokens = AccessToken.objects.of_person(user)
    alive = tokens.filter(revoked_at=None, expires__gt=now, family__ended_at=None)
    AccessToken.objects.filter(pk__in=list(alive.values_list("pk", flat=True))).update(revoked_at=now)
    return TokenFamily.objects.filter(user=user).end(EndReason.SIGNED_OUT_AT_PROVIDER)
