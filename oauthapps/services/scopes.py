"""Adding, changing and deleting scopes of APIs, and saying which of them an application may ask for."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import violates
from oauthapps.errors import ScopeTakenError
from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules import scopes


@dataclass(frozen=True, kw_only=True)
class NewScope:
    """A scope to be added to an API.

    Attributes:
        name: its name, as on the wire.
        sentence: what people read on the consent page.
        is_default: whether it is asked for where a request names none.
    """

    name: str
    sentence: str
    is_default: bool = True


def add_scope(api: Api, scope: NewScope, *, actor: Actor) -> Scope:
    """Add a scope to an API; no application may ask for it yet.

    Raises:
        ScopeTakenError: when there is, or was, a scope of this name.
        ValidationError: when a field has a value it cannot have.
    """
    with transaction.atomic():
        row = insert_scope(api, scope)
        Event.objects.record(
            EventKind.SCOPE_ADDED,
            actor=actor,
            detail=f"{api.name}: {row.name}",
            after={"Sentence on the consent page": row.sentence},
        )
        CatalogVersion.renew()
    return row


def change_scope(scope: Scope, *, sentence: str, is_default: bool, actor: Actor) -> None:
    """Give a scope another sentence, which people read as changed at their next consent; its name stays.

    Raises:
        ValidationError: when this cannot be a sentence.
    """
    before = {"Sentence on the consent page": scope.sentence, "Asked for by default": yes_or_no(scope)}
    if sentence != scope.sentence:
        scope.sentence, scope.sentence_since = sentence, timezone.now()
    scope.is_default = is_default
    scope.full_clean(validate_constraints=False, validate_unique=False)
    after = {"Sentence on the consent page": scope.sentence, "Asked for by default": yes_or_no(scope)}
    if before == after:
        return
    with transaction.atomic():
        scope.save(update_fields=["sentence", "sentence_since", "is_default"])
        changed = [label for label in after if after[label] != before[label]]
        Event.objects.record(
            EventKind.SCOPE_CHANGED,
            actor=actor,
            detail=f"{scope.api.name}: {scope.name}",
            before={label: before[label] for label in changed},
            after={label: after[label] for label in changed},
        )
        CatalogVersion.renew()


def delete_scope(scope: Scope, *, actor: Actor) -> None:
    """Delete a scope: it is taken out of living tokens at once, and no application may ask for it."""
    with transaction.atomic():
        if not end_scope(scope):
            return
        Event.objects.record(EventKind.SCOPE_DELETED, actor=actor, detail=f"{scope.api.name}: {scope.name}")
        CatalogVersion.renew()


def allow_scopes(application: Application, names: Sequence[str], *, actor: Actor) -> None:
    """Say which scopes an application may ask for; what it may not any more is good for nothing at once.

    Args:
        application: the application.
        names: of all scopes that it may ask for; those that do not exist count for nothing.
        actor: who says so.
    """
    known = {*scopes.SCOPES, *Scope.objects.live().values_list("name", flat=True)}
    with transaction.atomic():
        row = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        before, after = row.allowed_scope, scopes.render(name for name in names if name in known)
        if before == after:
            return
        Application.objects.filter(pk=row.pk).update(allowed_scope=after)
        Event.objects.record(
            EventKind.APPLICATION_CHANGED,
            actor=actor,
            application=application,
            before={"API access": before},
            after={"API access": after},
        )
    application.allowed_scope = after


def insert_scope(api: Api, scope: NewScope) -> Scope:
    """Insert a scope after the others of its API."""
    row = Scope(api=api, name=scope.name, sentence=scope.sentence.strip(), is_default=scope.is_default)
    row.full_clean(validate_constraints=False, validate_unique=False)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if violates(error, Scope, "name"):
            raise ScopeTakenError(scope.name) from error
        raise
    return row


def end_scope(scope: Scope) -> bool:
    """Delete a scope and take it from all applications; return whether it was there."""
    if not Scope.objects.live().filter(pk=scope.pk).update(deleted_at=timezone.now()):
        return False
    for application in Application.objects.select_for_update(no_key=True).filter(
        allowed_scope__contains=scope.name
    ):
        kept = [name for name in scopes.parse(application.allowed_scope) if name != scope.name]
        Application.objects.filter(pk=application.pk).update(allowed_scope=scopes.render(kept))
    return True


def yes_or_no(scope: Scope) -> str:
    """Say whether a scope is asked for by default."""
    return "Yes" if scope.is_default else "No"
