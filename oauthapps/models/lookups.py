"""The look-ups that requests of clients and APIs begin with: one statement each, nothing kept between them.

Whatever a request stands on is joined in, so that a secret deleted, an application disabled or a person
deactivated counts in every process at once. Each reads the columns that these requests use; any other would
be fetched by a statement of its own when asked for.
"""

from collections.abc import Sequence

from django.db.models import BigIntegerField, CharField, DateTimeField, QuerySet
from django.utils import timezone

from oauthapps.models.applications import Application
from oauthapps.models.compiled import CompiledQuery, Parameter
from oauthapps.models.credentials import ClientSecret, PublicKey
from oauthapps.models.tokens import AccessToken, Grant, RefreshToken

NOW = Parameter("now", DateTimeField())
DIGEST, OTHER_DIGEST = Parameter("digest", CharField()), Parameter("other_digest", CharField())
CLIENT_ID = Parameter("client_id", CharField())
APPLICATION = Parameter("application", BigIntegerField())

OF_APPLICATION = (
    "client_id",
    "app_type",
    "response_profile",
    "rotate_refresh_tokens",
    "absolute_expiration",
    "inactivity_expiration",
    "may_verify_tokens",
    "organization__customer_id",
)


def through(path: str, names: Sequence[str]) -> list[str]:
    """Return the columns' names as they are seen through a relation."""
    return [f"{path}__{name}" for name in names]


def confidential_clients() -> QuerySet[ClientSecret]:
    """The secret that a client shows in one reading or another, with the client's application."""
    return (
        ClientSecret.objects.live()
        .filter(
            digest__in=[DIGEST, OTHER_DIGEST],
            application__client_id=CLIENT_ID,
            application__deleted_at=None,
            application__disabled_at=None,
        )
        .select_related("application__organization")
        .only("last_used_at", *through("application", OF_APPLICATION))
    )


def public_clients() -> QuerySet[Application]:
    """An application by its Client ID alone."""
    rows = Application.objects.enabled().filter(client_id=CLIENT_ID)
    return rows.select_related("organization").only(*OF_APPLICATION)


def access_tokens() -> QuerySet[AccessToken]:
    """A living access token, with whom it speaks for."""
    return (
        AccessToken.objects.alive(NOW)
        .filter(token_checksum=DIGEST)
        .select_related("user", "application__organization")
        .only(
            "scope",
            "created",
            "expires",
            "application__client_id",
            "application__response_profile",
            "application__organization__customer_id",
            *through("user", ("user_id", "username", "email", "name", "is_active")),
        )
    )


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
            *through("application", OF_APPLICATION[:-1]),
            *through("user", ("user_id", "username", "last_active_at")),
        )
    )


def grants() -> QuerySet[Grant]:
    """A grant whose code could be redeemed by this application."""
    return (
        Grant.objects.redeemable(NOW)
        .filter(code=DIGEST, application=APPLICATION)
        .only("user", "family", "scope", "redirect_uri", "redirect_uri_given", "code_challenge")
    )


def keys() -> QuerySet[PublicKey]:
    """The live keys of an application, with the people who added them."""
    return (
        PublicKey.objects.live()
        .filter(application=APPLICATION)
        .select_related("user")
        .only("pem", "last_used_at", "user__user_id", "user__is_active")
    )


CONFIDENTIAL_CLIENTS = CompiledQuery(confidential_clients)
PUBLIC_CLIENTS = CompiledQuery(public_clients)
ACCESS_TOKENS = CompiledQuery(access_tokens)
REFRESH_TOKENS = CompiledQuery(refresh_tokens)
GRANTS = CompiledQuery(grants)
KEYS = CompiledQuery(keys)


def confidential_client(client_id: str, digests: Sequence[str]) -> ClientSecret | None:
    """Return the live secret of an enabled application that has one of these one or two digests."""
    return CONFIDENTIAL_CLIENTS.one(client_id=client_id, digest=digests[0], other_digest=digests[-1])


def public_client(client_id: str) -> Application | None:
    """Return the enabled application with this Client ID."""
    return PUBLIC_CLIENTS.one(client_id=client_id)


def access_token(digest: str) -> AccessToken | None:
    """Return the living access token whose value has this digest."""
    return ACCESS_TOKENS.one(digest=digest, now=timezone.now())


def refresh_token(digest: str) -> RefreshToken | None:
    """Return the refresh token whose value has this digest, if it could be used now."""
    row, now = REFRESH_TOKENS.one(digest=digest), timezone.now()
    return row if row and (row.ends_at is None or row.ends_at > now) else None


def grant(digest: str, application: Application) -> Grant | None:
    """Return the grant whose code has this digest, if this application could redeem it now."""
    return GRANTS.one(digest=digest, application=application.pk, now=timezone.now())


def live_keys(application: Application) -> list[PublicKey]:
    """Return the keys by which an application may sign."""
    return KEYS.all(application=application.pk)
