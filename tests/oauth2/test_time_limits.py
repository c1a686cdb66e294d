"""Access for a limited time: chosen on the consent page, and the end of everything that comes of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import AccessToken, Grant, RefreshToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.apis.token_lifetimes import LONGEST_SECONDS
from oauthapps.rules.time_limits import LENGTHS, TimeLimit
from oauthapps.services import apis
from oauthapps.services.cleanup import prune
from oauthapps.services.scopes import NewScope
from oauthapps.sql.catalog import Catalog
from tests.console.pages import Page, fields_of
from tests.oauth2.conftest import configure
from tests.oauth_client import AUTHORIZE, INTROSPECT, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OFFERED = ["until_revoked", "30d", "1d"]
DECIDED = {"decision": "allow", "time_limit": "1d"}


def offered(page: Page) -> list[str]:
    return [field.get("value", "") for field in page.all("input") if field.get("name") == "time_limit"]


def checked(page: Page) -> list[str]:
    return [field.get("value", "") for field in page.all("input") if field.get("checked") is not None]


def code_for(client: OAuthClient, browser: Client, limit: str, **changes: str | None) -> str:
    fields = fields_of(Page(client.consent_page(browser, **changes)).form(AUTHORIZE))
    answer = browser.post(AUTHORIZE, fields | {"decision": "allow", "time_limit": limit})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"]).partition("code=")[2].partition("&")[0]


def tokens_for(client: OAuthClient, browser: Client, limit: str = "1d", **changes: str | None) -> Any:
    return client.exchange(code_for(client, browser, limit, **changes)).json()


def introspect(client: OAuthClient, token: str) -> Any:
    return client.post(INTROSPECT, {"token": token}, Authorization=client.basic).json()


@pytest.fixture
def long_lived(web: OAuthClient) -> OAuthClient:
    """One that may ask for tokens of an API which live for a day."""
    scope = NewScope(name="plans:read", sentence="Read your plans")
    fields = {"token_seconds": LONGEST_SECONDS}
    actor = Actor(label="an administrator")
    apis.create_api(
        name="Plans", identifier="https://plans.example", actor=actor, new_scopes=[scope], fields=fields
    )
    configure(web, allowed_scope="offline_access plans:read")
    return web


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
@pytest.mark.parametrize(
    ("scope", "absolute", "choices"),
    [
        (None, "1y", OFFERED),
        (None, "none", OFFERED),
        (None, "30d", ["until_revoked", "1d"]),
        (None, "1d", []),
        (None, "8h", []),
        ("read", "1y", []),
    ],
)
def test_limits_are_offered_where_they_end_sooner_what_lasts(
    web: OAuthClient, visitor: Client, scope: str | None, absolute: str, choices: list[str]
) -> None:
    configure(web, absolute_expiration=absolute)
    page = Page(web.consent_page(visitor, scope=scope))
    assert offered(page) == choices
    assert ("How long may it keep this access?" in page.text) == bool(choices)
    assert checked(page) == choices[:1]


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
@pytest.mark.parametrize(("limit", "length"), [("until_revoked", None), ("30d", 30 * DAY), ("1d", DAY)])
def test_what_is_chosen_is_bound_to_the_family(
    web: OAuthClient, visitor: Client, limit: str, length: timedelta | None
) -> None:
    tokens_for(web, visitor, limit)
    family = TokenFamily.objects.get()
    until = family.allowed_until
    assert (until - family.started_at if until else None) == length
    event = Event.objects.get(kind="consent:give")
    assert event.after == ({"Time limit": TimeLimit(limit).label} if length else {})


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
def test_a_limit_that_is_not_offered_is_asked_for_again(web: OAuthClient, visitor: Client) -> None:
    fields = fields_of(Page(web.consent_page(visitor)).form(AUTHORIZE))
    for limit in ("2d", "none", "1D", "\0"):
        answer = visitor.post(AUTHORIZE, fields | {"decision": "allow", "time_limit": limit})
        assert (answer.status_code, Grant.objects.exists()) == (400, False)
        assert offered(Page(answer)) == OFFERED


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
def test_what_was_chosen_stays_chosen_where_the_page_is_shown_again(
    web: OAuthClient, visitor: Client
) -> None:
    page = Page(web.consent_page(visitor))
    configure(web, allowed_scope="read offline_access")
    answer = visitor.post(AUTHORIZE, fields_of(page.form(AUTHORIZE)) | DECIDED)
    again = Page(answer)
    assert (answer.status_code, Grant.objects.exists()) == (400, False)
    assert checked(again) == ["1d"]
    visitor.post(AUTHORIZE, fields_of(again.form(AUTHORIZE)) | {"decision": "allow"})
    family = TokenFamily.objects.get()
    assert family.allowed_until == family.started_at + DAY

    configure(web, absolute_expiration="1d", allowed_scope="read write offline_access")
    answer = visitor.post(AUTHORIZE, fields_of(again.form(AUTHORIZE)) | DECIDED)
    assert offered(Page(answer)) == []  # it ends sooner by itself


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
def test_until_i_revoke_it_says_when_the_application_s_settings_end_it(
    web: OAuthClient, visitor: Client
) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        visitor.force_login(User.objects.get())
        assert "Until I revoke it (Nov 24, 2027 at the latest)" in Page(web.consent_page(visitor)).text
        configure(web, absolute_expiration="none")
        assert "Until I revoke it 30 days" in Page(web.consent_page(visitor)).text


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
def test_where_nothing_lasts_a_limit_means_nothing(web: OAuthClient, visitor: Client) -> None:
    tokens_for(web, visitor, "1d", scope="read")
    assert TokenFamily.objects.get().allowed_until is None


@pytest.mark.spec("Y-94", "RFC 9700 §4.14")
def test_the_same_page_again_can_only_shorten(web: OAuthClient, visitor: Client) -> None:
    answers, limits = [], []
    with time_machine.travel(timezone.now(), tick=False):
        day = timezone.now() + DAY
        fields = fields_of(Page(web.consent_page(visitor)).form(AUTHORIZE)) | {"decision": "allow"}
        for limit in ("until_revoked", "1d", "30d", "until_revoked"):
            answers.append(visitor.post(AUTHORIZE, fields | {"time_limit": limit})["Location"])
            limits.append(TokenFamily.objects.get().allowed_until)
    assert len(set(answers)) == 1
    assert limits == [None, day, day, day]


@pytest.mark.spec("Y-95", "RFC 9700 §4.14.2")
@pytest.mark.parametrize("rotation", [True, False])
def test_a_refresh_after_the_limit_is_refused_and_says_why(
    web: OAuthClient, visitor: Client, rotation: bool
) -> None:
    configure(web, rotate_refresh_tokens=rotation)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens = tokens_for(web, visitor)
        clock.shift(DAY - timedelta(seconds=1))
        token = web.refresh(tokens["refresh_token"]).json()["refresh_token"]
        clock.shift(timedelta(seconds=6))
        refused = web.refresh(token)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
        said = refused.json()["message"]
        assert said == "The refresh token expired 5 seconds ago: the person allowed access until then."
        assert TokenFamily.objects.get().end_reason == EndReason.TIME_LIMIT
        again = web.refresh(token).json()["message"]
        assert "the time limit that the person chose has passed" in again


@pytest.mark.spec("Y-95", "RFC 9700 §4.14.2")
def test_the_application_s_own_end_counts_where_it_is_sooner(web: OAuthClient, visitor: Client) -> None:
    configure(web, absolute_expiration="14d")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens = tokens_for(web, visitor, "30d")
        assert introspect(web, tokens["refresh_token"])["exp"] == int((timezone.now() + 14 * DAY).timestamp())
        clock.shift(15 * DAY)
        assert "the absolute expiration is 14 days" in web.refresh(tokens["refresh_token"]).json()["message"]
        assert TokenFamily.objects.get().end_reason == EndReason.EXPIRED


@pytest.mark.spec("Y-96", "RFC 6749 §5.1; RFC 7662 §2.2")
def test_no_access_token_outlives_the_limit_and_each_says_so(
    long_lived: OAuthClient, visitor: Client
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        until = timezone.now() + DAY
        code = code_for(long_lived, visitor, "1d")
        clock.shift(timedelta(seconds=30))
        first = long_lived.exchange(code).json()
        clock.shift(DAY - timedelta(seconds=90.5))
        second = long_lived.refresh(first["refresh_token"]).json()
        assert (first["expires_in"], second["expires_in"]) == (86370, 60)
        assert max(AccessToken.objects.values_list("expires", flat=True)) <= until
        told = introspect(long_lived, second["access_token"])
        assert told["active"]
        assert told["exp"] <= until.timestamp()
        assert introspect(long_lived, second["refresh_token"])["exp"] == int(until.timestamp())
        clock.shift(timedelta(seconds=60.5))
        for token in (first["access_token"], second["access_token"], second["refresh_token"]):
            assert introspect(long_lived, token) == {"active": False}
        for token in (first["access_token"], second["access_token"]):
            verified = Client().get(VERIFY, headers={"Authorization": f"Bearer {token}"})
            assert verified.status_code == 401
            assert long_lived.me(token).status_code == 401


@pytest.mark.spec("Y-96", "RFC 6749 §5.1")
def test_a_token_that_is_stored_late_ends_with_the_limit_all_the_same(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens = tokens_for(web, visitor)
        until = timezone.now() + DAY
        clock.shift(DAY - timedelta(seconds=60))
        judged = Catalog.seconds

        def slow(*values: Any) -> int:
            seconds = judged(*values)
            clock.shift(timedelta(seconds=2))
            return seconds

        monkeypatch.setattr(Catalog, "seconds", slow)
        web.refresh(tokens["refresh_token"])
        assert max(AccessToken.objects.values_list("expires", flat=True)) == until


@pytest.mark.spec("Y-96", "RFC 6749 §4.1.2")
def test_a_code_is_good_for_nothing_after_the_limit(web: OAuthClient, visitor: Client) -> None:
    code = code_for(web, visitor, "1d")
    TokenFamily.objects.update(allowed_until=timezone.now())
    assert web.exchange(code).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_no_access_token_lives_longer_than_the_shortest_limit() -> None:
    assert timedelta(seconds=LONGEST_SECONDS) <= min(length for length in LENGTHS.values() if length)


@pytest.mark.spec("Y-95", "RFC 9700 §4.14.2")
def test_what_has_reached_its_limit_is_cleared_away_a_month_later(web: OAuthClient, visitor: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens_for(web, visitor)
        clock.shift(20 * DAY)
        prune()
        assert RefreshToken.objects.exists()  # so that its refusal can be explained
        clock.shift(40 * DAY)
        prune()
        assert not TokenFamily.objects.exists()


@pytest.mark.spec("Y-97", "ASVS 10.7.1")
def test_after_the_limit_the_person_is_asked_as_ever(web: OAuthClient, visitor: Client) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        tokens_for(web, visitor)
        clock.shift(2 * DAY)
        visitor.force_login(TokenFamily.objects.get().user)
        page = Page(web.consent_page(visitor))
        assert "Allow access" in page.buttons()
        assert "What you allowed earlier isn't shortened" not in page.text
        assert tokens_for(web, visitor, "until_revoked")["refresh_token"]


@pytest.mark.spec("Y-97", "ASVS 10.7.3")
def test_the_page_says_that_earlier_access_stays_as_it_is(web: OAuthClient, visitor: Client) -> None:
    tokens = tokens_for(web, visitor, "until_revoked")
    page = Page(web.consent_page(visitor))
    assert "What you allowed earlier isn't shortened. To shorten it, open Connected apps." in page.text
    tokens_for(web, visitor, "1d")
    limits = TokenFamily.objects.order_by("pk").values_list("allowed_until", flat=True)
    assert [limit is None for limit in limits] == [True, False]
    assert web.refresh(tokens["refresh_token"]).status_code == 200
