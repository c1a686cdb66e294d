"""Consents from before time limits and Access pages: migrated forth and back, with what people had read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Consent, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.scopes import SCOPES
from oauthapps.rules.time_limits import TimeLimit
from oauthapps.services.consents import shorten, withdraw
from tests.console.pages import Page
from tests.factories import UserFactory
from tests.oauth_client import OAuthClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("Y-04", "RFC 6749 §6")]

BEFORE = [("oauthapps", "0012_apis"), ("accounts", "0009_second_factor_for_administrators")]


def migrate(targets: Any = None) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())


@pytest.fixture(autouse=True)
def latest_afterward(transactional_db: None) -> Iterator[None]:
    yield
    migrate()


def back_and_forth() -> None:
    migrate(BEFORE)
    migrate()


def marks(client: OAuthClient, browser: Client, scope: str) -> tuple[bool, int]:
    """Whether the consent page compares with an earlier one, and how many scopes it marks as new."""
    page = Page(client.consent_page(browser, scope=scope))
    return "You last allowed" in page.text, page.text.count("New")


def test_what_lives_goes_on_and_what_was_read_is_known(web: OAuthClient, visitor: Client) -> None:
    tokens, narrow = (
        web.get_tokens(visitor, scope="read offline_access"),
        web.get_tokens(visitor, scope="read"),
    )
    before = list(TokenFamily.objects.order_by("pk").values())
    back_and_forth()
    assert list(TokenFamily.objects.order_by("pk").values()) == before
    assert Consent.objects.get().sentences == {name: SCOPES[name] for name in ("read", "offline_access")}
    assert Consent.objects.get().last_allowed_from is None
    assert web.me(narrow["access_token"]).status_code == 200
    assert web.refresh(tokens["refresh_token"]).status_code == 200
    assert User.objects.get().wants_access_mail
    assert marks(web, visitor, "read write") == (True, 1)


def test_what_was_withdrawn_or_is_of_no_known_scope_is_asked_for_as_at_first(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, person: User
) -> None:
    actor = Actor(user=person)
    web.get_tokens(visitor, scope="read write")
    withdraw(Consent.objects.get(), actor=actor)
    single_page.get_tokens(visitor, scope="read")
    TokenFamily.objects.filter(ended_at=None).update(scope="invoices:read")
    back_and_forth()
    assert list(Consent.objects.values_list("sentences", flat=True)) == [{}, {}]
    assert marks(web, visitor, "read") == (False, 0)
    assert marks(single_page, visitor, "read") == (False, 0)


def test_what_was_withdrawn_before_it_was_allowed_again_is_new(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    web.get_tokens(visitor, scope="read write")
    withdraw(Consent.objects.get(), actor=Actor(user=person))
    web.get_tokens(visitor, scope="read")
    back_and_forth()
    assert Consent.objects.get().sentences == {"read": SCOPES["read"]}
    assert marks(web, visitor, "read write") == (True, 1)


def test_ends_and_their_reasons_stay_and_earlier_releases_know_no_limits(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    web.get_tokens(visitor)
    shorten(Consent.objects.get(), TimeLimit.ONE_DAY, actor=Actor(user=person))
    other = UserFactory.create()
    consent = Consent.objects.create(user=other, application=Consent.objects.get().application)
    family = TokenFamily.objects.create(
        consent=consent, user=other, application=consent.application, scope="read"
    )
    TokenFamily.objects.filter(pk=family.pk).end(EndReason.REVOKED_BY_ADMINISTRATOR)
    Consent.objects.filter(pk=consent.pk).update(withdrawn_at=timezone.now())
    back_and_forth()
    family.refresh_from_db()
    assert family.end_reason == EndReason.REVOKED_BY_ADMINISTRATOR
    assert TokenFamily.objects.get(ended_at=None).allowed_until is None
