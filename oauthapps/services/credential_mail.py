"""Emails about the end of a client secret or key, to whoever is responsible for its application."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.services.mail import can_send
from accounts.services.waiting_emails import queue
from common.times import short_date
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.services.credential_callers import Evidence

Credential = ClientSecret | PublicKey
EXPIRES, STOPPED = "console/email/credential_expires", "console/email/retirement_stopped"
MOST_CALLERS = 5


@dataclass(frozen=True, kw_only=True)
class Responsible:
    """Whom to tell of an application's matters, each once.

    Attributes:
        people: by primary key; none who is deactivated.
        addresses: email addresses that are nobody's here.
    """

    people: set[int]
    addresses: set[str]


def responsible_for(application: Application) -> Responsible:
    """Return the owner and the contacts of an application."""
    contacts = {application.first_contact.lower(), application.second_contact.lower()} - {""}
    known = list(User.objects.filter(email__in=contacts))
    people = [*known, *([application.user] if application.user else [])]
    return Responsible(
        people={person.pk for person in people if person.is_active},
        addresses=contacts - {person.email for person in known},
    )


def tell_of_expiry(credential: Credential) -> int:
    """Have whoever is responsible told that a secret or key expires soon, and return how many they are.

    Call it in the transaction that notes it.
    """
    return tell(EXPIRES, credential, {"at": credential.expires_at})


def tell_of_stopped_retirement(credential: Credential, evidence: Evidence) -> int:
    """Have whoever is responsible told that a secret or key was not retired, and who uses it.

    Call it in the transaction that stops it.
    """
    callers = [
        {"address": caller.address, "user_agent": caller.user_agent}
        for caller in evidence.recent_callers[:MOST_CALLERS]
    ]
    return tell(STOPPED, credential, {"at": evidence.last_used_at, "callers": callers})


def tell(template: str, credential: Credential, context: dict[str, Any]) -> int:
    """Have whoever is responsible for a secret or key told something of it; nobody without a mail server."""
    if not can_send():
        return 0
    application = credential.application
    to = responsible_for(application)
    said = {
        "application": application.name,
        "noun": credential.noun,
        "label": credential.label,
        "notes": getattr(credential, "notes", ""),
        "last_day": day_of(credential.expires_at),
        "retirement_day": day_of(credential.retires_at),
        "path": credential.get_absolute_url(),
        **context,
    }
    queue(template, sorted(to.people), said, sorted(to.addresses))
    return len(to.people) + len(to.addresses)


def day_of(ends_at: datetime | None) -> str:
    """Return the last day of something that ends at a time, such as "Nov 27, 2026"; empty for none."""
    return short_date(ends_at - timedelta(microseconds=1)) if ends_at else ""
