"""The sign-in log. Signing in happens in code that is not ours, so this listens to its signals."""

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed
from allauth.account.signals import user_logged_in as signed_in
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from accounts.access import SignInRequiredError
from accounts.models import User
from accounts.security import throttling
from accounts.security.logins import login_in
from accounts.services.password_rule import may_use_password, with_password_rule
from accounts.services.second_factors import keep_if_in_time
from accounts.services.sessions import forget_ended_sessions
from accounts.sessions.current import (
    SEEN_AT,
    STARTED_AT,
    forget_session,
    list_session,
    record_factor_change,
    session_digest,
)
from accounts.sessions.provider_sessions import METHOD, forget_provider_session, list_provider_session
from audit.actors import Actor
from audit.models import Event, EventKind

ADDED = {
    Authenticator.Type.WEBAUTHN: EventKind.PASSKEY_ADDED,
    Authenticator.Type.TOTP: EventKind.AUTHENTICATOR_ADDED,
    Authenticator.Type.RECOVERY_CODES: EventKind.RECOVERY_CODES_MADE,
}
REMOVED = {
    Authenticator.Type.WEBAUTHN: EventKind.PASSKEY_REMOVED,
    Authenticator.Type.TOTP: EventKind.AUTHENTICATOR_REMOVED,
    Authenticator.Type.RECOVERY_CODES: EventKind.RECOVERY_CODES_REMOVED,
}
# Why a password is refused that may be right.
NO_PASSWORD = "has to sign in with an identity provider"  # noqa: S105  # a reason
# How a proof is called in the log.
PROOFS = {
    "password": "password",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.RECOVERY_CODES: "recovery code",
}


@receiver(user_logged_in)
def record_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody signed in, and with what, and from when their session counts."""
    throttling.remember_network(request)
    request.session[STARTED_AT] = request.session[SEEN_AT] = time.time()
    records = get_authentication_records(request, user)
    record_about(EventKind.SIGNED_IN, request, user, ", ".join(filter(None, map(proof_in, records))))


def proof_in(record: dict[str, Any]) -> str:
    """Return how the log calls a proof that a session has a record of; nothing for what it does not name."""
    if record["method"] == METHOD:
        return f"identity provider {record['name']}"
    return PROOFS.get(record.get("type", record["method"]), "")


@receiver(signed_in)
@receiver(password_changed)
def put_on_list(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Put a session on its owner's list that has just begun, or got another key with the new password."""
    list_session(request, user)
    forget_ended_sessions(user)
    list_provider_session(request, user)


@receiver(user_logged_out)
def record_sign_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody signed out, and take the session off their list."""
    if user is not None:
        UserSession.objects.filter(session_key=session_digest(request)).delete()
        forget_provider_session(request)
        record_about(EventKind.SIGNED_OUT, request, user)


@receiver(user_login_failed)
def record_failed_sign_in(
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **kwargs: Any,  # noqa: ARG001
) -> None:
    """Record that somebody failed to sign in under a name of ours; under others, failures are counted.

    They are also counted under a name that is being guessed at, or guessing would fill the table.

    What else was typed into the name field may be a password, so it is not kept.
    """
    if request is None:
        return
    login = login_in(credentials)
    person = with_password_rule(User.objects.whose_login(login)).first()
    if throttling.is_guessed(request, login) or person is None:  # asked first: the same work for everybody
        somebody = Actor.anonymous(request)
        Event.objects.record_stranger(EventKind.SIGN_IN_FAILED, actor=somebody, person=person)
    else:
        record_about(
            EventKind.SIGN_IN_FAILED, request, person, "" if may_use_password(person) else NO_PASSWORD
        )


@receiver(password_changed)
def record_password_change(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that somebody changed their password."""
    record_about(EventKind.PASSWORD_CHANGED, request, user)


@receiver(mfa.authentication_failed)
def record_wrong_code(request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Record that a code was wrong; it counts as a failure to sign in, which slows guessing down."""
    record_about(EventKind.SIGN_IN_FAILED, request, user, "wrong code")


@receiver(mfa.authenticator_used)
def record_recovery_code(
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **kwargs: Any,  # noqa: ARG001
) -> None:
    """Record that one of somebody's recovery codes is used up."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record_about(EventKind.RECOVERY_CODE_USED, request, user)


@receiver(mfa.authenticator_added)
@receiver(mfa.authenticator_reset)
def record_new_authenticator(
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **kwargs: Any,  # noqa: ARG001
) -> None:
    """Record that somebody has a new passkey, authenticator app or set of recovery codes.

    Raises:
        SignInRequiredError: when their sessions were ended meanwhile: it is removed again.
    """
    if not keep_if_in_time(authenticator, began=user):
        forget_session(request)
        raise SignInRequiredError(reverse("security"))
    record_factor_change(request)
    record_about(ADDED[authenticator.type], request, user, passkey_name(authenticator))


@receiver(mfa.authenticator_removed)
def record_removed_authenticator(
    request: HttpRequest,
    user: User,
    authenticator: Authenticator,
    **kwargs: Any,  # noqa: ARG001
) -> None:
    """Record that one of them is gone."""
    record_factor_change(request)
    record_about(REMOVED[authenticator.type], request, user, passkey_name(authenticator))


def passkey_name(authenticator: Authenticator) -> str:
    """Return what its owner called a passkey; the others have no name."""
    return str(authenticator.data.get("name", ""))


def record_about(kind: EventKind, request: HttpRequest, person: User, detail: str = "") -> None:
    """Record an event of the sign-in log."""
    Event.objects.record(kind, actor=Actor.of(request), person=person, detail=detail)
