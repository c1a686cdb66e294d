"""Creating, changing and deleting APIs; what changes about them counts in every process at once."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import violates
from oauthapps.errors import ApiTakenError
from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules.apis.identifiers import check_identifier
from oauthapps.services.scopes import NewScope, end_scope, insert_scope
from oauthapps.sql.catalog import built_in_identifier


def create_api(
    *,
    name: str,
    identifier: str,
    actor: Actor,
    new_scopes: Sequence[NewScope] = (),
    verifiers: Sequence[Application] = (),
    fields: dict[str, Any] | None = None,
) -> Api:
    """Create an API with its scopes.

    Args:
        name: what people will know it by.
        identifier: what it is called on the wire, an absolute URI; stored canonically.
        actor: who creates it.
        new_scopes: its scopes, in their order.
        verifiers: the machine applications that may ask about its tokens.
        fields: further fields by name.

    Raises:
        ApiTakenError: when another API has this identifier, the built-in one included.
        ScopeTakenError: when there is, or was, a scope of one of these names.
        InvalidApiIdentifierError: when this cannot identify an API.
        ValidationError: when a field has a value it cannot have.
    """
    identifier = check_identifier(identifier)
    if identifier == built_in_identifier():
        raise ApiTakenError
    api = Api(name=name.strip(), identifier=identifier, created_by=actor.user, **(fields or {}))
    api.full_clean(validate_constraints=False)
    with transaction.atomic():
        save_api(api)
        api.verifiers.set(verifiers)
        for scope in new_scopes:
            insert_scope(api, scope)
        Event.objects.record(EventKind.API_CREATED, actor=actor, detail=api.name, after=described(api))
        CatalogVersion.renew()
    return api


def change_api(api: Api, values: dict[str, Any], *, verifiers: Sequence[Application], actor: Actor) -> None:
    """Give an API other values; its identifier stays.

    Args:
        api: the API.
        values: its fields by name.
        verifiers: the machine applications that may ask about its tokens.
        actor: who changes it.

    Raises:
        ValidationError: when a field has a value it cannot have.
    """
    before = described(api)
    for name, value in values.items():
        setattr(api, name, value)
    api.full_clean(validate_constraints=False)
    with transaction.atomic():
        save_api(api)
        api.verifiers.set(verifiers)
        after = described(api)
        changed = [label for label in after if after[label] != before[label]]
        if changed:
            Event.objects.record(
                EventKind.API_CHANGED,
                actor=actor,
                detail=api.name,
                before={label: before[label] for label in changed},
                after={label: after[label] for label in changed},
            )
            CatalogVersion.renew()


def delete_api(api: Api, *, actor: Actor) -> None:
    """Delete an API: its scopes leave living tokens at once, and no application may ask for them."""
    with transaction.atomic():
        if not Api.objects.live().filter(pk=api.pk).update(deleted_at=timezone.now()):
            return
        for scope in Scope.objects.live().filter(api=api):
            end_scope(scope)
        Event.objects.record(EventKind.API_DELETED, actor=actor, detail=api.name, before=described(api))
        CatalogVersion.renew()


def save_api(api: Api) -> None:
    """Write an API.

    Raises:
        ApiTakenError: when another one has its identifier.
    """
    try:
        with transaction.atomic():
            api.save()
    except IntegrityError as error:
        if violates(error, Api, "api_identifier_once"):
            raise ApiTakenError from error
        raise


def described(api: Api) -> dict[str, Any]:
    """Return an API's values, by label, as events keep them."""
    return {
        "Name": api.name,
        "Identifier": api.identifier,
        "Description": api.description,
        "Access token lifetime": f"{api.token_seconds} seconds",
        "Scopes": ", ".join(scope.name for scope in api.scopes.all() if scope.deleted_at is None),
        "Verifying applications": ", ".join(sorted(each.name for each in api.verifiers.all())),
    }
