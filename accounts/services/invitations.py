"""Inviting somebody: they are known here from then on, and active once they have chosen a password."""

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import LinkPurpose, OneTimeLink, Role, User
from accounts.services.links import create_link_key, link_url
from accounts.services.people import save_validated
from audit.actors import Actor
from audit.models import Event, EventKind

JOINED = "This invitation was already accepted."


def invite(*, username: str, email: str, role: Role, actor: Actor, name: str = "") -> tuple[User, str]:
    """Make a person who is not active yet, and the link by which they choose a password: once, within a week.

    Args:
        username: their username.
        email: their email address.
        role: administrator, auditor, or member.
        actor: who invites them.
        name: what pages call them; the username when empty.

    Returns:
        The person, and the link in clear, for the only time.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    user = User(username=username, email=email, role=role, name=name, is_active=False, joined_at=None)
    user.set_unusable_password()
    with transaction.atomic():
        save_validated(user)
        key = create_link_key(user, LinkPurpose.INVITATION)
        after = {"Username": username, "Email address": user.email, "Role": role}
        Event.objects.record(EventKind.PERSON_INVITED, actor=actor, person=user, after=after)
    return user, link_url(key)


def invite_again(user: User, *, actor: Actor) -> str:
    """Make another link for somebody who has not joined; the earlier one stops working.

    Returns:
        The link in clear, for the only time.

    Raises:
        ValidationError: when they have joined meanwhile.
    """
    with transaction.atomic():
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, joined_at=None).exists():
            raise ValidationError(JOINED)
        key = create_link_key(user, LinkPurpose.INVITATION)
        Event.objects.record(EventKind.PERSON_INVITED, actor=actor, person=user, detail="again")
    return link_url(key)


def withdraw_invitation(user: User, *, actor: Actor) -> bool:
    """End the link of somebody who has not joined and return whether there was one."""
    with transaction.atomic():
        ended, _ = OneTimeLink.objects.filter(user=user, purpose=LinkPurpose.INVITATION).delete()
        if ended:
            Event.objects.record(EventKind.INVITATION_WITHDRAWN, actor=actor, person=user)
    return bool(ended)
