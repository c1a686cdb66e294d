"""An administrator revokes access while clients get tokens: nothing that was issued survives."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.actors import Actor
from oauthapps.models import AccessToken, Consent, TokenFamily
from oauthapps.models.extents import Extent
from oauthapps.services.revocation import revoke
from tests.oauth2.conftest import application_of
from tests.oauth_client import OAuthClient
from tests.parallel import all_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]
ACTOR = Actor.command("tests")


def again(client: OAuthClient) -> OAuthClient:
    return OAuthClient(client.client_id, client.client_secret)


@pytest.mark.spec("Y-109", "ASVS 15.4.2")
@pytest.mark.parametrize("attempt", range(5))
def test_a_refresh_or_exchange_at_the_same_moment_leaves_nothing_that_works(
    web: OAuthClient, visitor: Client, attempt: int
) -> None:
    token, code = web.get_tokens(visitor)["refresh_token"], web.get_code(visitor)
    extent = Extent(application=application_of(web))
    acts: list[Callable[[], Any]] = [
        lambda: again(web).refresh(token),
        lambda: again(web).exchange(code),
        lambda: revoke(extent, actor=ACTOR),
        lambda: again(web).refresh(token),
    ]
    replies = [each for each in all_at_once(acts) if hasattr(each, "json")]
    for reply in replies:
        if reply.status_code == 200:
            tokens = reply.json()
            assert web.me(tokens["access_token"]).status_code == 401
            assert web.refresh(tokens["refresh_token"]).status_code == 400
    assert not TokenFamily.objects.alive().exists()
    assert not AccessToken.objects.alive().exists()


@pytest.mark.spec("Y-109", "ASVS 15.4.2")
@pytest.mark.parametrize("attempt", range(5))
def test_consent_at_the_same_moment_is_either_revoked_with_its_tokens_or_stands_with_them(
    web: OAuthClient, visitor: Client, attempt: int
) -> None:
    web.get_tokens(visitor)
    extent = Extent(application=application_of(web))
    _, code = all_at_once([lambda: revoke(extent, actor=ACTOR), lambda: again(web).get_code(visitor)])
    stands = Consent.objects.get().withdrawn_at is None
    assert (web.exchange(str(code)).status_code == 200) == stands


@pytest.mark.spec("Y-109", "ASVS 15.4.2")
def test_several_administrators_at_once_record_each_person_once(web: OAuthClient, visitor: Client) -> None:
    web.get_tokens(visitor)
    application, person = application_of(web), Consent.objects.get().user
    extents = [
        Extent(application=application),
        Extent(person=person),
        Extent(application=application, person=person),
        Extent(application=application),
    ]
    revoked = all_at_once([lambda extent=extent: revoke(extent, actor=ACTOR) for extent in extents])  # type: ignore[misc]
    assert sum(each.consents for each in revoked) == 1
    assert sum(each.access_tokens for each in revoked) == 1
