"""The most unpleasant values that fit into the fields, in place of what people typed.

Forms refuse some of them today; a row may be from before they did, or from somebody with another way in.
"""

from collections.abc import Callable
from itertools import cycle
from typing import Any

from django.db.models import Model

from accounts.models import IdentityProvider, Organization, ScimToken, User
from audit.models import Event, HousekeepingJob, HousekeepingRun
from oauthapps.models import (
    Api,
    Application,
    ClientSecret,
    HygieneException,
    RecordedRequest,
    RedirectURL,
    Scope,
)

RIGHT_TO_LEFT = "\u202e"
ZERO_WIDTH = "\u200b\u200d\u2060\ufeff"

# Each makes something else go wrong: no place to break, other directions, nothing to see, markup, height.
WAYS: tuple[Callable[[str], str], ...] = (
    lambda text: f"{text} {'W' * 200}",
    lambda text: f"{RIGHT_TO_LEFT}{text} \u2066moc.elpmaxe\u2067 \u05d0\u05d1\u05d2",
    lambda text: ZERO_WIDTH.join(f"{text} that nobody can find"),
    lambda text: f'"><b>{text}</b><script>alert(1)</script>{{{{ 7|add:7 }}}}&amp;',
    lambda text: "".join(f"{letter}\u0335\u0338\u0359" for letter in text),
    lambda text: f"{text} " + "\U0001f3ed\U0001f469\u200d\U0001f527" * 20,
)

TEXTS: dict[type[Model], tuple[str, ...]] = {
    Organization: ("name",),
    User: ("name",),
    IdentityProvider: ("name", "client_id", "groups_claim"),
    ScimToken: ("name",),
    Application: ("name", "description", "developer_name"),
    ClientSecret: ("notes",),
    Api: ("name", "description"),
    Scope: ("sentence",),
    HygieneException: ("reason",),
    Event: ("actor_name", "application_name", "user_agent"),
    RecordedRequest: ("grant_type", "username", "user_agent", "error", "cause", "fix"),
    HousekeepingJob: ("failure",),
    HousekeepingRun: ("instance", "failure"),
}
ADDRESSES: dict[type[Model], tuple[str, ...]] = {
    Application: ("description_url", "privacy_policy_url", "terms_of_service_url"),
    RedirectURL: ("url",),
    Api: ("identifier",),
    IdentityProvider: ("issuer",),
}


def spoil_everything() -> None:
    """Spoil every text in the next way, as far as its field reaches, and lengthen every address to 2,000."""
    ways = cycle(WAYS)

    def spoilt(text: str) -> str:
        return next(ways)(text)

    for model, names in TEXTS.items():
        replace(model, names, spoilt)
    spoil_requests(spoilt)
    for provider in IdentityProvider.objects.all():
        groups = [spoilt(group)[:255] for group in provider.administrator_groups]
        IdentityProvider.objects.filter(pk=provider.pk).update(administrator_groups=groups)
    for model, names in ADDRESSES.items():
        replace(model, names, lambda address: f"{address}{'/a-very-long-path' * 130}"[:2000])


def spoil_requests(spoilt: Callable[[str], str]) -> None:
    """Spoil what recorded requests hold in JSON, the URLs that are compared among it."""
    for row in RecordedRequest.objects.all():
        row.parameters = {spoilt(name): spoilt(value) for name, value in row.parameters.items()}
        row.details = {
            name: spoilt(value) if isinstance(value, str) else value for name, value in row.details.items()
        }
        row.save(update_fields=["parameters", "details"])


def replace(model: type[Model], names: tuple[str, ...], change: Callable[[str], str]) -> None:
    """Put what `change` makes of them in the place of a model's values; what is empty stays so."""
    rows: Any = model._default_manager
    fields: Any = {name: model._meta.get_field(name) for name in names}
    for row in rows.order_by("pk"):
        values = {
            name: change(getattr(row, name))[: field.max_length].strip()
            for name, field in fields.items()
            if getattr(row, name)
        }
        rows.filter(pk=row.pk).update(**values)
