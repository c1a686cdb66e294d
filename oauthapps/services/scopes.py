"""Adding, changing and deleting scopes of APIs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import violates
from common.words import joined
from oauthapps.errors import ScopeTakenError, UnknownScopeError
from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules import scopes
from oauthapps.services.api_edits import scope_key, value_of
from oauthapps.services.edit_conflicts import API_ACCESS
from oauthapps.sql.catalog import current_catalog


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


def checked_scope(names: Iterable[str]) -> str:
    """Return scopes as an application may ask for them on the wire; empty where there are none.

    Raises:
        UnknownScopeError: for one that does not exist.
    """
    names, known = list(names), current_catalog().by_scope
    for name in names:
        if name not in known:
            raise UnknownScopeError(f"There is no scope {name}. There are: {', '.join(known)}.")
    return scopes.render(names)


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
            subject=api.pk,
        )
        CatalogVersion.renew()
    return row


def change_scope(scope: Scope, *, sentence: str, is_default: bool, actor: Actor, detail: str = "") -> None:
    """Give a scope another sentence, which people read as changed at their next consent; its name stays.

    Args:
        scope: which.
        sentence: what people read on the consent page.
        is_default: whether it is asked for where a request names none.
        actor: who changes it.
        detail: what the event says besides, such as that this puts back what another event changed.

    Raises:
        ValidationError: when this cannot be a sentence.
    """
    before, former = in_words(scope), value_of(scope)
    if sentence != scope.sentence:
        scope.sentence, scope.sentence_since = sentence, timezone.now()
    scope.is_default = is_default
    scope.full_clean(validate_constraints=False, validate_unique=False)
    after = in_words(scope)
    if before == after:
        return
    with transaction.atomic():
        scope.save(update_fields=["sentence", "sentence_since", "is_default"])
        changed = [label for label in after if after[label] != before[label]]
        Event.objects.record(
            EventKind.SCOPE_CHANGED,
            actor=actor,
            detail=joined(f"{scope.api.name}: {scope.name}", detail),
            before={label: before[label] for label in changed},
            after={label: after[label] for label in changed},
            values={scope_key(scope.name): [former, value_of(scope)]},
            subject=scope.api_id,
        )
        CatalogVersion.renew()


def delete_scope(scope: Scope, *, actor: Actor) -> None:
    """Delete a scope: it is taken out of living tokens at once, and no application may ask for it."""
    with transaction.atomic():
        if not end_scopes([scope], reason=f"Scope {scope.name} deleted", actor=actor):
            return
        Event.objects.record(EventKind.SCOPE_DELETED, actor=actor, detail=f"{scope.api.name}: {scope.name}")
        CatalogVersion.renew()


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


def end_scopes(rows: Collection[Scope], *, reason: str, actor: Actor) -> bool:
    """Delete scopes and take them from applications, and return whether one was there.

    To be called inside a transaction.

    Args:
        rows: the scopes.
        reason: why, as the event of each application says.
        actor: who deletes them.
    """
    ended = Scope.objects.live().filter(pk__in=[scope.pk for scope in rows])
    if not ended.update(deleted_at=timezone.now()):
        return False
    names = {scope.name for scope in rows}
    may_have_one = reduce(or_, (Q(allowed_scope__contains=name) for name in names))
    # Those in the bin are among them: restored, they would have it.
    applications = Application.objects.filter(may_have_one, purged_at=None).order_by("pk")
    for application in applications.select_for_update(no_key=True):
        take_away(application, names, reason=reason, actor=actor)
    return True


def take_away(application: Application, names: Collection[str], *, reason: str, actor: Actor) -> None:
    """Take deleted scopes from an application whose row the caller holds."""
    before = application.allowed_scope
    after = scopes.render(name for name in scopes.parse(before) if name not in names)
    if before == after:
        return
    Application.objects.filter(pk=application.pk).update(allowed_scope=after)
    Event.objects.record(
        EventKind.APPLICATION_CHANGED,
        actor=actor,
        application=application,
        detail=reason,
        before={API_ACCESS: before},
        after={API_ACCESS: after},
    )


def in_words(scope: Scope) -> dict[str, str]:
    """Return what can be changed of a scope, by label, as events keep it."""
    return {
        "Sentence on the consent page": scope.sentence,
        "Asked for by default": "Yes" if scope.is_default else "No",
    }
