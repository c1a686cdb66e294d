"""The statements of every request find what the querysets of the models describe, and read it rightly."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from django.db import models
from django.db.models import Exists, F, OuterRef, Value
from django.db.models.functions import Concat
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import (
    AccessToken,
    Application,
    ClientSecret,
    DatedException,
    Grant,
    PublicKey,
    RefreshToken,
    ResponseProfile,
    TokenFamily,
)
from oauthapps.rules.app_types import SESSION_ID, AppType
from oauthapps.rules.credential_values import digest
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services.moving_in import begin
from oauthapps.sql import access_tokens, client_keys, clients
from oauthapps.sql.clients import Lookup, Presented
from tests.factories import make_application
from tests.oauth2.conftest import Machine
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

# What may happen to what a request stands on.
CHANGES: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "the secret is deleted": lambda: ClientSecret.objects.update(deleted_at=timezone.now()),
    "the key is deleted": lambda: PublicKey.objects.update(deleted_at=timezone.now()),
    "the secret expires": lambda: ClientSecret.objects.update(expires_at=timezone.now()),
    "the secret expires later": lambda: ClientSecret.objects.update(
        expires_at=timezone.now() + timedelta(seconds=9)
    ),
    "the key expires": lambda: PublicKey.objects.update(expires_at=timezone.now()),
    "the key expires later": lambda: PublicKey.objects.update(
        expires_at=timezone.now() + timedelta(seconds=9)
    ),
    "the application is disabled": lambda: Application.objects.update(disabled_at=timezone.now()),
    "the application is deleted": lambda: Application.objects.update(deleted_at=timezone.now(), slot=None),
    "the person is deactivated": lambda: User.objects.update(is_active=False),
    "the family ends": lambda: TokenFamily.objects.update(ended_at=timezone.now(), end_reason="expired"),
    "the time limit passes": lambda: TokenFamily.objects.update(allowed_until=timezone.now()),
    "the access token expires": lambda: AccessToken.objects.update(expires=timezone.now()),
    "the access token is revoked": lambda: AccessToken.objects.update(revoked_at=timezone.now()),
    "the refresh token is replaced": lambda: RefreshToken.objects.update(replaced_at=timezone.now()),
    "the refresh token was replaced long ago": lambda: RefreshToken.objects.update(
        replaced_at=timezone.now() - timedelta(seconds=31)
    ),
    "the refresh token is revoked": lambda: RefreshToken.objects.update(revoked=timezone.now()),
    "the code is redeemed": lambda: Grant.objects.update(redeemed_at=timezone.now()),
    "the code expires": lambda: Grant.objects.update(expires=timezone.now()),
    "the redirect URL is removed": lambda: Grant.objects.update(redirect_url=None),
}


def same(rows: Iterable[Any], found: models.QuerySet[Any], paths: dict[str, str]) -> None:
    """Rows are those of the queryset, field by field.

    Args:
        rows: what a statement has found.
        found: what the models say.
        paths: where an instance has what a row has under another name.
    """
    instances = list(found)
    assert len(list(rows)) == len(instances)
    for row, instance in zip(rows, instances, strict=True):
        for name in row._fields:
            path = paths.get(name, name)
            assert getattr(row, name) == attrgetter(path)(instance), name


CLIENT = {name: f"application.{name}" for name in ("client_id", "allowed_scope")}
PERSON = {"person_id": "user.pk", "user_id": "user.user_id", "username": "user.username"}
# As the look-ups of access tokens name it. No APIs, no version of the catalog: compared with a None.
SUBJECT = {"subject": "user.user_id", "username": "user.username", "is_service": "application.requires_pkce"}
NO_CATALOG = {"catalog_version": "application.deleted_at"}


@pytest.fixture
def shown(web: OAuthClient, visitor: Client) -> dict[str, str]:
    """The digests of everything that a client has, so that it could present it."""
    tokens = web.get_tokens(visitor)
    code = web.get_code(visitor)
    Application.objects.update(response_profile=ResponseProfile.WORKFRONT)
    values = {**tokens, "code": code, "secret": web.client_secret}
    return {name: digest(str(value)) for name, value in values.items()}


def presented(client: OAuthClient, secret: str, lookup: Lookup, value: str = "") -> list[Any]:
    _, rows = clients.client(client.client_id, [secret], Presented(lookup, value))
    return rows


@pytest.mark.parametrize("change", CHANGES)
def test_clients_that_show_a_secret(web: OAuthClient, shown: dict[str, str], change: str) -> None:
    CHANGES[change]()
    enabled = Application.objects.enabled().filter(client_id=web.client_id)
    secrets = ClientSecret.objects.usable().filter(application__in=enabled, digest=shown["secret"])
    # Two readings of a secret, of which one is right.
    row, _ = clients.client(
        web.client_id, ["0" * 64, shown["secret"]], Presented(clients.GRANTS, shown["code"])
    )
    paths = {name: f"application.{name}" for name in clients.ClientRow._fields}
    paths |= {"secret_id": "pk", "secret_last_used_at": "last_used_at"}
    paths |= {"customer_id": "application.organization.customer_id", **NO_CATALOG}
    same([row] if row else [], secrets, paths)


@pytest.mark.parametrize("change", CHANGES)
def test_clients_that_show_none(web: OAuthClient, shown: dict[str, str], change: str) -> None:
    CHANGES[change]()
    enabled = Application.objects.enabled().filter(client_id=web.client_id)
    row, _ = clients.client(web.client_id, [])
    assert not row or (row.customer_id, row.secret_id, row.secret_last_used_at) == (None, None, None)
    # Compared with what is None where an application is enabled.
    nothing = ("customer_id", "secret_id", "secret_last_used_at", "catalog_version")
    never = dict.fromkeys(nothing, "deleted_at")
    same([row] if row else [], enabled, never)


def test_a_row_means_what_its_application_means(web: OAuthClient, shown: dict[str, str]) -> None:
    row, application = clients.client(web.client_id, [])[0], Application.objects.get()
    assert row is not None
    assert row.type == application.type
    assert row.is_workfront_compatible is application.is_workfront_compatible is True
    assert row.token_type == application.type.compatible_token_type


@pytest.mark.parametrize("change", CHANGES)
def test_codes(web: OAuthClient, shown: dict[str, str], change: str) -> None:
    CHANGES[change]()
    enabled = ClientSecret.objects.usable().filter(application__in=Application.objects.enabled())
    found = Grant.objects.redeemable(timezone.now()).filter(code=shown["code"])
    rows = presented(web, shown["secret"], clients.GRANTS, shown["code"])
    same(
        rows,
        found if enabled else found.none(),
        {"allowed_until": "family.allowed_until", "person_id": "user_id"},
    )


@pytest.mark.parametrize("change", CHANGES)
def test_refresh_tokens(web: OAuthClient, shown: dict[str, str], change: str) -> None:
    CHANGES[change]()
    secrets = ClientSecret.objects.usable()
    just_replaced = RefreshToken.objects.presentable(timezone.now() - timedelta(seconds=30))
    found = just_replaced.filter(token_checksum=shown["refresh_token"])
    rows = presented(web, shown["secret"], clients.REFRESH_TOKENS, shown["refresh_token"])
    ends = {name: f"family.{name}" for name in ("started_at", "allowed_until")}
    ends |= {"last_active_at": "user.last_active_at"}
    ends |= {name: f"application.{name}" for name in ("absolute_expiration", "inactivity_expiration")}
    same(rows, found if secrets else found.none(), {**CLIENT, **PERSON, **ends})


@pytest.mark.parametrize("change", CHANGES)
def test_access_tokens(web: OAuthClient, shown: dict[str, str], change: str) -> None:
    CHANGES[change]()
    found = AccessToken.objects.alive().filter(token_checksum=shown["access_token"])
    bearer = access_tokens.bearer(shown["access_token"])
    described = {**SUBJECT, **NO_CATALOG, "email": "user.email", "name": "user.name"}
    same(
        [bearer] if bearer else [],
        found,
        {**CLIENT, **described, "customer_id": "application.organization.customer_id"},
    )
    secrets = ClientSecret.objects.usable()
    rows = presented(web, shown["secret"], access_tokens.ACCESS_TOKENS, shown["access_token"])
    names = {name: f"application.{name}" for name in ("app_type", "response_profile")}
    same(rows, found if secrets else found.none(), {**CLIENT, **SUBJECT, **names})
    assert all(row.token_type == SESSION_ID for row in rows)


@pytest.mark.parametrize("change", CHANGES)
def test_keys(machine: Machine, change: str) -> None:
    CHANGES[change]()
    enabled = ClientSecret.objects.usable().filter(application__in=Application.objects.enabled())
    secret = digest(machine.client.client_secret)
    rows = presented(machine.client, secret, client_keys.KEYS)
    person = {"person_id": "user.pk", "subject": "user.user_id", "is_active": "user.is_active"}
    keys = excepted(PublicKey.objects.usable().filter(application=machine.application))
    same(rows, keys if enabled else keys.none(), person)


# What may happen to an application's exceptions.
EXCEPTIONS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "they are ended": lambda: DatedException.objects.update(ended_at=timezone.now()),
    "their day is over": lambda: DatedException.objects.update(ends_at=timezone.now()),
    "they are others": lambda: DatedException.objects.update(kind=Concat(F("kind"), Value("x"))),
    "they are another application's": lambda: DatedException.objects.update(
        application=make_application(AppType.MACHINE_TO_MACHINE).application
    ),
}


def excepted(keys: models.QuerySet[PublicKey]) -> models.QuerySet[PublicKey]:
    """Keys with what their applications' exceptions allow."""
    rows = DatedException.objects.in_force().filter(application=OuterRef("application"))
    return keys.annotate(
        may_live_longer=Exists(rows.filter(kind=ExceptionKind.LONG_ASSERTIONS)),
        may_repeat=Exists(rows.filter(kind=ExceptionKind.REPEATED_JTI)),
    )


@pytest.mark.parametrize("change", EXCEPTIONS)
@pytest.mark.parametrize("kind", ExceptionKind.values)
def test_exceptions(machine: Machine, change: str, kind: str) -> None:
    begin(machine.application, exceptions={kind: timezone.now().date()}, actor=Actor.command("tests"))
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    EXCEPTIONS[change]()
    secret = digest(machine.client.client_secret)
    (row,) = presented(machine.client, secret, client_keys.KEYS)
    key: Any = excepted(PublicKey.objects.all()).get()
    assert (row.may_live_longer, row.may_repeat) == (key.may_live_longer, key.may_repeat)
    rows = DatedException.objects.in_force().filter(kind=ExceptionKind.SESSION_ID_IN_URL)
    found = access_tokens.bearer(digest(token), access_tokens.BEARER_IN_URL)
    assert (found is not None) == rows.filter(application=machine.application).exists()
    assert found in {None, access_tokens.bearer(digest(token))}


@pytest.mark.parametrize("name", ["", "A Name"])
def test_a_person_is_called_as_on_pages(web: OAuthClient, shown: dict[str, str], name: str) -> None:
    User.objects.update(name=name)
    row = access_tokens.bearer(shown["access_token"])
    assert row is not None
    assert row.display_name == AccessToken.objects.get().user.display_name


@pytest.mark.parametrize("absolute", ["1h", "30d", "none"])
@pytest.mark.parametrize("inactivity", ["8h", "none"])
def test_a_refresh_token_ends_at_the_earlier_of_its_two_ends(
    web: OAuthClient, shown: dict[str, str], absolute: str, inactivity: str
) -> None:
    Application.objects.update(absolute_expiration=absolute, inactivity_expiration=inactivity)
    now = timezone.now()
    TokenFamily.objects.update(started_at=now)
    User.objects.update(last_active_at=now)
    (row,) = presented(web, shown["secret"], clients.REFRESH_TOKENS, shown["refresh_token"])
    hours = {"1h": 1, "8h": 8, "30d": 30 * 24}
    ends = [now + timedelta(hours=hours[choice]) for choice in (absolute, inactivity) if choice != "none"]
    assert row.expirations.ends_at == min(ends, default=None)
    assert not row.expirations.have_passed
