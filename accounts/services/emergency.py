"""Use of the emergency account, which can always sign in with a password: it never goes unnoticed."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.mail import can_send
from accounts.services.security_mail import named
from accounts.services.waiting_emails import queue
from audit.actors import Actor
from audit.models import Event, EventKind

TEMPLATE = "people/email/emergency_sign_in"


def record_emergency_sign_in(user: User, *, actor: Actor) -> None:
    """Record that somebody signed in with the emergency account, and email all administrators.

    Args:
        user: the account.
        actor: who signed in, and from where.
    """
    with transaction.atomic():
        Event.objects.record(EventKind.EMERGENCY_SIGN_IN, actor=actor, person=user)
        if can_send():
            told = User.objects.administrators().values_list("pk", flat=True)
            queue(TEMPLATE, told, {"account": named(user), "ip": actor.ip_address, "at": timezone.now()})
