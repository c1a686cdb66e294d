"""Emails that tell people that an administrator revoked applications' access."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services.mail import can_send, deliver
from oauthapps.models import Application
from oauthapps.models.extents import Extent

# More people at once are told by Connected apps alone: the administrator waits while emails are sent.
MOST_PEOPLE = 10


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What a person is to be told.

    Attributes:
        person: whose account the applications had access to.
        applications: the applications, by name.
    """

    person: User
    applications: list[Application]


def notifications_for(extent: Extent) -> list[Notification]:
    """Return whom to tell once an extent is revoked: those who wish, and nobody where they are too many.

    Call it before that: afterward nothing says whose access it was.
    """
    if not can_send():
        return []
    pairs = [*pairs_of(extent.consents, extent), *pairs_of(extent.machine_tokens, extent)]
    people = User.objects.in_bulk({person for person, _ in pairs})
    if len(people) > MOST_PEOPLE:
        return []
    applications = Application.objects.in_bulk({application for _, application in pairs})
    return [
        Notification(
            person=person,
            applications=sorted(
                (applications[application] for owner, application in set(pairs) if owner == pk),
                key=lambda application: application.name.casefold(),
            ),
        )
        for pk, person in sorted(people.items())
    ]


def pairs_of(rows: QuerySet[Any], extent: Extent) -> list[tuple[int, int]]:
    """Return the people of some rows who wish to be told, each with an application, as primary keys."""
    wishes = Q(user__wants_access_mail=True, user__is_active=True)
    pairs = rows.filter(wishes).order_by().values_list("user", "application").distinct()
    return list(pairs if extent.person else pairs[: MOST_PEOPLE + 1])


def tell_of_revoked_access(notifications: list[Notification], extent: Extent, *, by: User) -> None:
    """Mail people that access was revoked; it has been, whatever the mail server says.

    Call it outside of a transaction: a mail server may be slow. One that fails is not asked again.

    Args:
        notifications: whom, and of what.
        extent: what was revoked.
        by: the administrator.
    """
    for notification in notifications:
        context = {
            "user": notification.person,
            "applications": notification.applications,
            "asks": not all(application.service_id for application in notification.applications),
            "has_keys": any(application.service_id for application in notification.applications),
            "before": extent.before,
            "by": by,
            "at": timezone.now(),
        }
        if not deliver("people/email/access_revoked", notification.person, context):
            return
