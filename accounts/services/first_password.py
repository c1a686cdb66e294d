"""Replacing a password that somebody else knows, such as the one that a first run prints."""

from django.db import transaction

from accounts.models import OneTimeLink, User
from audit.actors import Actor
from audit.models import Event, EventKind


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
