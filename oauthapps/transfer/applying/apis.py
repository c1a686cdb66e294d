"""APIs, their scopes, and who verifies their tokens."""

from oauthapps.models import Api
from oauthapps.models.apis import Scope
from oauthapps.rules.apis.identifiers import check_identifier
from oauthapps.services.api_edits import LABELS, VERIFIERS
from oauthapps.services.apis import change_api, create_api, find_verifier
from oauthapps.services.scopes import NewScope
from oauthapps.transfer.applying.context import Context, about, difference, joined
from oauthapps.transfer.entries import Item
from oauthapps.transfer.places import RefusedError

FIELDS = ("description", "token_seconds")


def apply_api(item: Item, context: Context) -> None:
    """Make an API without scopes, or give one the values of a document."""
    with about(item.place.at("identifier")):
        identifier = check_identifier(item.values["identifier"])
    given = {name: item.values[name] for name in FIELDS if name in item.values}
    api = Api.objects.live().filter(identifier=identifier).first()
    if api is None:
        api = create_api(name=item.values["name"], identifier=identifier, actor=context.actor, fields=given)
        context.report.made(item.place, f"API {api.name}")
        return
    wanted = {"name": item.values["name"], **given}
    changed = {name: value for name, value in wanted.items() if value != getattr(api, name)}
    if not changed:
        context.report.unchanged()
        return
    said = joined(difference(LABELS[name], getattr(api, name), value) for name, value in changed.items())
    change_api(api, changed, actor=context.actor)
    context.report.changed(item.place, f"API {api.name}: {said}")


def apply_scope(item: Item, context: Context) -> None:
    """Add a scope to its API, or give one the sentence of a document."""
    api = api_of(item, context)
    name, sentence = item.values["name"], item.values["sentence"].strip()
    row: Scope | None = api.scopes.live().filter(name=name).first()
    is_default = item.values.get("is_default", row.is_default if row else True)
    if row is not None and (row.sentence, row.is_default) == (sentence, is_default):
        context.report.unchanged()
        return
    scope = NewScope(name=name, sentence=sentence, is_default=is_default)
    change_api(api, {}, scopes=[scope], actor=context.actor)
    if row is None:
        context.report.made(item.place, f"scope {name} of {api.name}")
    else:
        said = f"{row.sentence} → {sentence}" if row.sentence != sentence else f"is_default {is_default}"
        context.report.changed(item.place, f"scope {name} of {api.name}: {said}")


def apply_verifiers(item: Item, context: Context) -> None:
    """Let the applications of a document verify the tokens of its API, beside those that do already."""
    if VERIFIERS not in item.values:
        return
    api, place = api_of(item, context), item.place.at(VERIFIERS)
    present = {application.client_id: application for application in api.verifiers.filter(deleted_at=None)}
    added = []
    for number, client_id in enumerate(item.values[VERIFIERS]):
        if client_id.lower() not in present:
            context.require_no_refusal(client_id)
            with about(place.at(number)):
                added.append(find_verifier(client_id))
    if added:
        change_api(api, {}, verifiers=[*present.values(), *added], actor=context.actor)
        names = ", ".join(application.name for application in added)
        context.report.changed(place, f"API {api.name}: verified by {names}")
    for client_id in present.keys() - {each.lower() for each in item.values[VERIFIERS]}:
        context.report.kept(place, f"API {api.name}: {present[client_id].name} still verifies its tokens")


def api_of(item: Item, context: Context) -> Api:
    """Return the API that an item is, or is of.

    Raises:
        RefusedError: when there is none.
    """
    place = item.place.at("identifier")
    with about(place):
        identifier = check_identifier(item.values["identifier"])
    api: Api | None = Api.objects.live().filter(identifier=identifier).first()
    if api is None:
        context.require_no_refusal(item.values["identifier"])
        raise RefusedError(place, "There is no API with this identifier.")
    return api
