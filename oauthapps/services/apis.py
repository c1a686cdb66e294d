"""Creating, changing and deleting APIs; what changes about them counts in every process at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import Changes, merge_edits
from common.errors import violates
from common.words import joined
from oauthapps.errors import ApiTakenError, UnknownApplicationError
from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules.apis.identifiers import check_identifier
from oauthapps.rules.app_types import AppType
from oauthapps.rules.scopes import check_number, check_number_of_all
from oauthapps.services.api_edits import (
    VERIFIERS,
    based_on_all,
    fields_of,
    label_of,
    scope_key,
    subject_of,
)
from oauthapps.services.scopes import NewScope, add_scope, change_scope, end_scopes, insert_scope
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
        ScopeLimitError: when these are too many scopes, for it or for all APIs together.
        InvalidApiIdentifierError: when this cannot identify an API.
        ValidationError: when a field has a value it cannot have.
    """
    identifier = check_identifier(identifier)
    if identifier == built_in_identifier():
        raise ApiTakenError
    check_number(len(new_scopes))
    check_number_of_all(Scope.objects.live().count() + len(new_scopes))
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


def change_api(
    api: Api,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    verifiers: Sequence[Application] | None = None,
    scopes: Sequence[NewScope] = (),
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> Changes:
    """Give an API other values, add scopes and change what is said of them; its identifier stays.

    Args:
        api: the API.
        values: its fields by name; what is not named stays.
        actor: who changes it.
        verifiers: the machine applications that may ask about its tokens; None leaves them as they are.
        scopes: scopes as they are to be; those that do not exist are added, and no others go.
        based_on: the versions of the values that the new ones were chosen on top of (`common.edits`).
        detail: what the events say besides, such as that this puts back what another event changed.

    Raises:
        EditConflictError: when somebody else has changed the same since, to another value.
        Api.DoesNotExist: when it was deleted meanwhile.
        ScopeTakenError: when there is elsewhere, or was, a scope of one of these names.
        ScopeLimitError: when these are too many, for it or for all APIs together.
        ValidationError: when a field has a value it cannot have.
    """
    with transaction.atomic():
        current = Api.objects.live().select_for_update(no_key=True).get(pk=api.pk)
        live = {scope.name: scope for scope in current.scopes.live()}
        added = [scope for scope in scopes if scope.name not in live]
        known = {scope_key(scope.name): scope for scope in scopes if scope.name in live}
        wanted = {**values, **{key: [scope.sentence, scope.is_default] for key, scope in known.items()}}
        if verifiers is not None:
            wanted[VERIFIERS] = sorted(application.client_id for application in verifiers)
        subject = subject_of(current)
        kept = merge_edits(wanted, based_on_all(based_on or {}, subject.state), subject)
        changed = [key for key, value in wanted.items() if value != subject.state[key]]
        save_fields(
            current,
            {key: wanted[key] for key in changed if key not in known and key != VERIFIERS},
            verifiers=verifiers if VERIFIERS in changed else None,
            actor=actor,
            detail=detail,
        )
        for key in known:
            if key in changed:
                sentence, is_default = wanted[key]
                known_scope = live[known[key].name]
                change_scope(
                    known_scope, sentence=sentence, is_default=is_default, actor=actor, detail=detail
                )
        check_number(len(live) + len(added))
        if added:
            check_number_of_all(Scope.objects.live().count() + len(added))
        for scope in added:
            add_scope(current, scope, actor=actor)
    labels = [label_of(key) for key in [*changed, *(scope_key(scope.name) for scope in added)]]
    return Changes(changed=labels, kept=kept)


def find_verifier(client_id: str) -> Application:
    """Return an application that may verify an API's tokens: a machine.

    Raises:
        UnknownApplicationError: when there is none with this Client ID.
    """
    machines = Application.objects.live().of_type(AppType.MACHINE_TO_MACHINE)
    application = machines.filter(client_id=client_id.lower()).first()
    if application is None:
        raise UnknownApplicationError(client_id)
    return application


def save_fields(
    api: Api,
    values: Mapping[str, Any],
    *,
    verifiers: Sequence[Application] | None,
    actor: Actor,
    detail: str,
) -> None:
    """Save fields that have another value by now, and the verifying applications unless they are None.

    Raises:
        ValidationError: when a field has a value it cannot have.
    """
    if not values and verifiers is None:
        return
    before, former = described(api), fields_of(api)
    for name, value in values.items():
        setattr(api, name, value)
    api.clean_fields(exclude={field.name for field in api._meta.fields} - set(values))
    api.save(update_fields=list(values))
    if verifiers is not None:
        api.verifiers.set(verifiers)
    after, present = described(api), fields_of(api)
    changed = [label for label in after if after[label] != before[label]]
    Event.objects.record(
        EventKind.API_CHANGED,
        actor=actor,
        detail=joined(api.name, detail),
        before={label: before[label] for label in changed},
        after={label: after[label] for label in changed},
        values={name: [former[name], value] for name, value in present.items() if value != former[name]},
        subject=api.pk,
    )
    CatalogVersion.renew()


def delete_api(api: Api, *, actor: Actor) -> None:
    """Delete an API: its scopes leave living tokens at once, and no application may ask for them."""
    with transaction.atomic():
        if not Api.objects.live().filter(pk=api.pk).update(deleted_at=timezone.now()):
            return
        before = described(api)
        end_scopes(list(api.scopes.live()), reason=f"API {api.name} deleted", actor=actor)
        Event.objects.record(EventKind.API_DELETED, actor=actor, detail=api.name, before=before)
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
