"""Emails that could not be sent at once: queued by those who owe them, sent by housekeeping.

Each is claimed before it is sent, and forgotten once the mail server has taken it. Whoever is killed between
these two leaves it to the next one: it may arrive twice, with the same Message-ID, but is never lost.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPServerDisconnected
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import WaitingEmail
from accounts.services.mail import can_send, email_message
from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work

# What has a one-time link may not wait: nothing that lets anybody in is stored in the clear.
MAY_WAIT = {
    "console/email/credential_expires",
    "console/email/retirement_stopped",
    "people/email/access_revoked",
    "people/email/emergency_sign_in",
    "people/email/second_factors_reset",
    "people/email/sessions_ended",
}
# What of a context is a time.
TIMES = ("at", "before")
# An email that the mail server refuses is tried again after so long, then after twice as long, and so on.
TRIED_AGAIN_AFTER = timedelta(seconds=30)
MOST_ATTEMPTS = 9
# Nobody needs to hear of it later than that.
GIVEN_UP_AFTER = timedelta(days=3)
# Whoever was suspended for so many seconds after a claim doesn't send any more: somebody else may have.
CLAIM_SECONDS = 20

log = logging.getLogger("gatehouse.mail")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An email that nobody else sends for a while.

    Attributes:
        email: the email.
        at: when it was claimed, by a clock that goes on while a process is suspended.
    """

    email: WaitingEmail
    at: float

    @property
    def is_old(self) -> bool:
        """Whether somebody else may have sent it meanwhile."""
        return monotonic() - self.at > CLAIM_SECONDS


def queue(
    template: str, people: Iterable[int], context: Mapping[str, Any], addresses: Iterable[str] = ()
) -> None:
    """Have an email sent to some people soon; in a transaction, if that is committed.

    Args:
        template: where its templates are, as for `email_message`; one of `MAY_WAIT`.
        people: whom it is for, by primary key.
        context: what it says besides: values that JSON has, and times called `at` and `before`.
        addresses: who gets it besides, by email addresses that are nobody's here.
    """
    if template not in MAY_WAIT:
        raise ValueError(template)  # it may have a secret
    to: list[dict[str, Any]] = [{"user_id": person} for person in people]
    to += [{"address": address} for address in addresses]
    rows = [WaitingEmail(template=template, context=dict(context), **one) for one in to]
    WaitingEmail.objects.bulk_create(rows, batch_size=500)


def send_waiting(work: Work) -> None:
    """Send emails that are due, as long as the work may go on.

    Raises:
        SMTPException, OSError: when the mail server takes none; what is left stays.
    """
    late = WaitingEmail.objects.filter(queued_at__lt=timezone.now() - GIVEN_UP_AFTER)
    work.delete(late, "undelivered_emails")
    if not can_send() or not due().exists():
        return
    connection = get_connection()
    with work.waiting():
        try:
            connection.open()
            while work.may_go_on() and (email := claim(work)):
                send_claimed(email, connection, work)
        finally:
            close(connection)


def due() -> QuerySet[WaitingEmail]:
    """Return the emails that are due, the oldest first."""
    return WaitingEmail.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")


def overdue_since() -> datetime | None:
    """Return since when an email could have been sent that still waits; None where none does."""
    return due().values_list("due_at", flat=True).first() if can_send() else None


def claim(work: Work) -> Claim | None:
    """Return the next email, which nobody else sends for a while; None where none is due."""
    email: WaitingEmail | None = due().select_related("user").first()
    if email is None:
        return None
    at = monotonic()
    with work.turn():
        again = timezone.now() + TRIED_AGAIN_AFTER * 2**email.attempts
        WaitingEmail.objects.filter(pk=email.pk).update(due_at=again, attempts=F("attempts") + 1)
    email.attempts += 1
    return Claim(email=email, at=at)


def send_claimed(claimed: Claim, connection: Any, work: Work) -> None:
    """Send an email that was claimed, and forget it; or leave it until the claim runs out."""
    email = claimed.email
    if email.user is not None and not email.user.is_active:
        with work.turn():
            forget(email)
        return
    try:
        message = message_of(email)
        message.connection = connection
        if claimed.is_old:
            return
        message.send()
    except Exception as error:
        if is_lost(error):
            raise  # the others can't be sent either
        log.warning("An email (%s) could not be sent: %s", name_of(email), type(error).__name__)
        with work.turn():
            put_off_or_give_up(email, work)
    else:
        with work.turn():
            work.count("sent_emails", forget(email))


def is_lost(error: Exception) -> bool:
    """Return whether the mail server can't be reached any more; other errors concern one email."""
    if isinstance(error, SMTPException):  # which is an OSError
        return isinstance(error, SMTPServerDisconnected)
    return isinstance(error, OSError)


def message_of(email: WaitingEmail) -> EmailMessage:
    """Return an email as it is sent, the same each time."""
    context = {
        name: parse_datetime(value) if name in TIMES and value else value
        for name, value in email.context.items()
    }
    address = email.user.email if email.user else email.address
    message = email_message(email.template, address, {"user": email.user, **context})
    host = urlsplit(settings.BASE_URL).hostname
    message.extra_headers["Message-ID"] = f"<{email.queued_at:%Y%m%d%H%M%S}.{email.pk}@{host}>"
    return message


def put_off_or_give_up(email: WaitingEmail, work: Work) -> None:
    """Leave an email that was refused until its claim runs out; after the last attempt, record that."""
    if email.attempts < MOST_ATTEMPTS:
        work.count("refused_emails", 1)
        return
    work.count("undelivered_emails", forget(email))
    actor = Actor(label="Housekeeping")
    Event.objects.record(EventKind.EMAIL_GIVEN_UP, actor=actor, person=email.user, detail=name_of(email))


def forget(email: WaitingEmail) -> int:
    """Delete an email, and return how many that was: none, if somebody else has."""
    return WaitingEmail.objects.filter(pk=email.pk).delete()[0]


def name_of(email: WaitingEmail) -> str:
    """Return what an email is about, in words."""
    return email.template.rpartition("/")[2].replace("_", " ")


def close(connection: Any) -> None:
    """End a connection, whatever the mail server says to that."""
    with suppress(SMTPException, OSError):
        connection.close()
