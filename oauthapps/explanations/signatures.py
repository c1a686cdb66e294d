"""Which key signed a JWT that none of the application's usable keys did, as far as that can be told."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from oauthapps.explanations.wording import ago, by, withheld
from oauthapps.http.messages import Explanation
from oauthapps.models import Application, PublicKey
from oauthapps.rules.keys.signatures import Signature

# Of a JWT's header (RFC 7518 section 3.1): what else is there is not repeated.
ALGORITHMS = {f"{family}{bits}" for family in ("HS", "RS", "PS", "ES") for bits in (256, 384, 512)} | {
    "none",
    "EdDSA",
}
MOST_KEYS = 20
ADD_KEY = (
    "Add the public key under Settings › Public Keys, or sign with the private key of one that is listed "
    "there"
)


def by_no_key(signature: Signature, client_id: str, algorithms: Sequence[str], at: datetime) -> Explanation:
    """Return why a signature was not accepted.

    Args:
        signature: the signature.
        client_id: whose keys it was held against.
        algorithms: those that are accepted.
        at: when the request was refused.
    """
    header = signature.claimed
    algorithm, expected = header.get("alg", ""), " or ".join(algorithms)
    if algorithm not in algorithms:
        sent = (
            f"is signed with {algorithm}"
            if algorithm in ALGORITHMS
            else "names no signature algorithm known here"
        )
        return Explanation(f"The JWT {sent}, but must be signed with {expected}.", f"Sign with {expected}.")
    application = Application.objects.get(client_id=client_id)
    keys = PublicKey.objects.select_related("deleted_by", "application")
    own = keys.filter(application=application).order_by("-id")[:MOST_KEYS]
    made_by = signer(signature, own)
    if made_by is not None and not has_ended(made_by, at):
        return demands_more(made_by)
    found = made_by or named_by(header.get("kid", ""), own)
    if found is not None:
        return ended(found, at) if has_ended(found, at) else not_by(found, application, at)
    named = keys.live().filter(thumbprint=header.get("kid", "")).first()
    return not_by(None, application, at) if named is None else of_another(named, application, at)


def signer(signature: Signature, keys: Iterable[PublicKey]) -> PublicKey | None:
    """Return the key that made a signature; None where none of these did."""
    return next((key for key in keys if signature.is_by(key.pem)), None)


def named_by(kid: str, keys: Iterable[PublicKey]) -> PublicKey | None:
    """Return the key that a header names."""
    return next((key for key in keys if kid and kid in {key.thumbprint, key.fingerprint}), None)


def has_ended(key: PublicKey, at: datetime) -> bool:
    """Return whether a key was deleted, or had expired, when a request was refused."""
    return key.deleted_at is not None or (key.expires_at is not None and key.expires_at <= at)


def ended(key: PublicKey, at: datetime) -> Explanation:
    """Return that a key was deleted or has expired, when, and by whom."""
    if key.deleted_at is not None:
        when = f"was deleted {ago(key.deleted_at, at)}{by(key.deleted_by)}"
    else:
        when = f"expired {ago(key.expires_at or at, at)}"
    return Explanation(f"The key {key.short_id} that the JWT is signed with {when}.", f"{ADD_KEY}.")


def demands_more(key: PublicKey) -> Explanation:
    """Return that a header asks for what is not offered (RFC 7515 section 4.1.11, RFC 7797)."""
    return Explanation(
        f"The JWT is signed by the key {key.short_id}, but its header has crit or b64, which this server "
        "doesn't offer.",
        "Leave crit and b64 out of the header.",
    )


def not_by(key: PublicKey | None, application: Application, at: datetime) -> Explanation:
    """Return that no live key made the signature, and which there are.

    Args:
        key: the one that the header names; None where it names none of the application's.
        application: the client's application.
        at: when the request was refused.
    """
    live = [row.short_id for row in PublicKey.objects.usable(at).filter(application=application)]
    if not live:
        return Explanation(
            "The application has no public keys, so none of its JWTs can be checked.", f"{ADD_KEY}."
        )
    if key is not None:
        return Explanation(
            f"The JWT names the key {key.short_id}, but was not signed with its private half.",
            "Sign with the private key that belongs to it, or correct the kid if another key signs.",
            {"keys": live},
        )
    return Explanation(
        f"The JWT is signed by a key that the application doesn't have; it has {', '.join(live)}.",
        f"{ADD_KEY}.",
        {"keys": live},
    )


def of_another(key: PublicKey, application: Application, at: datetime) -> Explanation:
    """Return that the JWT names a key of another application, which clients are not told."""
    name = key.application.name
    return withheld(
        f"The JWT names the key {key.short_id} of the application {name}, not one of {application.name}.",
        f"Send the Client ID of {name}, or sign with a key of {application.name}.",
        to_client=not_by(None, application, at),
    )
