"""What an application is compared by where two administrators change it at once (`common.edits`)."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import User
from audit.models import EventKind
from common.edits import LATEST_CHANGES, Readable, Subject
from oauthapps.models import Application, Logo
from oauthapps.rules import scopes
from oauthapps.rules.apis.token_lifetimes import lifetime_label

REDIRECT_URLS, LOGO = "redirect_urls", "logo"  # what an application has beside its fields
LABELS = {REDIRECT_URLS: "Redirect URLs", LOGO: "Logo"}
API_ACCESS = "API access"  # what pages and events call the scopes that an application may ask for
OWNER, ALLOWED_SCOPE, TOKEN_LIFETIME = "owner", "allowed_scope", "access_token_seconds"
COLUMNS = {OWNER: "user_id"}  # which django-oauth-toolkit named


def subject_of(application: Application, names: Iterable[str], labels: Mapping[str, str]) -> Subject:
    """Return an application as an edit conflict tells of it.

    Args:
        application: as it is now.
        names: the fields that are to be saved.
        labels: how the page calls each of them.
    """
    events = application.events.filter(kind=EventKind.APPLICATION_CHANGED).select_related("actor")
    return Subject(
        state=state_of(application, names),
        labels=labels,
        changes=lambda: events[:LATEST_CHANGES],
        readable=readable,
    )


def state_of(application: Application, names: Iterable[str]) -> dict[str, Any]:
    """Return the present values of these fields, as they are compared."""
    return {name: value_of(application, name) for name in names}


def value_of(application: Application, name: str) -> Any:
    """Return the present value of one of them."""
    if name == REDIRECT_URLS:
        return [row.url for row in application.redirect_urls.all()]
    if name == LOGO:
        return next(iter(Logo.objects.filter(application=application).values_list("digest", flat=True)), "")
    if name == ALLOWED_SCOPE:
        return scopes.render(scopes.in_order(scopes.parse(application.allowed_scope)))
    return getattr(application, COLUMNS.get(name, name))


def readable(name: str, value: Any) -> Readable:
    """Return a field's value as the page shows it."""
    if name == LOGO:
        return "a new picture" if value else "no logo"
    if name == OWNER:
        return named(value)
    if name == TOKEN_LIFETIME:
        return lifetime_label(value)
    if isinstance(value, bool | list):
        return value
    choices = dict(Application._meta.get_field(name).flatchoices)
    return str(choices.get(value, value))


def named(person: int | None) -> str:
    """Return a person's name and username, by the primary key; nothing for nobody."""
    if person is None:
        return ""
    name, username = User.objects.values_list("name", "username").get(pk=person)
    return f"{name} ({username})" if name else username
