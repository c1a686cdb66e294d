"""Emails that tell somebody what an administrator did to their account, later if not at once."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.services.mail import deliver
from accounts.services.waiting_emails import queue


def send_sessions_ended(user: User, *, count: int, by: User) -> bool:
    """Mail somebody that an administrator ended all their sessions; return whether it was sent at once."""
    return deliver_or_queue("people/email/sessions_ended", user, {"count": count, "by": named(by)})


def send_second_factors_reset(user: User, *, removed: str, by: User) -> bool:
    """Mail somebody that an administrator removed their second factors; return whether it was sent at once.

    Args:
        user: the person.
        removed: what was removed, in words.
        by: the administrator.
    """
    return deliver_or_queue("people/email/second_factors_reset", user, {"removed": removed, "by": named(by)})


def deliver_or_queue(template: str, user: User, context: Mapping[str, Any]) -> bool:
    """Send somebody an email, or have it sent later, and return whether it was sent at once."""
    said = {**context, "at": timezone.now()}
    if deliver(template, user, {"user": user, **said}):
        return True
    queue(template, [user.pk], said)
    return False


def named(user: User) -> dict[str, str]:
    """Return what an email says of somebody."""
    return {"display_name": user.display_name, "username": user.username}
