"""Emails that tell people that an administrator revoked applications' access."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services.mail import can_send, deliver
from accounts.services.security_mail import named
from accounts.services.waiting_emails import queue
from oauthapps.models import Application
from oauthapps.models.extents import Extent

# More people at once are told by housekeeping: the administrator waits while emails are sent.
MOST_PEOPLE = 10
TEMPLATE = "people/email/access_revoked"
WISHES = Q(user__wants_access_mail=True, user__is_active=True)


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What a person is to be told.

    Attributes:
        person: whose account the applications had access to.
        applications: the applications, by name.
    """

    person: User
    applications: list[Application]


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Whom to tell once an extent is revoked.

    Attributes:
        at_once: those who are told before the administrator's page is back.
        later: how many are told by housekeeping, because they are many; then nobody is told at once.
    """

    at_once: list[Notification] = field(default_factory=list)
    later: int = 0


def audience_of(extent: Extent) -> Audience:
    """Return whom to tell once an extent is revoked: those who wish.

    Call it before that: afterward nothing says whose access it was.
    """
    if not can_send():
        return Audience()
    pairs = [*pairs_of(extent.consents, extent), *pairs_of(extent.machine_tokens, extent)]
    people = User.objects.in_bulk({person for person, _ in pairs})
    if len(people) > MOST_PEOPLE:
        rows: list[QuerySet[Any]] = [extent.consents, extent.machine_tokens]
        return Audience(
            later=sum(each.filter(WISHES).order_by().values("user").distinct().count() for each in rows)
        )
    applications = Application.objects.in_bulk({application for _, application in pairs})
    return Audience(
        at_once=[
            Notification(
                person=person,
                applications=sorted(
                    (applications[application] for owner, application in set(pairs) if owner == pk),
                    key=lambda application: application.name.casefold(),
                ),
            )
            for pk, person in sorted(people.items())
        ]
    )


def pairs_of(rows: QuerySet[Any], extent: Extent) -> list[tuple[int, int]]:
    """Return the people of some rows who wish to be told, each with an application, as primary keys."""
    pairs = rows.filter(WISHES).order_by().values_list("user", "application").distinct()
    return list(pairs if extent.person else pairs[: MOST_PEOPLE + 1])


def tell_of_revoked_access(notifications: list[Notification], extent: Extent, *, by: User) -> None:
    """Mail people that access was revoked; it has been, whatever the mail server says.

    Call it outside of a transaction: a mail server may be slow. One that fails isn't asked again now; those
    who were not told are told by housekeeping.

    Args:
        notifications: whom, and of what.
        extent: what was revoked.
        by: the administrator.
    """
    now, works = timezone.now(), True
    for each in notifications:
        context = context_of(each.applications, extent, by=by, at=now)
        works = works and deliver(TEMPLATE, each.person, {"user": each.person, **context})
        if not works:
            queue(TEMPLATE, [each.person.pk], context)


def telling_later(extent: Extent, *, by: User) -> Callable[[QuerySet[Any]], None]:
    """Return what has the people of some rows told by housekeeping, once each.

    Call that in the transaction that revokes the rows, before it does.

    Args:
        extent: what is revoked, of one application.
        by: the administrator.
    """
    applications = [extent.application] if extent.application else []
    context = context_of(applications, extent, by=by, at=timezone.now())
    told: set[int] = set()

    def tell(rows: QuerySet[Any]) -> None:
        people = set(rows.filter(WISHES).order_by().values_list("user", flat=True)) - told
        queue(TEMPLATE, people, context)
        told.update(people)

    return tell


def context_of(applications: list[Application], extent: Extent, *, by: User, at: datetime) -> dict[str, Any]:
    """Return what an email says: names and times, which can wait in the database."""
    return {
        "applications": [
            {"name": application.name, "has_key": bool(application.service_id)}
            for application in applications
        ],
        "before": extent.before,
        "by": named(by),
        "at": at,
        "asks": not all(application.service_id for application in applications),
        "has_keys": any(application.service_id for application in applications),
    }
