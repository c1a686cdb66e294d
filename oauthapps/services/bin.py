"""The bin: deleted applications can be restored for thirty days, with everything but what they were issued.

While an application is deleted nothing that was issued to its client works, because every look-up joins it.
So that none of it works again once the application is restored, token families and the tokens of machines are
ended: by housekeeping in the minutes after the deletion, and by whoever restores it sooner.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.names import is_same_name
from common.work import Work
from oauthapps.errors import NameTakenError, NotInBinError, StillEndingError
from oauthapps.models import AccessToken, Application, TokenFamily
from oauthapps.models.consents import EndReason, TokenFamilyQuerySet
from oauthapps.models.tokens import AccessTokenQuerySet
from oauthapps.services.applications import occupy_slot

# Rows that one transaction ends while somebody waits, and for how long they do: a response may take three
# seconds (DATABASE_STATEMENT_SECONDS).
SLICE = 1000
BUDGET_SECONDS = 1.5

# Ends rows by primary key, and counts them.
End = Callable[[list[int], Work], None]


def restore_application(application: Application, *, actor: Actor, name: str = "") -> None:
    """Take an application out of the bin: its settings, credentials and consents count again at once.

    Args:
        application: which.
        actor: who restores it.
        name: a new name; the one that it had when empty.

    Raises:
        ApplicationLimitError: when there are as many applications as there may be.
        NameTakenError: when another application has the name by now.
        NotInBinError: when it was restored or purged meanwhile, or its time is over.
        StillEndingError: when there was no time to end all that it had been issued.
    """
    name = name or application.name
    require_free_name(name)
    ending = Work(SLICE, seconds=BUDGET_SECONDS)
    end_issued(Application.objects.filter(pk=application.pk), ending)
    if not ending.is_whole:
        raise StillEndingError
    with transaction.atomic():
        held = Application.objects.in_bin().select_for_update(no_key=True).filter(pk=application.pk).first()
        if held is None:
            raise NotInBinError
        end_rest(held)
        before = {"Name": held.name} if name != held.name else {}
        held.name, held.deleted_at, held.deleted_by = name, None, None
        occupy_slot(held, limit=settings.APPLICATION_LIMIT)
        Event.objects.record(
            EventKind.APPLICATION_RESTORED,
            actor=actor,
            application=held,
            before=before,
            after={"Name": name} if before else None,
        )


def require_free_name(name: str) -> None:
    """Make sure that no application has a name that people would take for this one.

    Raises:
        NameTakenError: when one has.
    """
    if any(is_same_name(name, taken) for taken in Application.objects.live().values_list("name", flat=True)):
        raise NameTakenError(name)


def purge_application(application: Application, *, actor: Actor) -> None:
    """End an application's time in the bin: nobody can restore it, and housekeeping removes what it left.

    Raises:
        NotInBinError: when it was restored or purged meanwhile.
    """
    with transaction.atomic():
        rows = Application.objects.deleted().filter(pk=application.pk)
        if not rows.update(purged_at=timezone.now()):
            raise NotInBinError
        Event.objects.record(EventKind.APPLICATION_PURGED, actor=actor, application=application)


def purge_overdue(work: Work) -> None:
    """Purge the applications whose time in the bin is over."""
    for application in Application.objects.overdue_in_bin():
        if not work.may_go_on():
            return
        with work.turn():
            purge_application(application, actor=Actor(label="Housekeeping"))
            work.count("purged_applications", 1)


def end_issued(applications: QuerySet[Application], work: Work) -> None:
    """End in turns what was issued to clients of deleted applications."""
    for application in applications:
        for issued, end in ((families_of, end_families), (machine_tokens_of, revoke_tokens)):
            after: int | None = 0
            while after is not None and work.may_go_on():
                after = end_some(issued(application), end, after, work)


def end_some(rows: QuerySet[Any], end: End, after: int, work: Work) -> int | None:
    """End the next rows after a primary key, and return which the next turn comes after; None for the end.

    What somebody else ends at this moment is left to them.
    """
    ids: list[int] = list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[: work.rows])
    if not ids:
        return None
    with work.turn():
        held = rows.filter(pk__in=ids).select_for_update(no_key=True, skip_locked=True, of=("self",))
        end(list(held.values_list("pk", flat=True)), work)
    return ids[-1]


def end_rest(application: Application) -> None:
    """End what was issued to an application after that was ended, by requests that were under way."""
    families_of(application).end(EndReason.APPLICATION_DELETED)
    machine_tokens_of(application).update(revoked_at=timezone.now())


def families_of(application: Application) -> TokenFamilyQuerySet:
    """Return the families of an application that are alive, as long as it is deleted.

    So nothing ends what its clients get once it is restored.
    """
    return TokenFamily.objects.alive().filter(application=application, application__deleted_at__isnull=False)


def machine_tokens_of(application: Application) -> AccessTokenQuerySet:
    """Return the living access tokens that descend from no consent, likewise."""
    return AccessToken.objects.filter(
        application=application,
        application__deleted_at__isnull=False,
        family=None,
        revoked_at=None,
        expires__gt=timezone.now(),
    )


def end_families(ids: list[int], work: Work) -> None:
    """End families by primary key."""
    ended = TokenFamily.objects.filter(pk__in=ids).end(EndReason.APPLICATION_DELETED)
    work.count("ended_token_families", ended)


def revoke_tokens(ids: list[int], work: Work) -> None:
    """Revoke access tokens by primary key."""
    revoked = AccessToken.objects.filter(pk__in=ids).update(revoked_at=timezone.now())
    work.count("revoked_access_tokens", revoked)
