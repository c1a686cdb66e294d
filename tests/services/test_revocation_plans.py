"""What revoking asks of the database: one person's tokens are found by index, not among everybody's."""

import pytest
from django.db import connection

from accounts.models import User
from oauthapps.models import AccessToken, Application, Consent, TokenFamily
from oauthapps.models.extents import Extent
from oauthapps.rules.app_types import AppType
from tests.factories import make_application

pytestmark = [pytest.mark.django_db, pytest.mark.spec("Y-101", "ASVS 10.7")]

NUMBER = 3000


@pytest.fixture
def application() -> Application:
    return make_application(AppType.WEB).application


@pytest.fixture
def person(application: Application) -> User:
    """One of so many people that no database reads all of their tokens to find those of one."""
    users = [User(username=f"p{n}", email=f"p{n}@example.org", password="") for n in range(NUMBER)]
    users = User.objects.bulk_create(users)
    consents = Consent.objects.bulk_create(Consent(user=user, application=application) for user in users)
    families = TokenFamily.objects.bulk_create(
        TokenFamily(consent=consent, user=consent.user, application=application, scope="read")
        for consent in consents
    )
    end = "2999-01-01T00:00Z"
    AccessToken.objects.bulk_create(
        AccessToken(
            family=family,
            user=family.user,
            application=application,
            token="",
            token_checksum=f"{family.pk}",
            scope="read",
            expires=end,
        )
        for family in families
    )
    if connection.vendor == "postgresql":  # SQLite goes by the indexes alone
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return users[NUMBER // 2]


def test_one_person_s_tokens_are_found_by_their_families(application: Application, person: User) -> None:
    for extent in (Extent(person=person), Extent(person=person, application=application)):
        consents = list(extent.consents.values_list("pk", flat=True))
        for families in (extent.families, extent.families_of(consents)):
            tokens = extent.tokens_of(families).order_by()
            assert tokens.count() == 1
            plan = tokens.explain()
            assert "oauthapps_accesstoken_family" in plan, plan
            assert "access_token_latest" not in plan, plan
            assert "Seq Scan on oauthapps_accesstoken" not in plan, plan
            assert "SCAN oauthapps_accesstoken" not in plan, plan


def test_a_slice_s_families_are_found_by_consent(application: Application, person: User) -> None:
    consents = list(Consent.objects.order_by("pk").values_list("pk", flat=True)[:5])
    plan = Extent(application=application).families_of(consents).explain()
    assert "oauthapps_tokenfamily_consent" in plan, plan
