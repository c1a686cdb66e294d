"""Public keys, and client secrets, which come from a file of their own."""

from datetime import date

from oauthapps.models import Application, PublicKey
from oauthapps.models.credentials import KeySource
from oauthapps.rules.credential_values import digest
from oauthapps.rules.keys.keypairs import parse_public_key
from oauthapps.services.credential_edits import change_expiry
from oauthapps.services.credentials import add_secret, store_key
from oauthapps.transfer.applying.context import Context, about
from oauthapps.transfer.entries import Item
from oauthapps.transfer.kinds import ITSELF, KEYS, SECRETS
from oauthapps.transfer.places import RefusedError


def apply_key(item: Item, context: Context) -> None:
    """Add a public key; one that was deleted here stays deleted."""
    application = owner_of(item, KEYS.name, context)
    with about(item.place.at("key")):
        info = parse_public_key(item.values["key"])
    acts_as = item.values["acts_as"]
    user = None if acts_as.lower() == ITSELF else context.called(acts_as, item.place.at("acts_as"))
    known = [key for key in application.keys.all() if key.thumbprint == info.thumbprint]
    live = next((key for key in known if key.is_live), None)
    if live is not None and live.user != user:
        subject = live.user.username if live.user else "the application itself"
        raise RefusedError(
            item.place.at("acts_as"), f"This key acts as {subject} here. Delete it in the console first."
        )
    last_day = item.values.get("last_day")
    if live is not None:
        let_expire(live, last_day, item, context)
    elif known:
        said = f"the public key {known[0].short_id} of {application.name} was deleted here, and stays it"
        context.report.kept(item.place, said)
    else:
        with about(item.place.at("last_day")):
            row = store_key(
                application, info, user=user, actor=context.actor, source=KeySource.ADDED, last_day=last_day
            )
        subject = user.username if user else "the application itself"
        said = f"public key {row.short_id} of {application.name}, which acts as {subject}"
        context.report.made(item.place, said)


def let_expire(key: PublicKey, last_day: date | None, item: Item, context: Context) -> None:
    """Let a key that is here work through the day that a document names, if it names one."""
    if last_day is None or last_day == key.last_day:
        context.report.unchanged()
        return
    with about(item.place.at("last_day")):
        change_expiry(key, last_day=last_day, actor=context.actor)
    said = f"public key {key.short_id} of {key.application.name}, which works through {last_day} (UTC)"
    context.report.changed(item.place, said)


def apply_secret(item: Item, context: Context) -> None:
    """Add a client secret; one that was deleted here stays deleted."""
    application = owner_of(item, SECRETS.name, context)
    value = item.values["secret"]
    known = next((each for each in application.secrets.all() if each.digest == digest(value)), None)
    if known is None:
        row = add_secret(application, value=value, actor=context.actor).row
        until = f", which works through {row.last_day} (UTC)" if row.last_day else ""
        context.report.made(item.place, f"client secret {row.masked} of {application.name}{until}")
    elif known.is_live:
        context.report.unchanged()
    else:
        said = f"the client secret {known.masked} of {application.name} was deleted here, and stays it"
        context.report.kept(item.place, said)


def owner_of(item: Item, field: str, context: Context) -> Application:
    """Return the application that a credential is of.

    Raises:
        RefusedError: when there is none, or its type has no such credentials.
    """
    application = context.live_application(item.values["client_id"], item.place)
    if not application.type.has_field(field):
        raise RefusedError(item.place, f"A {application.type.label} has no {field}.")
    return application
