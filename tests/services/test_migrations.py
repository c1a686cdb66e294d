"""What migrations make of the rows that are there."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Organization
from tests.factories import UserFactory

BEFORE, AFTER = ("oauthapps", "0004_counted_events"), ("oauthapps", "0005_scope_of_families")


def migrate_to(target: tuple[str, str]) -> Any:
    """Migrate, and return the models as they were then."""
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Any]:
    yield migrate_to(BEFORE)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def make(apps: Any, model: str, **fields: Any) -> Any:
    return apps.get_model("oauthapps", model).objects.create(**fields)


@pytest.mark.spec("W-87", "ASVS 10.7.3")
def test_families_get_the_scope_of_their_code_their_refresh_token_or_their_consent(earlier: Any) -> None:
    Organization.current()
    application = make(earlier, "Application", name="Web", app_type="web", slot=1)
    owned = {"user_id": UserFactory.create().pk, "application": application}
    consent = make(earlier, "Consent", **owned, scope="read")
    with_code, with_refresh_token, with_nothing = (
        make(earlier, "TokenFamily", **owned, consent=consent) for _ in range(3)
    )
    make(
        earlier,
        "Grant",
        **owned,
        family=with_code,
        scope="read write",
        code="c" * 64,
        expires=timezone.now() + timedelta(minutes=1),
        redirect_uri="https://client.example/",
        request_id="r" * 32,
    )
    for family in (with_code, with_refresh_token):
        make(
            earlier,
            "RefreshToken",
            **owned,
            family=family,
            scope="read write offline_access",
            token="",
            token_checksum=str(family.pk),
        )
    families = migrate_to(AFTER).get_model("oauthapps", "TokenFamily").objects
    scopes = dict(families.values_list("pk", "scope"))
    assert scopes == {
        with_code.pk: "read write",
        with_refresh_token.pk: "read write offline_access",
        with_nothing.pk: "read",
    }
