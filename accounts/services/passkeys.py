"""What people call their passkeys: no two of a person's the same."""

from itertools import count

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind

NAME_LENGTH = 60
# Characters of a name before its number.
LONGEST_STEM = NAME_LENGTH - 5


def unique_name(user: User, wanted: str, *, renamed: Authenticator | None = None) -> str:
    """Return a name that no other passkey of a person has, with a number where another has it already.

    Args:
        user: the person.
        wanted: the name that was asked for; a number at its end is counted on.
        renamed: the passkey that is to have the name, where it is there already.
    """
    others = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    if renamed is not None:
        others = others.exclude(pk=renamed.pk)
    taken = {str(row.data["name"]).casefold() for row in others}
    if wanted.casefold() not in taken:
        return wanted
    stem = wanted.rstrip(" 0123456789") or wanted
    numbered = (f"{stem[:LONGEST_STEM]} {number}" for number in count(2))
    return next(name for name in numbered if name.casefold() not in taken)


def rename_passkey(passkey: Authenticator, name: str, *, actor: Actor) -> None:
    """Give a passkey another name.

    Args:
        passkey: the passkey.
        name: which no other passkey of its owner has.
        actor: who renames it.
    """
    known = passkey.wrap()
    before = known.name
    known.name = name
    with transaction.atomic():
        passkey.save()
        Event.objects.record(
            EventKind.PASSKEY_RENAMED,
            actor=actor,
            person=passkey.user,
            before={"Name": before},
            after={"Name": name},
        )
