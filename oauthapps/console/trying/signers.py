"""Which key signed a JWT: one that its application has, has no longer, or that another application has."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from oauthapps.models import Application, PublicKey
from oauthapps.rules.assertions import loaded_key, payload_signed_by
from oauthapps.sql.client_keys import KeyRow

# Keys of other applications that are tried, the latest first: each takes a fraction of a millisecond.
MOST_OTHERS = 1000


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The key that signed a JWT.

    Attributes:
        words: which key it is, and whose.
        row: the application's own key, if it is one that is not deleted.
    """

    words: str
    row: KeyRow | None = None


def find_signer(text: str, application: Application, keys: Sequence[KeyRow]) -> Signer | None:
    """Return who signed a JWT, or None where no key that is known here did.

    Args:
        text: the compact serialization.
        application: whose it should be.
        keys: that application's live keys.
    """
    rows = {row.id: row for row in keys}
    own = first_signer(PublicKey.objects.filter(application=application).order_by("-pk"), text, prefer=rows)
    if own:
        return Signer(words=f"by the key {own.short_id}{end_of(own)}", row=rows.get(own.pk))
    others = PublicKey.objects.live().exclude(application=application).filter(application__deleted_at=None)
    other = first_signer(others.select_related("application").order_by("-pk")[:MOST_OTHERS], text)
    if other:
        return Signer(words=f"by the key {other.short_id} of another application, {other.application.name}")
    return None


def end_of(key: PublicKey) -> str:
    """Return when a key was deleted or expired, as the end of a phrase, or nothing."""
    if key.deleted_at:
        return f", which was deleted on {key.deleted_at:%Y-%m-%d}"
    if key.expires_at and key.expires_at <= timezone.now():
        return f", which expired on {key.expires_at:%Y-%m-%d}"
    return ""


def first_signer(keys: Iterable[PublicKey], text: str, prefer: Container[int] = ()) -> PublicKey | None:
    """Return a key that signed a JWT: one of those preferred by primary key, or else the first.

    A key is loaded anew: the memory of the token endpoint keeps those of clients.
    """
    signers = (key for key in keys if payload_signed_by(loaded_key(key.pem), text) is not None)
    found = sorted(signers, key=lambda key: key.pk not in prefer)
    return next(iter(found), None)
