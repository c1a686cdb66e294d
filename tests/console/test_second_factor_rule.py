"""A second factor that administrators need: who has until when, and what is closed to whom after that."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.backend import PasswordBackend
from accounts.models import Organization, Role, User
from accounts.services.people import change_person
from accounts.services.second_factor_rule import (
    second_factor_deadline,
    set_second_factor_rule,
    without_second_factor,
)
from accounts.services.second_factors import reset_second_factors
from audit.actors import Actor
from audit.models import Event, EventKind
from common.times import short_time
from oauthapps.models import Application, Consent
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.console.test_deactivation import tokens_of
from tests.every_page.registry import VISITS
from tests.every_page.test_registry import WITHOUT_A_PAGE
from tests.every_page.visits import keep_access
from tests.every_page.worlds import filled
from tests.factories import PASSWORD, AdministratorFactory
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields
from tests.parallel import in_parallel
from tests.second_factors import add_passkey
from tests.sign_ins import age_sign_in
from tests.test_architecture import OPEN
from tests.urlconf import VIEWS

COMMAND = Actor.command("tests")
RULE, ORGANIZATION, SYSTEM = "/organization/second-factor/", "/organization/", "/console/applications/"
CLOSED = "Set up a second factor to continue"


def require(*, days_ago: float = 0) -> datetime:
    """Require a second factor, as of so many days ago, of people who joined long before."""
    at = timezone.now() - timedelta(days=days_ago)
    Organization.current()
    Organization.objects.update(second_factor_required_at=at)
    User.objects.update(joined_at=timezone.now() - timedelta(days=90))
    return at


def protect(person: User) -> None:
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})


def is_closed(page: Page) -> bool:
    return page.status == 403 and page.heading == CLOSED


def notice_on(page: Page) -> str:
    found = [part for part in page.all("section") if part.get("aria-label") == "Second factor required"]
    return " ".join(" ".join("".join(part.itertext()).split()) for part in found)


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_requiring_one_says_first_whom_it_hits_and_until_when(
    console: Browser, administrator: User, member: User
) -> None:
    careful, careless = AdministratorFactory.create(name="Aiko"), AdministratorFactory.create(name="Carla")
    protect(careful)
    page = console.get(console.get(ORGANIZATION).links()["Require a second factor"])
    assert page.heading == "Require a second factor for administrators and auditors?"
    assert "You don't have a second factor yourself" in page.text
    assert page.links()["Set up a second factor"] == "/security/"
    assert "Those without one have 7 days to set one up" in page.text
    assert "2 people without a second factor" in page.text
    assert page.text.count("would have until") == 2
    assert {"Ada Lovelace", "Carla"} <= page.links().keys()
    assert not {"Aiko", "Bob Builder"} & page.links().keys()

    page = console.follow(console.post(RULE, {"required": "on"}))
    assert "Administrators and auditors now need a second factor." in page.messages
    assert "Required since" in page.text
    event = Event.objects.get(kind=EventKind.SECOND_FACTOR_REQUIRED)
    assert event.actor == administrator
    for person in (administrator, careless):
        due = second_factor_deadline(person)
        assert due is not None
        assert timedelta(days=6, hours=23) < due.at - timezone.now() <= timedelta(days=7)
    assert second_factor_deadline(careful) is second_factor_deadline(member) is None


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_switching_it_off_opens_everything_again(console: Browser, administrator: User) -> None:
    require()
    page = console.get(console.get(ORGANIZATION).links()["Stop requiring a second factor"])
    assert page.heading == "Stop requiring a second factor for administrators and auditors?"
    page = console.follow(console.post(RULE, {"required": "off"}))
    assert "Administrators and auditors no longer need a second factor." in page.messages
    assert not Organization.current().requires_second_factor
    assert Event.objects.get(kind=EventKind.SECOND_FACTOR_OPTIONAL).actor == administrator
    assert second_factor_deadline(administrator) is None


def test_what_is_so_already_changes_and_records_nothing(console: Browser) -> None:
    at = require(days_ago=2)
    page = console.follow(console.post(RULE, {"required": "on"}))
    assert "Administrators and auditors already need a second factor." in page.messages
    for nonsense in ({}, {"required": ""}, {"required": "maybe"}):
        assert console.post(RULE, nonsense).status == 200
    assert Organization.current().second_factor_required_at == at
    assert not Event.objects.filter(kind__startswith="organization:").exists()


@pytest.mark.spec("W-72", "ASVS 7.5.3")
@pytest.mark.parametrize("required", ["on", "off"])
def test_both_ask_for_a_sign_in_of_the_last_half_hour(console: Browser, required: str) -> None:
    if required == "off":
        require()
    age_sign_in(console, minutes=31)
    assert console.get(RULE).status == 200
    answer = console.post(RULE, {"required": required})
    assert answer.answer["Location"].startswith(reverse("account_reauthenticate"))
    assert Organization.current().requires_second_factor == (required == "off")
    back = console.send(console.follow(answer), "/accounts/reauthenticate/", password=PASSWORD)
    assert back.answer["Location"] == RULE
    console.post(RULE, {"required": required})
    assert Organization.current().requires_second_factor == (required == "on")


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_the_days_count_from_becoming_an_administrator_where_that_is_later(member: User) -> None:
    required_at = require(days_ago=30)
    change_person(member, {"role": Role.ADMINISTRATOR}, actor=COMMAND)
    member.refresh_from_db()
    due = second_factor_deadline(member)
    assert due is not None
    assert not due.is_over
    assert member.promoted_at is not None
    assert due.at == member.promoted_at + timedelta(days=7)

    joined = AdministratorFactory.create(joined_at=required_at + timedelta(days=26))
    assert getattr(second_factor_deadline(joined), "at", None) == joined.joined_at + timedelta(days=7)

    change_person(member, {"name": "Robert"}, actor=COMMAND)
    member.refresh_from_db()
    assert getattr(second_factor_deadline(member), "at", None) == due.at


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_every_page_reminds_an_administrator_until_then(
    console: Browser, visitor: Browser, administrator: User
) -> None:
    assert not notice_on(console.get(SYSTEM))
    due = short_time(require(days_ago=6) + timedelta(days=7))
    for address in (SYSTEM, "/people/", "/security/", "/connected/", "/accounts/password/change/"):
        page = console.get(address)
        assert page.status == 200
        assert f"Set one up by {due}." in notice_on(page), address
        assert page.links()["Set up a second factor"] == "/security/"
    assert not notice_on(visitor.get("/security/"))
    add_passkey(console, SoftAuthenticator())
    assert not notice_on(console.get(SYSTEM))


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_after_that_everything_is_closed_but_what_is_listed(db: None) -> None:
    world = filled()
    require(days_ago=8)
    person = world.people["administrator"]
    of = {visit.name: visit.of for visit in VISITS} | WITHOUT_A_PAGE
    closed = (VIEWS.keys() - OPEN - settings.OPEN_WITHOUT_SECOND_FACTOR) | settings.NEEDS_SECOND_FACTOR
    assert {"home", "people", "console:applications", "kept-form", "oauth2_provider:authorize"} <= closed
    browser = browser_of(person)
    events = Event.objects.count()
    for name in sorted(closed):
        address = reverse(name, args=world.arguments[of[name]])
        for page in (browser.get(address), browser.post(address)):
            assert is_closed(page), name
    assert Event.objects.count() == events
    assert VIEWS.keys() - OPEN >= settings.OPEN_WITHOUT_SECOND_FACTOR
    keep_access(browser, world)
    for name in sorted(settings.OPEN_WITHOUT_SECOND_FACTOR):
        one_app = name in {"connected:revoke", "connected:time-limit"}
        arguments = world.arguments["web" if one_app else of[name]]
        page = browser.get(reverse(name, args=arguments))
        assert page.status in {200, 404}, name  # somebody else's session is not found
        assert page.status == 404 or "You had until" in notice_on(page) or "Confirm" in page.heading, name


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_the_page_leads_to_where_one_is_set_up_and_then_everything_opens(
    console: Browser, administrator: User
) -> None:
    due = short_time(require(days_ago=8) + timedelta(days=7))
    page = console.get("/")
    assert is_closed(page)
    assert f"You had until {due}" in page.text
    assert not notice_on(page)
    page = console.get(page.links()["Set up a second factor"])
    assert page.heading == "Security"
    page = console.follow(add_passkey(console, SoftAuthenticator()))
    assert page.heading == "Recovery codes"
    assert console.get(SYSTEM).status == 200


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_members_and_administrators_with_one_are_let_through(
    visitor: Browser, administrator: User, member: User
) -> None:
    require(days_ago=8)
    protect(administrator)
    assert browser_of(administrator).get(SYSTEM).status == 200
    assert visitor.get("/").status == 200


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_whoever_loses_their_only_one_is_closed_out_at_once(administrator: User, console: Browser) -> None:
    other = AdministratorFactory.create()
    require(days_ago=30)
    protect(administrator)
    protect(other)
    assert console.get(SYSTEM).status == 200
    reset_second_factors(administrator, actor=Actor(user=other))
    again = browser_of(User.objects.get(pk=administrator.pk))
    assert is_closed(again.get(SYSTEM))
    assert again.get("/security/authenticator-app/").status == 200


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_recovery_codes_alone_are_no_second_factor(administrator: User, console: Browser) -> None:
    require(days_ago=8)
    codes = {"user": administrator, "type": Authenticator.Type.RECOVERY_CODES}
    Authenticator.objects.create(**codes, data={"used_mask": 0})
    assert is_closed(console.get(SYSTEM))


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_nothing_can_be_allowed_but_what_was_allowed_goes_on(
    console: Browser, administrator: User, web: Application
) -> None:
    client, tokens = tokens_of(console.client, web)
    fields = hidden_fields(client.consent_page(console.client).content.decode())
    require(days_ago=8)
    events = Event.objects.count()
    asked = client.authorization_parameters()
    assert is_closed(console.get(AUTHORIZE, **asked))
    for decision in ("allow", "cancel"):
        assert is_closed(console.post(AUTHORIZE, fields | {"decision": decision}))
    assert Event.objects.count() == events
    assert client.me(tokens["access_token"]).status_code == 200
    assert client.refresh(tokens["refresh_token"]).status_code == 200
    assert "Field app" in console.get("/connected/").text
    protect(administrator)
    assert console.get(AUTHORIZE, **asked).status == 200


@pytest.mark.spec("W-89", "ASVS 6.3.3, 8.2")
def test_a_consent_page_from_before_the_latest_sign_in_allows_nothing_either(
    administrator: User, web: Application
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    client = OAuthClient(web.client_id)
    fields = hidden_fields(client.consent_page(strict).content.decode())
    require(days_ago=8)
    strict.force_login(User.objects.get(pk=administrator.pk))
    old = strict.post(AUTHORIZE, fields | {"decision": "allow"}, headers={"Origin": "http://testserver"})
    assert old.status_code != 302
    again = hidden_fields(old.content.decode()) | {"decision": "allow"}
    assert strict.post(AUTHORIZE, again, headers={"Origin": "http://testserver"}).status_code == 403
    assert not Consent.objects.exists()


def test_a_form_that_was_kept_waits_until_there_is_one(console: Browser, administrator: User) -> None:
    page = console.get(ORGANIZATION)
    age_sign_in(console, minutes=31)
    asked = console.send(page, name="Typed before")
    kept = console.send(console.follow(asked), "/accounts/reauthenticate/", password=PASSWORD)
    offered = console.follow(kept)
    require(days_ago=8)
    address = kept.answer["Location"]
    assert is_closed(console.send(offered, ORGANIZATION))
    protect(administrator)
    page = console.get(address)
    assert page.heading == "Your changes were kept"
    console.send(page, ORGANIZATION)
    assert Organization.current().name == "Typed before"


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_whoever_is_signed_in_is_found_with_the_rule_in_one_statement(
    administrator: User, member: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    require(days_ago=8)
    for person, lacks_one in ((administrator, True), (member, False)):
        with django_assert_num_queries(1):
            found = PasswordBackend().get_user(person.pk)
            assert found is not None
            assert (second_factor_deadline(found) is not None) is lacks_one
    assert PasswordBackend().get_user(0) is None


def test_the_page_names_twenty_and_counts_the_others(
    console: Browser, django_assert_max_num_queries: Any
) -> None:
    AdministratorFactory.create_batch(30)
    with django_assert_max_num_queries(12):
        page = console.get(RULE)
    assert "31 people without a second factor" in page.text
    assert "And 11 more." in page.text
    assert without_second_factor().count() == 31


@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
@pytest.mark.spec("S-09", "ASVS 15.4.2")
def test_of_six_who_require_one_at_once_one_counts() -> None:
    Organization.current()
    done = in_parallel(lambda: set_second_factor_rule(required=True, actor=COMMAND))
    assert sum(done) == 1
    assert Event.objects.filter(kind=EventKind.SECOND_FACTOR_REQUIRED).count() == 1


def test_the_time_is_over_on_the_second(administrator: User) -> None:
    at = require()
    for seconds, over in ((-1, False), (0, True)):
        with time_machine.travel(at + timedelta(days=7, seconds=seconds), tick=False):
            due = second_factor_deadline(administrator)
            assert due is not None
            assert due.is_over is over
