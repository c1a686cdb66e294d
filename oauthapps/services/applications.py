"""Creating, disabling and deleting applications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings as installation
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Organization, User, new_identifier
from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import violates
from oauthapps.errors import ApplicationLimitError
from oauthapps.models import Application
from oauthapps.models.applications import SLOT_CONSTRAINT
from oauthapps.rules.app_types import AppType
from oauthapps.rules.slots import Slots
from oauthapps.services import credentials
from oauthapps.services.changes import replace_redirect_urls


@dataclass(frozen=True, kw_only=True)
class CreatedApplication:
    """A new application and its client secret, which exists in clear here and nowhere else."""

    application: Application
    client_secret: str

    def __repr__(self) -> str:
        """Say which application it is and keep the secret out of every trace."""
        return f"CreatedApplication({self.application.client_id})"


def create_application(
    *,
    app_type: AppType,
    name: str,
    actor: Actor,
    owner: User | None = None,
    client_id: str = "",
    client_secret: str | None = "",
    secret_last_day: date | None = None,
    redirect_urls: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> CreatedApplication:
    """Create an application in the lowest free slot, with a client secret where its type has one.

    Args:
        app_type: one of the three types; it never changes.
        name: what people will know it by.
        actor: who creates it.
        owner: the person responsible for it, if anybody is.
        client_id: an id brought along from elsewhere (32 hexadecimal digits); a new one when empty.
        client_secret: a secret brought along; a new one when empty; None for none as yet.
        secret_last_day: the last day, in UTC, on which that works; None for as long as it may.
        redirect_urls: already checked redirect URLs, in their order.
        settings: further fields by name.

    Raises:
        ApplicationLimitError: when there are as many applications as there may be.
        InvalidExpiryError: when its client secret can't work through that day.
        InvalidRedirectURLError: when there are too many redirect URLs.
        ValidationError: when a field has a value it cannot have.
    """
    application = Application(
        app_type=app_type,
        name=name.strip(),
        user=owner,
        organization=Organization.current(),
        created_by=actor.user,
        **(settings or {}),
    )
    if client_id:
        application.client_id = client_id
    complete(application)
    with transaction.atomic():
        occupy_slot(application, limit=installation.APPLICATION_LIMIT)
        replace_redirect_urls(application, redirect_urls, actor=actor)
        Event.objects.record(
            EventKind.APPLICATION_CREATED,
            actor=actor,
            application=application,
            after={"Type": application.type.label, "Name": application.name},
        )
        secret = ""
        if application.type.has_secrets and client_secret is not None:
            secret = credentials.add_secret(
                application, actor=actor, value=client_secret, last_day=secret_last_day
            ).value
    return CreatedApplication(application=application, client_secret=secret)


def complete(application: Application) -> None:
    """Fill the toolkit's columns in as the type says, and check all others.

    Raises:
        ValidationError: when a field has a value it cannot have.
    """
    application.client_type = (
        Application.CLIENT_CONFIDENTIAL if application.type.is_confidential else Application.CLIENT_PUBLIC
    )
    application.authorization_grant_type = application.type.grant_types[0]
    application.hash_client_secret = False
    if application.app_type == AppType.MACHINE_TO_MACHINE:
        application.service_id = application.service_id or new_identifier()
    application.full_clean(
        # It may ask for nothing, as one whose scopes were deleted.
        exclude=["slot", "client_type", "authorization_grant_type", "client_secret", "allowed_scope"],
        validate_constraints=False,
    )


def occupy_slot(application: Application, *, limit: int) -> None:
    """Store the application in the lowest free slot.

    Two creators may choose the same slot; the constraint lets one of them have it and the other chooses
    again. No lock is needed, on any database.

    Args:
        application: a new one, or a deleted one with all that it is to be stored with.
        limit: how many there may be at one time.

    Raises:
        ApplicationLimitError: when there are as many applications as there may be.
    """
    while True:
        application.slot = lowest_free_slot(limit)
        try:
            with transaction.atomic():
                application.save(force_insert=application.pk is None)
        except IntegrityError as error:
            if not violates(error, Application, SLOT_CONSTRAINT):
                raise
        else:
            return


def lowest_free_slot(limit: int) -> int:
    """Return the lowest free slot, which is the only one that may be taken.

    Applications from before the limit was lowered may have slots above it while lower ones are free. Whoever
    sees fewer applications than the limit finds the lowest free slot so low that all that are taken up to
    there and all above it are no more than the limit, however many creators are at it.

    Raises:
        ApplicationLimitError: when there are as many applications as there may be.
    """
    # It reads up to a thousand slots to find one: less work than to let the database look for gaps.
    taken = set(Application.objects.exclude(slot=None).values_list("slot", flat=True))
    slots = Slots(used=len(taken), limit=limit)
    if slots.is_full:
        raise ApplicationLimitError(slots.explanation)
    return next(slot for slot in range(1, limit + 1) if slot not in taken)


def disable_application(application: Application, *, actor: Actor) -> None:
    """Refuse the application's client everywhere, at once and until it is enabled again."""
    with transaction.atomic():
        rows = Application.objects.live().filter(pk=application.pk, disabled_at=None)
        if rows.update(disabled_at=timezone.now()):
            Event.objects.record(EventKind.APPLICATION_DISABLED, actor=actor, application=application)


def enable_application(application: Application, *, actor: Actor) -> None:
    """Let the application's client act again; what it had been issued works again if it has not expired."""
    with transaction.atomic():
        rows = Application.objects.live().filter(pk=application.pk).exclude(disabled_at=None)
        if rows.update(disabled_at=None):
            Event.objects.record(EventKind.APPLICATION_ENABLED, actor=actor, application=application)


def delete_application(application: Application, *, actor: Actor) -> None:
    """Move the application to the bin: its slot is free, and all that was issued to its client dead at once.

    `oauthapps.services.bin` restores it, for thirty days.
    """
    with transaction.atomic():
        rows = Application.objects.filter(pk=application.pk, deleted_at=None)
        if rows.update(deleted_at=timezone.now(), deleted_by=actor.user, slot=None):
            Event.objects.record(
                EventKind.APPLICATION_DELETED,
                actor=actor,
                application=application,
                before={"Client ID": application.client_id},
            )
