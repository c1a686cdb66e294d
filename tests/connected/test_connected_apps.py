"""Connected apps: what a person allowed, and revoking it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, Consent
from oauthapps.services.applications import delete_application
from oauthapps.services.cleanup import prune
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.oauth_client import REVOKE, OAuthClient

pytestmark = pytest.mark.django_db


def test_the_page_lists_what_was_allowed_and_nothing_else(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    assert "No connected apps" in visitor.get("/connected/").content.decode()
    web.get_tokens(visitor, scope="read")
    page = visitor.get("/connected/").content.decode()
    assert "Test Web Application" in page
    assert "Retrieve content and information" in page
    assert "Create, edit, and delete" not in page
    assert "Single Page" not in page


def test_each_says_until_when_and_since_when(web: OAuthClient, visitor: Client) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        web.get_tokens(visitor)
        page = visitor.get("/connected/").content.decode()
    assert "Until Nov 24, 2027, or sooner if you don&#x27;t use Gatehouse for 6 months." in page
    assert page.count("Nov 24, 2026, 12:00 UTC") == 2  # first allowed, last used


@pytest.mark.spec("W-87", "ASVS 10.7.3")
def test_a_narrower_consent_does_not_hide_the_broader_access_that_lives(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        broad = web.get_tokens(visitor)
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        visitor.force_login(person)
        web.get_tokens(visitor, scope="read")
        page = visitor.get("/connected/").content.decode()
        assert web.refresh(broad["refresh_token"]).status_code == 200
    assert "Create, edit, and delete" in page
    assert "Keep this access" in page
    assert "Until Nov 24, 2027" in page


@pytest.mark.spec("W-87", "ASVS 10.7.3")
def test_what_has_ended_is_no_longer_listed(web: OAuthClient, visitor: Client) -> None:
    web.get_tokens(visitor, scope="read")
    broad = web.get_tokens(visitor)
    web.post(
        REVOKE,
        {
            "token": broad["refresh_token"],
            "client_id": web.client_id,
            "client_secret": web.client_secret,
        },
    )
    page = visitor.get("/connected/").content.decode()
    assert "Retrieve content" in page
    assert "Create, edit, and delete" not in page
    assert "Keep this access" not in page


@pytest.mark.spec("W-87", "ASVS 10.7.3")
@pytest.mark.parametrize(("scope", "later"), [("read", timedelta(hours=2)), (None, timedelta(days=200))])
def test_an_application_whose_access_is_over_is_listed_as_having_none(
    web: OAuthClient, visitor: Client, person: User, scope: str | None, later: timedelta
) -> None:
    web.get_tokens(visitor, scope=scope)
    with time_machine.travel(timezone.now() + later):
        visitor.force_login(person)
        page = visitor.get("/connected/").content.decode()
    assert "Test Web Application" in page
    assert "No access right now" in page
    assert "Retrieve content" not in page
    assert "Revoke" in page


@pytest.mark.spec("W-87", "ASVS 10.7.3")
def test_administrators_see_the_same_access_of_a_person(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    web.get_tokens(visitor)
    web.get_tokens(visitor, scope="read")
    administrator = Client()
    administrator.force_login(AdministratorFactory.create())
    page = administrator.get(reverse("person", args=[person.user_id])).content.decode()
    assert "<code>read write offline_access</code>" in page


def test_without_offline_access_it_has_to_ask_each_time(web: OAuthClient, visitor: Client) -> None:
    web.get_tokens(visitor, scope="read")
    assert "It has to ask you each time." in visitor.get("/connected/").content.decode()


@pytest.mark.parametrize("rotation", [True, False])
def test_the_last_use_is_known_after_the_access_token_is_gone(
    web: OAuthClient, visitor: Client, rotation: bool
) -> None:
    Application.objects.update(rotate_refresh_tokens=rotation)
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False):
        refresh_token = web.get_tokens(visitor)["refresh_token"]
    with time_machine.travel("2026-01-02T12:00:00Z", tick=False):
        assert web.refresh(refresh_token).status_code == 200
    with time_machine.travel("2026-01-20T12:00:00Z", tick=False):
        assert prune().access_tokens == 2
        visitor.force_login(User.objects.get())  # the session has ended meanwhile
        assert "Jan 2, 2026, 12:00 UTC" in visitor.get("/connected/").content.decode()


def test_the_page_takes_as_many_statements_for_many_applications_as_for_one(
    web: OAuthClient,
    single_page: OAuthClient,
    visitor: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for client in (web, single_page, web):
        client.get_tokens(visitor)
    with django_assert_max_num_queries(4):
        assert visitor.get("/connected/").content.decode().count("Revoke") > 2


@pytest.mark.spec("W-31", "ASVS 10.7.3")
@pytest.mark.spec("R-17", "ASVS 10.4.9")
def test_revoking_kills_every_token_of_that_application(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    first, second, other = web.get_tokens(visitor), web.get_tokens(visitor), single_page.get_tokens(visitor)
    address = f"/connected/{web.client_id}/revocation/"
    assert visitor.get(address).status_code == 200
    assert web.me(first["access_token"]).status_code == 200  # asking is not doing
    assert visitor.post(address).status_code == 302
    for tokens in (first, second):
        assert web.me(tokens["access_token"]).status_code == 401
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert single_page.me(other["access_token"]).status_code == 200
    visitor.get("/connected/")  # shows the message that names it
    assert "Test Web Application" not in visitor.get("/connected/").content.decode()
    assert Event.objects.filter(kind=EventKind.CONSENT_WITHDRAWN).count() == 1


@pytest.mark.spec("W-31", "ASVS 10.7.3")
def test_an_unused_code_dies_with_the_consent(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    visitor.post(f"/connected/{web.client_id}/revocation/")
    assert web.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.spec("W-31", "ASVS 10.7.3")
def test_what_was_revoked_can_be_allowed_again(web: OAuthClient, visitor: Client) -> None:
    web.get_tokens(visitor)
    visitor.post(f"/connected/{web.client_id}/revocation/")
    assert web.me(web.get_tokens(visitor)["access_token"]).status_code == 200
    assert Consent.objects.get().withdrawn_at is None


def test_revoke_all_takes_everything_back(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    tokens = [web.get_tokens(visitor), single_page.get_tokens(visitor)]
    assert visitor.get("/connected/revocation/").status_code == 200
    visitor.post("/connected/revocation/")
    assert [web.me(each["access_token"]).status_code for each in tokens] == [401, 401]


def test_revoke_all_counts_what_the_page_listed_and_ends_the_rest_too(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    for client in (web, single_page):
        client.get_tokens(visitor)
    gone = Application.objects.get(client_id=web.client_id)
    delete_application(gone, actor=Actor.command("tests"))
    page = visitor.post("/connected/revocation/", follow=True).content.decode()
    assert "Access revoked for 1 application." in page
    assert not Consent.objects.filter(withdrawn_at=None).exists()


def test_nobody_revokes_for_somebody_else(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    stranger = Client()
    stranger.force_login(UserFactory.create())
    assert stranger.post(f"/connected/{web.client_id}/revocation/").status_code == 404
    assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("R-17", "ASVS 7.4.2")
@pytest.mark.parametrize("disconnect", [True, False])
def test_changing_the_password_ends_other_sessions_and_on_request_all_connections(
    web: OAuthClient, visitor: Client, person: User, disconnect: bool
) -> None:
    tokens = web.get_tokens(visitor)
    elsewhere = Client()
    elsewhere.force_login(person)
    form = {
        "oldpassword": PASSWORD,
        "password1": "another good password",
        "password2": "another good password",
    }
    answer = visitor.post("/accounts/password/change/", form | ({"disconnect": "on"} if disconnect else {}))
    assert answer.status_code == 302, answer.content
    assert visitor.get("/connected/").status_code == 200
    assert elsewhere.get("/connected/").status_code == 302
    assert web.me(tokens["access_token"]).status_code == (401 if disconnect else 200)
    assert Event.objects.filter(kind=EventKind.PASSWORD_CHANGED, person=person).count() == 1


def test_the_password_page_offers_to_disconnect(visitor: Client) -> None:
    page = visitor.get("/accounts/password/change/").content.decode()
    assert "Also revoke access for all connected apps" in page
