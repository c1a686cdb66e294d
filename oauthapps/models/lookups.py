"""The look-ups that requests of clients and APIs begin with: one statement each, nothing kept between them.

Whatever a request stands on is joined in, so that a secret deleted, an application disabled or a person
deactivated counts in every process at once. Each reads the columns that these requests use; any other would
be fetched by a statement of its own when asked for.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db.models import CharField, DateTimeField, QuerySet
from django.utils import timezone

from oauthapps.models.applications import Application
from oauthapps.models.compiled import CompiledQuery, Parameter
from oauthapps.models.credentials import ClientSecret, PublicKey
from oauthapps.models.tokens import AccessToken, Grant, RefreshToken

NOW = Parameter("now", DateTimeField())
CLIENT_ID = Parameter("client_id", CharField())
# Two readings of a secret, because Basic is sent form-encoded by some and raw by others.
SECRETS = [Parameter("secret", CharField()), Parameter("other_secret", CharField())]
DIGEST = Parameter("digest", CharField())

OF_CLIENT = ("client_id", "app_type", "response_profile", "may_verify_tokens")
# Every token reply names it; other answers do without the organization.
CUSTOMER_ID = "organization__customer_id"
OF_ISSUING_CLIENT = ("rotate_refresh_tokens", CUSTOMER_ID)


def through(path: str, names: Sequence[str]) -> list[str]:
    """Return the columns' names as they are seen through a relation."""
    return [f"{path}__{name}" for name in names]


def relations(columns: Sequence[str]) -> list[str]:
    """Return the relations that columns are seen through."""
    return [path for path, separator, _ in (column.rpartition("__") for column in columns) if separator]


def confidential_clients(*more: str) -> QuerySet[ClientSecret]:
    """The live secret that a client shows, with its enabled application and more of it."""
    columns = through("application", (*OF_CLIENT, *more))
    return (
        ClientSecret.objects.live()
        .filter(
            digest__in=SECRETS,
            application__client_id=CLIENT_ID,
            application__deleted_at=None,
            application__disabled_at=None,
        )
        .order_by()
        .select_related(*relations(columns))
        .only("last_used_at", *columns)
    )


def public_clients(*more: str) -> QuerySet[Application]:
    """An application by its Client ID alone, and more of it."""
    columns = (*OF_CLIENT, *more)
    rows = Application.objects.enabled().filter(client_id=CLIENT_ID)
    return rows.select_related(*relations(columns)).only(*columns)


def access_tokens(*columns: str) -> QuerySet[AccessToken]:
    """These columns of a living access token."""
    rows = AccessToken.objects.alive(NOW).filter(token_checksum=DIGEST)
    return rows.select_related(*relations(columns)).only(*columns)


def refresh_tokens() -> QuerySet[RefreshToken]:
    """A living refresh token, with all that its two ends are worked out from."""
    return (
        RefreshToken.objects.alive()
        .filter(token_checksum=DIGEST)
        .select_related("user", "application", "family")
        .only(
            "scope",
            "created",
            "family__started_at",
            *through("application", ("client_id", "absolute_expiration", "inactivity_expiration")),
            *through("user", ("user_id", "username", "last_active_at")),
        )
    )


def grants() -> QuerySet[Grant]:
    """A grant whose code could be redeemed now."""
    return (
        Grant.objects.redeemable(NOW)
        .filter(code=DIGEST)
        .only("application", "scope", "redirect_uri", "redirect_uri_given", "code_challenge")
    )


def keys() -> QuerySet[PublicKey]:
    """The live keys of a client, with the people who added them."""
    return (
        PublicKey.objects.live()
        .filter(application__client_id=CLIENT_ID)
        .order_by()
        .select_related("user")
        .only("pem", "last_used_at", "user__user_id", "user__is_active")
    )


# By whether the client shows a secret, and whether it asks for tokens.
CLIENTS: dict[tuple[bool, bool], CompiledQuery[Any]] = {
    (True, True): CompiledQuery(partial(confidential_clients, *OF_ISSUING_CLIENT)),
    (True, False): CompiledQuery(confidential_clients),
    (False, True): CompiledQuery(partial(public_clients, *OF_ISSUING_CLIENT)),
    (False, False): CompiledQuery(public_clients),
}
# An API asks whom a token speaks for, a client what it says.
SPEAKING_TOKENS = CompiledQuery(
    partial(
        access_tokens,
        "scope",
        *through("application", ("client_id", CUSTOMER_ID)),
        *through("user", ("user_id", "username", "email", "name")),
    )
)
ACCESS_TOKENS = CompiledQuery(
    partial(
        access_tokens,
        *("scope", "created", "expires"),
        *through("application", ("client_id", "app_type", "response_profile")),
        *through("user", ("user_id", "username")),
    )
)
REFRESH_TOKENS = CompiledQuery(refresh_tokens)
GRANTS = CompiledQuery(grants)
KEYS = CompiledQuery(keys)


class Presented(NamedTuple):
    """What a request shows besides its client's credentials, to be looked up in the same statement.

    Attributes:
        query: finds it by the digest of its value; keys, by their client.
        digest: the digest.
        issues: whether tokens come of it, in a reply that names the organization.
    """

    query: CompiledQuery[Any]
    digest: str = ""
    issues: bool = True


def client(
    client_id: str, digests: Sequence[str], presented: Presented | None = None
) -> tuple[ClientSecret | Application | None, list[Any]]:
    """Return an enabled client, and what it presents.

    Args:
        client_id: its Client ID.
        digests: of one or two readings of its secret; empty for a public client.
        presented: what else to look up.

    Returns:
        The live secret it showed, or the application of a client that showed none; then the rows of what is
        presented, which say nothing yet about whom they belong to.
    """
    values = {"client_id": client_id, "now": timezone.now()}
    if digests:
        values |= {"secret": digests[0], "other_secret": digests[-1]}
    clients = CLIENTS[bool(digests), presented is not None and presented.issues]
    if presented is None:
        return clients.one(values), []
    return clients.one_with(presented.query, {**values, "digest": presented.digest})


def access_token(digest: str) -> AccessToken | None:
    """Return the living access token whose value has this digest, with whom it speaks for."""
    return SPEAKING_TOKENS.one({"digest": digest, "now": timezone.now()})
