"""Importing documents: all of them or nothing."""

from collections.abc import Callable, Iterable, Iterator

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actors import Actor
from common.errors import GatehouseError
from oauthapps.errors import ApplicationLimitError
from oauthapps.transfer.applying.apis import apply_api, apply_scope, apply_verifiers
from oauthapps.transfer.applying.applications import apply_application
from oauthapps.transfer.applying.context import Context, FollowsRefusalError
from oauthapps.transfer.applying.credentials import apply_key, apply_secret
from oauthapps.transfer.applying.people import apply_organization, apply_person
from oauthapps.transfer.checking import Checker
from oauthapps.transfer.entries import Entry, Item
from oauthapps.transfer.kinds import APIS, APPLICATIONS, KEYS, ORGANIZATION, PEOPLE, SCOPES, SECRETS, Kind
from oauthapps.transfer.places import RefusedError
from oauthapps.transfer.reports import Report

Apply = Callable[[Item, Context], None]

# In this order: each needs only what comes before it.
STEPS: tuple[tuple[Kind, Apply], ...] = (
    (ORGANIZATION, apply_organization),
    (PEOPLE, apply_person),
    (APIS, apply_api),
    (SCOPES, apply_scope),
    (APPLICATIONS, apply_application),
    (KEYS, apply_key),
    (APIS, apply_verifiers),
    (SECRETS, apply_secret),
)
# What columns are called in documents.
_NAMES = {"app_type": "type", "allowed_scope": "allowed_scopes", "user": "owner"}


def import_entries(entries: Iterable[Entry], *, actor: Actor, is_trial: bool = False) -> Report:
    """Make and change what documents say, if nothing of it is refused.

    A trial does the same and takes it back, so that it says exactly what would be. Nothing else is written
    to an SQLite file meanwhile.

    Args:
        entries: what stands in the documents.
        actor: who imports.
        is_trial: whether nothing is to be kept.

    Returns:
        What was, or would be, made, changed and refused. If anything was refused, nothing has changed.

    Raises:
        RefusedError: when a document can't be read.
    """
    checker = Checker()
    items = list(checker.items(entries))
    if checker.refusals:
        report = Report()
        for refusal in checker.refusals:
            report.refused(refusal)
        return report
    with transaction.atomic():
        context = Context(items, actor=actor)
        for kind, apply in STEPS:
            for item in items:
                if item.kind is kind:
                    attempt(apply, item, context)
        if is_trial or context.report.is_refused:
            transaction.set_rollback(True)
    return context.report


def attempt(apply: Apply, item: Item, context: Context) -> None:
    """Apply an item, or keep why it is refused; what follows is judged all the same."""
    try:
        with transaction.atomic():
            apply(item, context)
    except FollowsRefusalError:
        context.refuse(item)
    except RefusedError as refusal:
        context.refuse(item, refusal)
    except ApplicationLimitError as error:
        context.refuse(item, RefusedError(item.place, f"{error.message} Or raise APPLICATION_LIMIT."))
    except GatehouseError as error:
        context.refuse(item, RefusedError(item.place, error.message))
    except ValidationError as error:
        context.refuse(item, *refusals_of(error, item))


def refusals_of(error: ValidationError, item: Item) -> Iterator[RefusedError]:
    """Go through what a model refuses, each with the field that it stands in."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for column, messages in by_field.items():
        name = _NAMES.get(column, column)
        place = item.place.at(name) if name in item.kind.names else item.place
        yield RefusedError(place, " ".join(messages))
