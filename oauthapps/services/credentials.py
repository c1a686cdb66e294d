"""Client secrets and public keys: adding and deleting."""

from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import violates
from oauthapps.errors import InvalidPublicKeyError
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.models.credentials import KeySource
from oauthapps.rules import credential_values
from oauthapps.rules.expiry import days_of_new, in_words
from oauthapps.rules.keys import keypairs

SECRET_PREFIX = credential_values.CLIENT_SECRET_PREFIX
# Characters; ours have 55. A plain digest suffices for random values: a short one could be guessed from it.
SHORTEST_SECRET = 16
HAD_BEFORE = "This application has or had this client secret. Use a different one."


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """A client secret in clear, and the row that keeps its digest."""

    value: str = field(repr=False)
    row: ClientSecret


def add_secret(
    application: Application,
    *,
    actor: Actor,
    notes: str = "",
    value: str = "",
    last_day: date | None = None,
) -> NewSecret:
    """Give the application one more client secret and return it in clear, for the only time.

    Args:
        application: an application whose type has secrets.
        actor: who adds it.
        notes: what it is for, 64 characters at most.
        value: a secret brought along from elsewhere; a new one when empty.
        last_day: the last day, in UTC, on which it works; None for as long as the organization allows.

    Raises:
        InvalidExpiryError: when it can't work through that day.
        ValidationError: when a secret brought along cannot be taken.
    """
    days = days_of_new(timezone.now(), application.organization.secret_days)
    expires_at = days.end_of(last_day if last_day or days.may_be_never else days.last)
    if value:
        check_brought_along(application, value)
    value = value or credential_values.new_client_secret()
    try:
        with transaction.atomic():
            row = ClientSecret.objects.create(
                application=application,
                digest=credential_values.digest(value),
                prefix=SECRET_PREFIX if value.startswith(SECRET_PREFIX) else "",
                hint=credential_values.hint(value),
                notes=notes,
                created_by=actor.user,
                expires_at=expires_at,
            )
            Event.objects.record(
                EventKind.SECRET_ADDED,
                actor=actor,
                application=application,
                detail=row.masked,
                after=expiry_of(row),
            )
    except IntegrityError as error:
        if violates(error, ClientSecret, "secret_once_per_application"):
            raise ValidationError(HAD_BEFORE) from error
        raise
    return NewSecret(value=value, row=row)


def expiry_of(row: ClientSecret | PublicKey) -> dict[str, str]:
    """Return when something expires, as the event of its making has it; nothing where it never does."""
    return {"Expires": in_words(row.expires_at)} if row.expires_at else {}


def check_brought_along(application: Application, value: str) -> None:
    """Refuse a secret from elsewhere that no client could send or that the application has had.

    Raises:
        ValidationError: with the sentence that says why.
    """
    if len(value) < SHORTEST_SECRET or not (value.isascii() and value.isprintable()):
        raise ValidationError(f"A client secret needs {SHORTEST_SECRET} or more printable ASCII characters.")
    if ClientSecret.objects.filter(application=application, digest=credential_values.digest(value)).exists():
        raise ValidationError(HAD_BEFORE)


def delete_secret(secret: ClientSecret, *, actor: Actor) -> None:
    """Refuse a secret from now on; its digest stays as a tombstone."""
    with transaction.atomic():
        rows = ClientSecret.objects.filter(pk=secret.pk, deleted_at=None)
        if rows.update(deleted_at=timezone.now(), deleted_by=actor.user):
            Event.objects.record(
                EventKind.SECRET_DELETED,
                actor=actor,
                application=secret.application,
                detail=secret.masked,
                before={"Notes": secret.notes},
            )


def add_key(
    application: Application, data: bytes, *, user: User | None, actor: Actor, last_day: date | None = None
) -> PublicKey:
    """Add a public key that somebody else holds the private half of.

    Args:
        application: an application whose type has keys.
        data: a PEM public key, PKCS#1 key, X.509 certificate or JWK.
        user: the person whose User ID assertions signed with the key will name; None where they will name the
            application's own Service ID.
        actor: who adds it.
        last_day: the last day, in UTC, on which it works; None for as long as nobody deletes it.

    Raises:
        InvalidExpiryError: when it can't work through that day.
        InvalidPublicKeyError: when it is no usable public key, or is there already.
        PrivateKeyRefusedError: when it is a private key; nothing is stored.
    """
    info = keypairs.parse_public_key(data)
    return store_key(application, info, user=user, actor=actor, source=KeySource.ADDED, last_day=last_day)


def keep_public_half(
    application: Application,
    info: keypairs.PublicKeyInfo,
    *,
    user: User | None,
    actor: Actor,
    last_day: date | None = None,
) -> PublicKey:
    """Keep the public half of a pair that was made here; whoever made it shows the private half, once."""
    return store_key(application, info, user=user, actor=actor, source=KeySource.GENERATED, last_day=last_day)


def store_key(
    application: Application,
    info: keypairs.PublicKeyInfo,
    *,
    user: User | None,
    actor: Actor,
    source: KeySource,
    last_day: date | None = None,
) -> PublicKey:
    """Store a parsed public key.

    Raises:
        InvalidExpiryError: when it can't work through that day.
        InvalidPublicKeyError: when the application has it already.
    """
    expires_at = days_of_new(timezone.now()).end_of(last_day)
    kind = EventKind.KEY_GENERATED if source == KeySource.GENERATED else EventKind.KEY_ADDED
    try:
        with transaction.atomic():
            row = PublicKey.objects.create(
                application=application,
                user=user,
                thumbprint=info.thumbprint,
                fingerprint=info.fingerprint,
                pem=info.pem,
                bits=info.bits,
                source=source,
                not_after=info.not_after,
                created_by=actor.user,
                expires_at=expires_at,
            )
            Event.objects.record(
                kind, actor=actor, application=application, detail=row.thumbprint, after=expiry_of(row)
            )
    except IntegrityError as error:
        if violates(error, PublicKey, "public_key_once_per_application"):
            raise InvalidPublicKeyError("This key was already added. Use a different one.") from error
        raise
    return row


def delete_key(key: PublicKey, *, actor: Actor) -> None:
    """Refuse assertions signed with a key from now on; its thumbprint stays as a tombstone."""
    with transaction.atomic():
        rows = PublicKey.objects.filter(pk=key.pk, deleted_at=None)
        if rows.update(deleted_at=timezone.now(), deleted_by=actor.user):
            Event.objects.record(
                EventKind.KEY_DELETED, actor=actor, application=key.application, detail=key.thumbprint
            )


def keys_of(user: User) -> QuerySet[PublicKey]:
    """Return the keys whose assertions speak for a person: of applications that have not been deleted."""
    rows: QuerySet[PublicKey] = PublicKey.objects.live().filter(
        user=user, application__in=Application.objects.live()
    )
    return rows.select_related("application")


def applications_with_keys_of(user: User) -> QuerySet[Application]:
    """Return the applications with keys that act as a person, by name, each with `key_count`."""
    applications: QuerySet[Application] = (
        Application.objects.filter(keys__in=keys_of(user)).annotate(key_count=Count("keys")).order_by("name")
    )
    return applications


def names_of_applications_with_keys_of(user: User) -> list[str]:
    """Return the names of the applications with keys that act as a person."""
    return sorted({application.name for application in applications_with_keys_of(user)})


def delete_keys_of(user: User, *, actor: Actor) -> None:
    """Refuse assertions signed with any key of a person's from now on.

    Those of deleted applications are among them: the keys would come back with these.
    """
    with transaction.atomic():
        for key in PublicKey.objects.live().filter(user=user).select_related("application"):
            delete_key(key, actor=actor)
