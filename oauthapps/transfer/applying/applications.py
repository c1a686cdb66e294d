"""Applications, with all that stands on their Settings page but credentials."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from oauthapps.models import Application, ResponseProfile
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AppType, TypeSpec, spec_of
from oauthapps.rules.urls.redirect_url_text import tidy
from oauthapps.rules.urls.redirect_urls import check_redirect_url
from oauthapps.services import moving_in
from oauthapps.services.applications import create_application, disable_application
from oauthapps.services.changes import change_application
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, API_ACCESS, OWNER, readable, state_of
from oauthapps.services.scopes import checked_scope
from oauthapps.transfer.applying.context import Context, about, difference, joined
from oauthapps.transfer.entries import Item
from oauthapps.transfer.kinds import ApplicationStatus
from oauthapps.transfer.places import RefusedError

SCOPES, URLS, EXCEPTIONS = "allowed_scopes", "redirect_urls", "exceptions"
# Those that are no columns of the same name, or never change.
_APART = frozenset({"client_id", "type", "status", "service_id", SCOPES, URLS, EXCEPTIONS, OWNER})


def apply_application(item: Item, context: Context) -> None:
    """Make an application, or give one the values of a document."""
    spec = spec_of(item.values["type"])
    for name in item.values:
        if not spec.has_field(name):
            raise RefusedError(item.place.at(name), f"A {spec.label} has no {name}.")
    stored = context.application(item.values["client_id"])
    if stored is None:
        make(item, spec, context)
    elif stored.is_live:
        change(stored, item, spec, context)
    else:
        raise RefusedError(item.place, why_gone(stored))


def why_gone(stored: Application) -> str:
    """Say what can be done about an application of the document that was deleted here."""
    is_in_bin = stored.leaves_bin_at is not None and stored.leaves_bin_at > timezone.now()
    if is_in_bin:
        return "This application was deleted here. Restore it from the bin first."
    return "This application was deleted here, and can't be made again."


def make(item: Item, spec: TypeSpec, context: Context) -> None:
    """Make an application that has no client secret yet, and mark it as moving in."""
    values = item.values
    owner = values.get(OWNER)
    settings = {"response_profile": ResponseProfile.WORKFRONT, **columns_of(item), **service_id_of(item)}
    settings.pop("name")
    created = create_application(
        app_type=AppType(values["type"]),
        name=values["name"],
        actor=context.actor,
        owner=context.called(owner, item.place.at(OWNER)) if owner else None,
        client_id=values["client_id"],
        client_secret=None,
        redirect_urls=checked_urls(item, ()),
        settings=settings,
    )
    application = created.application
    if values.get("status") == ApplicationStatus.DISABLED:
        disable_application(application, actor=context.actor)
    with about(item.place.at(EXCEPTIONS)):
        moving_in.begin(application, exceptions=values.get(EXCEPTIONS, {}), actor=context.actor)
    context.add_application(application)
    context.report.made(item.place, f"application {application.name}, {spec.label}")


def change(stored: Application, item: Item, spec: TypeSpec, context: Context) -> None:
    """Give an application the values of a document; its lists only grow."""
    refuse_what_never_changes(stored, item)
    wanted = columns_of(item)
    if SCOPES in item.values:
        wanted[ALLOWED_SCOPE] = in_one(stored.allowed_scope, wanted[ALLOWED_SCOPE])
    if OWNER in item.values:
        owner = item.values[OWNER]
        wanted[OWNER] = context.called(owner, item.place.at(OWNER)).pk if owner else None
    state = state_of(stored, wanted)
    changed = {name: value for name, value in wanted.items() if value != state[name]}
    urls = [row.url for row in stored.redirect_urls.all()]
    added = [url for url in checked_urls(item, urls) if url not in urls]
    labels = labels_of(spec)
    said = [
        difference(labels[name], readable(name, state[name]), readable(name, value))
        for name, value in changed.items()
    ]
    said += [f"Redirect URL added: {url}" for url in added]
    say_what_stays(stored, item, urls, context)
    if not said:
        context.report.unchanged()
        return
    name = stored.name
    change_application(
        stored,
        values=changed,
        labels={name: labels[name] for name in changed},
        redirect_urls=[*urls, *added] if added else None,
        actor=context.actor,
    )
    context.report.changed(item.place, f"application {name}: {joined(said)}")


def refuse_what_never_changes(stored: Application, item: Item) -> None:
    """Refuse another type or Service ID than an application has.

    Raises:
        RefusedError: with what it has.
    """
    if item.values["type"] != stored.app_type:
        label = stored.type.label
        raise RefusedError(item.place.at("type"), f"A type never changes, and this is a {label} here.")
    if item.values.get("service_id", stored.service_id) != stored.service_id:
        place = item.place.at("service_id")
        raise RefusedError(place, f"A Service ID never changes, and this is {stored.service_id} here.")


def say_what_stays(stored: Application, item: Item, urls: Sequence[str], context: Context) -> None:
    """Report what an application has that its document lacks, and what only its pages change."""
    values = item.values
    present = ApplicationStatus.ENABLED if stored.is_enabled else ApplicationStatus.DISABLED
    stays: list[tuple[str, str]] = []
    if values.get("status", present) != present:
        stays.append(("status", f"is {present} here, and stays it"))
    if URLS in values:
        listed = {tidy(url) for url in values[URLS]} | set(values[URLS])
        stays += [(URLS, f"keeps the Redirect URL {url}") for url in urls if url not in listed]
    if SCOPES in values:
        lost = [scope for scope in scopes.parse(stored.allowed_scope) if scope not in values[SCOPES]]
        stays += [(SCOPES, f"may still ask for {scope}") for scope in lost]
    if EXCEPTIONS in values and values[EXCEPTIONS] != moving_in.exceptions_of(stored):
        stays.append((EXCEPTIONS, "has other exceptions here: its page Moving in changes them"))
    for name, said in stays:
        context.report.kept(item.place.at(name), f"application {stored.name} {said}")


def columns_of(item: Item) -> dict[str, Any]:
    """Return the values of columns, of those fields that are plain values, and of the scopes."""
    values = {name: value for name, value in item.values.items() if name not in _APART}
    if SCOPES in item.values:
        with about(item.place.at(SCOPES)):
            values[ALLOWED_SCOPE] = in_one(checked_scope(item.values[SCOPES]))
    return values


def in_one(*allowed: str) -> str:
    """Return sets of scopes, as on the wire, as one, in the order in which they are compared."""
    return scopes.render(scopes.in_order(scopes.parse(" ".join(allowed))))


def service_id_of(item: Item) -> Mapping[str, str]:
    """Return the Service ID that was brought along, if one was."""
    return {name: item.values[name] for name in ("service_id",) if name in item.values}


def checked_urls(item: Item, present: Sequence[str]) -> list[str]:
    """Return Redirect URLs as they are to be stored, each once; those that are present stay as they are.

    Raises:
        RefusedError: when one can't be registered.
    """
    urls = []
    for number, url in enumerate(item.values.get(URLS, ())):
        with about(item.place.at(URLS).at(number)):
            urls.append(url if url in present else check_redirect_url(url, app_type=item.values["type"]))
    return list(dict.fromkeys(urls))


def labels_of(spec: TypeSpec) -> dict[str, str]:
    """Return what the page of an application calls its fields."""
    columns = {field.name: str(field.verbose_name) for field in Application._meta.concrete_fields}
    return {
        **{name: label[:1].upper() + label[1:] for name, label in columns.items()},
        "rotate_refresh_tokens": spec.rotation_label,
        "absolute_expiration": spec.absolute_label,
        "inactivity_expiration": spec.inactivity_label,
        ALLOWED_SCOPE: API_ACCESS,
        OWNER: "Owner",
    }
