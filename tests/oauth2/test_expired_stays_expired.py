"""What has expired stays expired: neither a returning person nor a longer lifetime brings a token back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import RefreshToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.app_types import AppType
from oauthapps.services.activation import activate, deactivate
from oauthapps.services.activity import record_activity
from tests.factories import PASSWORD, AdministratorFactory, make_application
from tests.oauth2.conftest import application_of, configure
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

START = timezone.now()
A_DAY = timedelta(days=1)
A_SECOND = timedelta(seconds=1)
LOGIN = "/accounts/login/"


def at(after: timedelta) -> time_machine.travel:
    """The clock stands still so long after the tokens were issued, when their person was last active."""
    return time_machine.travel(START + after, tick=False)


def tokens_at_the_start(client: OAuthClient, person: User, **settings: object) -> dict[str, str]:
    configure(client, **{"absolute_expiration": "none", "inactivity_expiration": "1d"} | settings)
    with at(timedelta()):
        User.objects.filter(pk=person.pk).update(last_active_at=START)
        browser = Client()
        browser.force_login(person)
        return client.get_tokens(browser)


def end_reason(client: OAuthClient) -> str:
    return TokenFamily.objects.filter(application=application_of(client)).earliest("pk").end_reason


def error_of(client: OAuthClient, refresh_token: str) -> str | None:
    error: str | None = client.refresh(refresh_token).json().get("error")
    return error


def signed_in(person: User) -> Client:
    """A session from before, which nobody has used since."""
    browser = Client()
    with at(timedelta()):
        browser.force_login(person)
    return browser


def opens_a_page(client: OAuthClient, person: User, browser: Client) -> None:
    assert browser.get("/").status_code == 200


def signs_in(client: OAuthClient, person: User, browser: Client) -> None:
    answer = Client().post(LOGIN, {"login": person.username, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")  # and goes no further


def consents(client: OAuthClient, person: User, browser: Client) -> None:
    client.get_code(browser)


RETURNS = [opens_a_page, signs_in, consents]


@pytest.fixture
def long_sessions(settings: pytest.FixtureRequest) -> None:
    settings.SESSION_COOKIE_AGE = settings.SESSION_ABSOLUTE_AGE = 10**9  # type: ignore[attr-defined]


@pytest.mark.spec("R-20", "ASVS 10.4.8; RFC 9700 §4.14.2")
@pytest.mark.usefixtures("long_sessions")
@pytest.mark.parametrize("rotation", [True, False], ids=["with rotation", "without"])
@pytest.mark.parametrize("comes_back", RETURNS)
def test_a_person_who_comes_back_brings_no_expired_token_back(
    web: OAuthClient, person: User, comes_back: Callable[..., None], rotation: bool
) -> None:
    token = tokens_at_the_start(web, person, rotate_refresh_tokens=rotation)["refresh_token"]
    browser = signed_in(person)
    with at(A_DAY + A_SECOND):
        comes_back(web, person, browser)
        person.refresh_from_db()
        assert person.last_active_at == START + A_DAY + A_SECOND
        assert end_reason(web) == EndReason.PERSON_AWAY
        assert TokenFamily.objects.earliest("pk").ended_at == START + A_DAY + A_SECOND
        assert error_of(web, token) == "invalid_grant"
        configure(web, inactivity_expiration="none")
        assert error_of(web, token) == "invalid_grant"


@pytest.mark.spec("R-20", "ASVS 10.4.8; RFC 9700 §4.14.2")
@pytest.mark.usefixtures("long_sessions")
@pytest.mark.parametrize("comes_back", RETURNS)
def test_a_person_who_comes_back_in_time_keeps_their_tokens(
    web: OAuthClient, person: User, comes_back: Callable[..., None]
) -> None:
    token = tokens_at_the_start(web, person)["refresh_token"]
    browser = signed_in(person)
    with at(A_DAY - A_SECOND):
        comes_back(web, person, browser)
        assert end_reason(web) == ""
    with at(2 * A_DAY - 2 * A_SECOND):
        assert web.refresh(token).status_code == 200


@pytest.mark.spec("R-20", "ASVS 10.4.8")
def test_each_application_lets_its_people_be_away_for_its_own_time(
    web: OAuthClient, single_page: OAuthClient, person: User
) -> None:
    other_person = AdministratorFactory.create()
    short = tokens_at_the_start(web, person, inactivity_expiration="8h")["refresh_token"]
    long = tokens_at_the_start(single_page, person, inactivity_expiration="7d")["refresh_token"]
    never = OAuthClient(make_application(AppType.SINGLE_PAGE).application.client_id, pkce=True)
    for_ever = tokens_at_the_start(never, person, inactivity_expiration="none")["refresh_token"]
    of_another = tokens_at_the_start(web, other_person, inactivity_expiration="8h")["refresh_token"]
    with at(timedelta(hours=9)):
        signs_in(web, person, Client())
        ended = TokenFamily.objects.exclude(ended_at=None)
        assert [(family.application, family.user) for family in ended] == [(application_of(web), person)]
        assert error_of(web, short) == "invalid_grant"
        for client, token in ((single_page, long), (never, for_ever)):
            assert client.refresh(token).status_code == 200
        configure(web, inactivity_expiration="7d")  # before anybody refused it
        assert web.refresh(of_another).status_code == 200


@pytest.mark.spec("R-20", "ASVS 10.4.8")
def test_access_without_a_refresh_token_does_not_depend_on_activity(web: OAuthClient, person: User) -> None:
    configure(web, absolute_expiration="none", inactivity_expiration="1h")
    browser = signed_in(person)
    with at(timedelta()):
        User.objects.filter(pk=person.pk).update(last_active_at=START)
    with at(timedelta(seconds=50)):
        token = web.get_tokens(browser, scope="read")["access_token"]
    with at(timedelta(hours=1, seconds=1)):
        signs_in(web, person, browser)
        assert web.me(token).status_code == 200


@pytest.mark.spec("R-21", "ASVS 10.4.8; RFC 9700 §4.14.2")
@pytest.mark.parametrize("rotation", [True, False], ids=["with rotation", "without"])
@pytest.mark.parametrize(
    ("setting", "reason"),
    [("absolute_expiration", EndReason.EXPIRED), ("inactivity_expiration", EndReason.PERSON_AWAY)],
)
def test_a_token_refused_because_it_expired_never_works_again(
    web: OAuthClient, person: User, setting: str, reason: EndReason, rotation: bool
) -> None:
    settings = {"absolute_expiration": "none", "inactivity_expiration": "none", setting: "1d"}
    tokens = tokens_at_the_start(web, person, rotate_refresh_tokens=rotation, **settings)
    with at(A_DAY - A_SECOND):
        tokens = web.refresh(tokens["refresh_token"]).json()
    with at(A_DAY + A_SECOND):
        assert error_of(web, tokens["refresh_token"]) == "invalid_grant"
        assert end_reason(web) == reason
        assert web.me(tokens["access_token"]).status_code == 401  # as whenever a family ends
        configure(web, **{setting: "none"})
        assert error_of(web, tokens["refresh_token"]) == "invalid_grant"
        assert end_reason(web) == reason  # the first one


@pytest.mark.spec("R-21", "ASVS 10.4.8")
@pytest.mark.parametrize(
    ("absolute", "inactivity", "reason"),
    [("1d", "8h", EndReason.PERSON_AWAY), ("8h", "1d", EndReason.EXPIRED), ("1d", "1d", EndReason.EXPIRED)],
)
def test_the_reason_is_the_expiration_that_came_first(
    web: OAuthClient, person: User, absolute: str, inactivity: str, reason: EndReason
) -> None:
    settings = {"absolute_expiration": absolute, "inactivity_expiration": inactivity}
    token = tokens_at_the_start(web, person, **settings)["refresh_token"]
    with at(2 * A_DAY):
        assert error_of(web, token) == "invalid_grant"
    assert end_reason(web) == reason


@pytest.mark.spec("R-21", "RFC 6749 §5.2")
@pytest.mark.parametrize("who", ["another client", "a wrong secret", "a wider scope"])
def test_no_other_refusal_ends_an_expired_family(
    web: OAuthClient, single_page: OAuthClient, person: User, who: str
) -> None:
    token = tokens_at_the_start(web, person)["refresh_token"]
    after = A_DAY - A_SECOND if who == "a wider scope" else A_DAY + A_SECOND
    with at(after):
        if who == "another client":
            assert single_page.refresh(token).json()["error"] == "invalid_grant"
        elif who == "a wrong secret":
            assert web.refresh(token, client_secret="wrong").json()["error"] == "invalid_client"
        else:
            assert web.refresh(token, scope="everything").json()["error"] == "invalid_scope"
        assert end_reason(web) == ""


@pytest.mark.spec("R-22", "ASVS 10.4.8")
@pytest.mark.parametrize("setting", ["absolute_expiration", "inactivity_expiration"])
def test_a_lifetime_lengthened_before_anybody_asked_counts(
    web: OAuthClient, person: User, setting: str
) -> None:
    settings = {"absolute_expiration": "none", "inactivity_expiration": "none", setting: "1d"}
    token = tokens_at_the_start(web, person, **settings)["refresh_token"]
    with at(2 * A_DAY):
        configure(web, **{setting: "7d"})
        signs_in(web, person, Client())
        assert web.refresh(token).status_code == 200


@pytest.mark.spec("R-22", "ASVS 10.4.8")
def test_a_lifetime_shortened_counts_when_the_person_comes_back(web: OAuthClient, person: User) -> None:
    token = tokens_at_the_start(web, person, inactivity_expiration="7d")["refresh_token"]
    with at(2 * A_DAY):
        configure(web, inactivity_expiration="1d")
        signs_in(web, person, Client())
        assert end_reason(web) == EndReason.PERSON_AWAY
        configure(web, inactivity_expiration="7d")
        assert error_of(web, token) == "invalid_grant"


@pytest.mark.spec("R-20", "ASVS 10.4.8")
def test_an_activated_person_gets_nothing_back(web: OAuthClient, person: User) -> None:
    token = tokens_at_the_start(web, person)["refresh_token"]
    administrator = Actor(user=AdministratorFactory.create())
    with at(A_DAY + A_SECOND):
        deactivate(person, actor=administrator)
        activate(person, actor=administrator)
        signs_in(web, person, Client())
        assert error_of(web, token) == "invalid_grant"
        assert end_reason(web) == EndReason.PERSON_DEACTIVATED


@pytest.mark.spec("R-20", "ASVS 10.4.8")
def test_a_family_that_began_since_does_not_end_with_a_late_look(web: OAuthClient, person: User) -> None:
    """Of two pages opened at once after an absence, the slower one has read that nobody was here."""
    tokens_at_the_start(web, person)
    late = User.objects.get(pk=person.pk)
    with at(2 * A_DAY):
        browser = Client()
        browser.force_login(User.objects.get(pk=person.pk))
        token = web.get_tokens(browser)["refresh_token"]
        record_activity(late)
        assert web.refresh(token).status_code == 200


# What it costs


@pytest.mark.spec("R-20", "ASVS 10.4.8")
@pytest.mark.usefixtures("long_sessions")
@pytest.mark.parametrize(
    ("away", "more"),
    [(timedelta(seconds=30), 0), (timedelta(minutes=2), 1), (timedelta(hours=2), 2), (A_DAY * 1.5, 2)],
    ids=["within the minute", "within an hour", "hours", "days"],
)
def test_a_page_costs_one_statement_more_where_nothing_has_lapsed(
    web: OAuthClient, person: User, away: timedelta, more: int
) -> None:
    """The write of the activity, and after an hour, the shortest lifetime there is, one look."""
    tokens_at_the_start(web, person, inactivity_expiration="7d")
    browser = signed_in(person)
    with at(away):
        session = browser.session
        session["seen_at"] = (START + away).timestamp()
        session.save()
        User.objects.filter(pk=person.pk).update(last_active_at=START + away)
        plain = statements(browser)
        User.objects.filter(pk=person.pk).update(last_active_at=START)
        assert len(statements(browser)) == len(plain) + more


@pytest.mark.spec("R-20", "ASVS 10.4.8")
def test_the_look_follows_an_index(web: OAuthClient, person: User) -> None:
    tokens_at_the_start(web, person, inactivity_expiration="8h")
    person.refresh_from_db()
    lapsed = TokenFamily.objects.lapsed(person, START + A_DAY)
    assert lapsed.exists()
    with CaptureQueriesContext(connection) as captured:
        lapsed.exists()
        lapsed.end(EndReason.PERSON_AWAY)
    for query in captured:
        if not query["sql"].startswith(("SELECT", "UPDATE")):
            continue
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")  # small tables are read whole otherwise
                plan = "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {query['sql']}").fetchall())
                assert "Seq Scan" not in plan, f"{query['sql']}\n{plan}"
            else:
                plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}").fetchall())
                assert "SCAN" not in plan, f"{query['sql']}\n{plan}"


def statements(browser: Client) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get("/").status_code == 200
    return [query["sql"] for query in captured]


def test_a_lapsed_family_is_one_with_a_token_that_could_be_used(web: OAuthClient, person: User) -> None:
    tokens_at_the_start(web, person, inactivity_expiration="8h")
    person.refresh_from_db()
    assert TokenFamily.objects.lapsed(person, START + timedelta(hours=8)).count() == 1
    assert TokenFamily.objects.lapsed(person, START + timedelta(hours=8) - A_SECOND).count() == 0
    RefreshToken.objects.update(revoked=START)
    assert TokenFamily.objects.lapsed(person, START + timedelta(hours=8)).count() == 0
