"""Connected apps: until when an application has access, shortening that, and what it may do by API."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import TokenFamily
from oauthapps.services import apis
from oauthapps.services.scopes import NewScope
from tests.console.pages import Page, fields_of, text_of
from tests.factories import UserFactory
from tests.oauth2.conftest import configure
from tests.oauth2.test_time_limits import code_for, offered, tokens_for
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def address(client: OAuthClient) -> str:
    return f"/connected/{client.client_id}/time-limit/"


def shorten(client: OAuthClient, browser: Client, limit: str) -> Any:
    page = Page(browser.get(address(client)))
    return browser.post(address(client), fields_of(page.form("")) | {"time_limit": limit})


def limits() -> list[Any]:
    return list(TokenFamily.objects.order_by("pk").values_list("allowed_until", flat=True))


@pytest.mark.spec("Y-98", "ASVS 10.7.3")
def test_the_page_says_until_when_what_lasts_longest_may_go_on(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False) as clock:
        visitor.force_login(person)
        tokens_for(web, visitor, "30d")
        clock.shift(DAY)
        visitor.force_login(person)  # the session has ended meanwhile
        tokens_for(web, visitor, "1d")
        assert "Until Dec 24, 2026, 12:00 UTC." in Page(visitor.get("/connected/")).text
        tokens_for(web, visitor, "until_revoked")
        tokens_for(web, visitor, "1d")
        assert "Until Nov 25, 2027, or sooner" in Page(visitor.get("/connected/")).text


@pytest.mark.spec("Y-98", "ASVS 10.7.3")
def test_a_limit_that_has_passed_leaves_no_access(web: OAuthClient, visitor: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens_for(web, visitor, "1d")
        clock.shift(DAY)
        visitor.force_login(TokenFamily.objects.get().user)
        page = Page(visitor.get("/connected/"))
        assert "No access right now" in page.text
        assert "Shorten access" not in page.text


@pytest.mark.spec("Y-99", "ASVS 10.7.3")
def test_shortening_takes_effect_at_once_for_everything_of_that_application(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens, waiting = tokens_for(web, visitor, "until_revoked"), code_for(web, visitor, "30d")
        other = tokens_for(single_page, visitor, "until_revoked")
        assert shorten(web, visitor, "1d").status_code == 302
        until = timezone.now() + DAY
        assert limits() == [until, until, None]
        assert "Access for Test Web Application ends in 1 day." in Page(visitor.get("/connected/")).text
        event = Event.objects.get(kind="consent:shorten")
        assert (event.after, event.application_name) == ({"Time limit": "1 day"}, "Test Web Application")
        assert web.exchange(waiting).status_code == 200
        assert web.refresh(tokens["refresh_token"]).status_code == 200
        clock.shift(DAY)
        assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert single_page.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.spec("Y-99", "ASVS 10.7.3")
def test_nothing_is_lengthened(web: OAuthClient, visitor: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens_for(web, visitor, "1d")
        tokens_for(web, visitor, "until_revoked")
        first = limits()[0]
        clock.shift(timedelta(minutes=1))
        assert shorten(web, visitor, "30d").status_code == 302
        assert limits() == [first, timezone.now() + 30 * DAY]
        clock.shift(timedelta(minutes=1))
        page = Page(visitor.get(address(web)))
        assert offered(page) == ["1d"]
        refused = visitor.post(address(web), {"time_limit": "30d"})
        assert refused.status_code == 422
        assert "Nothing was changed" in Page(refused).text
        assert limits()[0] == first
        shorten(web, visitor, "1d")
        assert limits()[0] == first
        again = visitor.post(address(web), {"time_limit": "1d"}, follow=True)
        assert "already ends sooner" in Page(again).text
        assert Event.objects.filter(kind="consent:shorten").count() == 2


@pytest.mark.spec("Y-99", "ASVS 10.7.3")
@pytest.mark.parametrize("limit", ["", "until_revoked", "2d", "none", "\0"])
def test_another_limit_is_refused(web: OAuthClient, visitor: Client, limit: str) -> None:
    tokens_for(web, visitor, "until_revoked")
    answer = visitor.post(address(web), {"time_limit": limit})
    assert (answer.status_code, limits()) == (422, [None])


@pytest.mark.spec("Y-99", "ASVS 10.7.3")
def test_asking_is_not_doing_and_nobody_shortens_for_somebody_else(web: OAuthClient, visitor: Client) -> None:
    tokens_for(web, visitor, "until_revoked")
    assert visitor.get(address(web), {"time_limit": "1d"}).status_code == 200
    stranger = Client()
    stranger.force_login(UserFactory.create())
    assert stranger.post(address(web), {"time_limit": "1d"}).status_code == 404
    assert limits() == [None]
    assert Client(enforce_csrf_checks=True).post(address(web), {"time_limit": "1d"}).status_code in {302, 403}


@pytest.mark.spec("Y-99", "ASVS 10.7.3")
@pytest.mark.parametrize(("scope", "absolute"), [("read", "1y"), (None, "8h")])
def test_what_ends_sooner_anyway_cannot_be_shortened(
    web: OAuthClient, visitor: Client, scope: str | None, absolute: str
) -> None:
    configure(web, absolute_expiration=absolute)
    web.get_tokens(visitor, scope=scope)
    assert "Shorten access" not in Page(visitor.get("/connected/")).text
    answer = visitor.get(address(web), follow=True)
    assert "already ends sooner" in Page(answer).text


@pytest.mark.spec("Y-90", "RFC 8707 §2")
def test_what_it_may_do_is_listed_by_api(web: OAuthClient, visitor: Client) -> None:
    web.get_tokens(visitor, scope="read")
    assert Page(visitor.get("/connected/")).all("h3") == []
    create_invoices()
    configure(web, allowed_scope="read invoices:read")
    web.get_tokens(visitor, scope="invoices:read")
    page = Page(visitor.get("/connected/"))
    assert [text_of(heading) for heading in page.all("h3")] == ["Gatehouse", "Invoices"]
    assert "Read your invoices" in page.text


@pytest.mark.spec("Y-90", "RFC 8707 §2")
def test_keeping_access_is_for_no_api_alone(web: OAuthClient, visitor: Client) -> None:
    create_invoices()
    configure(web, allowed_scope="invoices:read offline_access")
    web.get_tokens(visitor, scope="invoices:read offline_access")
    page = Page(visitor.get("/connected/"))
    assert [text_of(heading) for heading in page.all("h3")] == ["Invoices"]
    assert "Read your invoices Keep this access while you're away" in page.text


def create_invoices() -> None:
    apis.create_api(
        name="Invoices",
        identifier="https://invoices.example",
        actor=Actor(label="an administrator"),
        new_scopes=[NewScope(name="invoices:read", sentence="Read your invoices")],
    )
