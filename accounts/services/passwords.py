"""Passwords that people choose themselves."""

from django.db import transaction

from accounts.models import OneTimeLink, User
from audit.actors import Actor
from audit.models import Event, EventKind


def save_password(user: User) -> None:
    """Save the password that a person was given, and end the links that could set another.

    To be called inside a transaction, after the password was hashed: `oauthapps.services.passwords` ends more
    in the same one.
    """
    user.save(update_fields=["password", "must_change_password"])
    OneTimeLink.objects.filter(user=user).delete()


def replace_first_password(user: User, password: str, *, actor: Actor) -> bool:
    """Give somebody the password they chose, which has been judged, in the place of the one they got.

    Their links end: whoever knew that password may have had one made.

    Returns:
        Whether it was still that password; of several at once, one counts.
    """
    first = user.password
    user.set_password(password)
    with transaction.atomic():
        unchanged = User.objects.filter(pk=user.pk, password=first, is_active=True)
        if not unchanged.update(password=user.password, must_change_password=False):
            return False
        user.must_change_password = False
        OneTimeLink.objects.filter(user=user).delete()
        Event.objects.record(EventKind.PASSWORD_CHANGED, actor=actor, person=user)
    return True


def record_wrong_password(user: User, *, actor: Actor) -> None:
    """Record a wrong password on the page that links an account to a person."""
    kind, detail = EventKind.SIGN_IN_FAILED, "wrong password for linking an identity"
    Event.objects.record(kind, actor=actor, person=user, detail=detail)
