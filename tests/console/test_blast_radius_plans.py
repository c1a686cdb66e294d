"""What the numbers before a change ask of the database: rows of one application, found by index."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from oauthapps.console.blast_radius import figures_of, signed_out_by, used_lately
from oauthapps.models import AccessToken, Application, ClientSecret, Consent, RefreshToken, TokenFamily
from oauthapps.models.usage import CredentialCaller, UsageCount, UsageKind
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from tests.factories import REDIRECT_URL, make_application

pytestmark = [pytest.mark.django_db, pytest.mark.spec("U-125", "the console")]

NUMBER, FEW = 3000, 20
# Tables that grow with people and their use; applications and their secrets are few.
GROWING = (
    *("consent", "tokenfamily", "accesstoken", "refreshtoken", "grant"),
    *("usagecount", "credentialcaller", "redirecturl"),
)


def give_access(application: Application, people: list[User]) -> None:
    """Let these people have allowed an application that has refreshed since."""
    consents = Consent.objects.bulk_create(Consent(user=each, application=application) for each in people)
    families = TokenFamily.objects.bulk_create(
        TokenFamily(
            consent=consent,
            user=consent.user,
            application=application,
            scope="read offline_access",
            started_at=timezone.now() - timedelta(days=2),
        )
        for consent in consents
    )
    of: list[dict[str, Any]] = [
        {"family": each, "user": each.user, "application": application, "token": ""} for each in families
    ]
    RefreshToken.objects.bulk_create(
        RefreshToken(**each, token_checksum=f"r{each['family'].pk}", scope="read") for each in of
    )
    end = timezone.now() + timedelta(hours=1)
    AccessToken.objects.bulk_create(
        AccessToken(**each, token_checksum=f"a{each['family'].pk}", scope="read", expires=end) for each in of
    )


def count_use(application: Application, days: int) -> None:
    """Let an application's Redirect URL and secret have been used on so many days."""
    now = timezone.now()
    application.redirect_urls.update(last_used_at=now)
    url = application.redirect_urls.get()
    secret = ClientSecret.objects.filter(application=application).first()
    UsageCount.objects.bulk_create(
        UsageCount(
            application=application,
            day=(now - timedelta(days=day)).date(),
            kind=UsageKind.REDIRECT_URL,
            subject=url.pk,
            issued=1,
        )
        for day in range(days)
    )
    CredentialCaller.objects.bulk_create(
        CredentialCaller(
            application=application,
            kind=UsageKind.SECRET,
            credential=secret.pk if secret else 0,
            address=f"192.0.{day // 250}.{day % 250}",
            last_at=now - timedelta(days=day),
        )
        for day in range(days)
    )


@pytest.fixture
def application() -> Application:
    """One that few people use, beside one that so many use that no database reads all of theirs for it."""
    users = [User(username=f"p{n}", email=f"p{n}@example.org", password="") for n in range(NUMBER)]
    users = User.objects.bulk_create(users)
    large, small = (make_application(AppType.WEB).application for _ in range(2))
    give_access(large, users)
    give_access(small, users[:FEW])
    count_use(large, NUMBER)
    count_use(small, FEW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return small


def whole_tables_in(statement: str) -> list[str]:
    """The lines of a statement's plan that read a whole table which grows with people, or with their use.

    PostgreSQL may read a small one at once even so: here it is told to do that where it has no index alone.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            lines = [str(row[-1]) for row in cursor.fetchall()]
            return [line for line in lines if line.startswith("SCAN") and "subquery" not in line]
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        lines = [str(row[-1]) for row in cursor.fetchall()]
    scans = [line for line in lines if "Seq Scan on oauthapps_" in line]
    return [line for line in scans if line.split("Seq Scan on oauthapps_")[1].split()[0] in GROWING]


def test_numbers_of_one_application_are_found_by_index(application: Application) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert [each.counted for each in figures_of(application)][:3] == [
            f"{FEW} people",
            f"{FEW} people",
            f"{FEW} active access tokens",
        ]
        assert [each.times for each in used_lately(application, [REDIRECT_URL])] == [FEW]
        assert signed_out_by(application, Lifetime.ONE_HOUR, Lifetime.ONE_YEAR).number == FEW
    assert whole_tables_in("SELECT id FROM oauthapps_consent WHERE last_allowed_at IS NULL")
    statements = [query["sql"] for query in asked.captured_queries]
    assert len(statements) <= 10, statements
    assert [(statement, found) for statement in statements if (found := whole_tables_in(statement))] == []
