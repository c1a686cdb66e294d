"""Deactivating a person: what the page says first, what ends, and that nothing of it comes back."""

import pytest
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import OneTimeLink, User
from accounts.services.invitations import invite_again
from accounts.services.links import create_password_link, usable_link, use_link
from accounts.services.sessions import end_session
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, Application, Consent, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.app_types import AppType
from oauthapps.services.activation import reset_person
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.credentials import add_key, delete_key
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.factories import PASSWORD, AdministratorFactory, make_application
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.oauth_client import OAuthClient


@pytest.fixture
def address(member: User) -> str:
    return reverse("deactivate-person", args=[member.user_id])


@pytest.fixture
def theirs(member: User) -> Client:
    """The person's browser, signed in at the sign-in page."""
    browser = Client()
    browser.post("/accounts/login/", {"login": member.username, "password": PASSWORD})
    return browser


def tokens_of(theirs: Client, web: Application) -> tuple[OAuthClient, dict[str, str]]:
    from oauthapps.services.credentials import add_secret

    secret = add_secret(web, actor=Actor.command("tests")).value
    client = OAuthClient(web.client_id, secret)
    return client, client.get_tokens(theirs)


def test_the_page_names_first_what_stops(
    console: Browser, address: str, theirs: Client, web: Application, machine: Application
) -> None:
    member = User.objects.get(username="bob")
    add_key(machine, public_pem(SIGNING_KEY), user=member, actor=Actor(user=member))
    tokens_of(theirs, web)
    page = console.get(address)
    assert "These applications can no longer act as this person" in page.text
    assert "Nightly export: 1 public key" in page.text
    assert page.text.index("Nightly export") < page.text.index("1 connected app")
    assert "1 connected app and 1 active access token end immediately" in page.text
    assert "1 session and any unused password link end immediately" in page.text


@pytest.mark.spec("Y-33", "ASVS 7.4.2")
def test_it_names_nothing_that_goes_on(
    console: Browser, member: User, address: str, web: Application, machine: Application
) -> None:
    """Keys that act as the application or as somebody else, what the person owns, and what stopped before."""
    actor = Actor(user=member)
    administrator = User.objects.get(username="ada")
    stopped, deleted, others = (
        make_application(AppType.MACHINE_TO_MACHINE, name=name).application
        for name in ("Disabled before", "Deleted before", "Of somebody else")
    )
    Application.objects.filter(pk__in=[web.pk, machine.pk]).update(user=member)
    add_key(machine, public_pem(SIGNING_KEY), user=None, actor=actor)
    add_key(web, public_pem(SIGNING_KEY), user=None, actor=actor)
    add_key(others, public_pem(SIGNING_KEY), user=administrator, actor=actor)
    for application in (stopped, deleted):
        add_key(application, public_pem(SIGNING_KEY), user=member, actor=actor)
    delete_key(add_key(others, public_pem(OTHER_KEY), user=member, actor=actor), actor=actor)
    disable_application(stopped, actor=actor)
    delete_application(deleted, actor=actor)
    theirs = browser_of(member)
    theirs.get("/connected/")
    end_session(UserSession.objects.get(user=member), actor=actor)
    page = console.get(address)
    assert "can no longer act as this person" not in page.text
    for application in (web, machine, stopped, deleted, others):
        assert application.name not in page.text
    assert "0 connected apps and 0 active access tokens end immediately" in page.text
    assert "0 sessions and any unused password link end immediately" in page.text


def test_everything_ends_at_once_and_stays_ended_when_the_person_comes_back(
    console: Browser, member: User, address: str, theirs: Client, web: Application
) -> None:
    client, tokens = tokens_of(theirs, web)
    create_password_link(member, actor=Actor.command("tests"))
    assert client.me(tokens["access_token"]).status_code == 200

    page = console.follow(console.send(console.get(address)))
    assert "Bob Builder was deactivated." in page.messages
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    assert theirs.get("/connected/").status_code == 302
    assert not Client().login(username=member.username, password=PASSWORD)
    assert TokenFamily.objects.get().end_reason == EndReason.PERSON_DEACTIVATED
    event = Event.objects.get(kind=EventKind.PERSON_DEACTIVATED)
    assert (event.actor_name, event.person) == ("Ada Lovelace", member)
    assert event.after == {"Consents ended": 1, "Access tokens ended": 1, "Sessions ended": 1}

    activate = reverse("activate-person", args=[member.user_id])
    page = console.follow(console.send(console.get(activate)))
    assert "Bob Builder was activated." in page.messages
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    assert theirs.get("/connected/").status_code == 302
    assert not OneTimeLink.objects.exists()
    assert not Consent.objects.filter(withdrawn_at=None).exists()
    assert Client().login(username=member.username, password=PASSWORD)
    assert Event.objects.filter(kind=EventKind.PERSON_ACTIVATED, person=member).count() == 1


def test_what_a_request_under_way_left_behind_does_not_come_back_either(
    console: Browser, member: User, address: str, theirs: Client, web: Application
) -> None:
    client, tokens = tokens_of(theirs, web)
    console.send(console.get(address))
    AccessToken.objects.update(revoked_at=None)
    TokenFamily.objects.update(ended_at=None, end_reason="")
    console.send(console.get(reverse("activate-person", args=[member.user_id])))
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 400


def test_nobody_else_loses_anything(
    console: Browser, administrator: User, address: str, web: Application
) -> None:
    client, tokens = tokens_of(console.client, web)
    console.send(console.get(address))
    assert client.me(tokens["access_token"]).status_code == 200
    assert console.get("/people/").status == 200


def test_one_cannot_deactivate_oneself(console: Browser, administrator: User) -> None:
    AdministratorFactory.create()
    own = reverse("deactivate-person", args=[administrator.user_id])
    page = console.get(own)
    assert "This is your own account." in page.text
    assert not [form for form in page.all("form") if form.get("action") is None]
    page = console.follow(console.post(own))
    assert "wasn't deactivated. You can't deactivate your own account" in page.messages
    administrator.refresh_from_db()
    assert administrator.is_active


def test_deactivating_twice_is_harmless(console: Browser, member: User, address: str) -> None:
    form = console.get(address)
    console.send(form)
    assert console.post(address).status == 404
    assert Event.objects.filter(kind=EventKind.PERSON_DEACTIVATED).count() == 1


def test_nothing_is_changed_by_get(console: Browser, member: User, address: str) -> None:
    console.get(address)
    member.refresh_from_db()
    assert member.is_active
    console.get(reverse("activate-person", args=[member.user_id]))
    assert not Event.objects.filter(kind=EventKind.PERSON_ACTIVATED).exists()


def test_the_page_costs_the_same_however_much_there_is(console: Browser, member: User, address: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            console.get(address)
        return len(captured)

    before = statements()
    for _ in range(3):
        application = make_application(AppType.MACHINE_TO_MACHINE).application
        add_key(application, public_pem(SIGNING_KEY), user=member, actor=Actor(user=member))
    assert statements() == before


@pytest.mark.spec("C-31", "RFC 9110 §9.2.2")
def test_activating_somebody_active_from_a_stale_page_ends_nothing(
    console: Browser, member: User, address: str, theirs: Client, web: Application
) -> None:
    console.send(console.get(address))
    stale = console.get(reverse("activate-person", args=[member.user_id]))
    console.send(stale)
    theirs.post("/accounts/login/", {"login": member.username, "password": PASSWORD})
    client, tokens = tokens_of(theirs, web)
    link = create_password_link(member, actor=Actor.command("tests"))
    page = console.follow(console.send(stale))
    assert "is already active" in page.messages
    assert client.me(tokens["access_token"]).status_code == 200
    assert client.refresh(tokens["refresh_token"]).status_code == 200
    assert theirs.get("/connected/").status_code == 200
    assert Client().get(link).status_code == 200
    assert Consent.objects.filter(withdrawn_at=None).exists()
    assert Event.objects.filter(kind=EventKind.PERSON_ACTIVATED).count() == 1


@pytest.mark.spec("C-31", "RFC 9110 §9.2.2")
def test_resetting_somebody_inactive_brings_nothing_back(
    console: Browser, member: User, address: str, theirs: Client, web: Application
) -> None:
    client, tokens = tokens_of(theirs, web)
    console.send(console.get(address))
    AccessToken.objects.update(revoked_at=None)  # by a request that was under way
    TokenFamily.objects.update(ended_at=None, end_reason="")
    reset_person(member, password="another good password", actor=Actor.command("tests"))
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 400
    assert Client().login(username=member.username, password="another good password")


def test_resetting_somebody_active_leaves_their_connected_apps_alone(
    member: User, theirs: Client, web: Application
) -> None:
    client, tokens = tokens_of(theirs, web)
    reset_person(member, password="another good password", actor=Actor.command("tests"))
    assert client.refresh(tokens["refresh_token"]).status_code == 200
    assert theirs.get("/connected/").status_code == 302


@pytest.mark.spec("C-31", "RFC 9110 §9.2.2")
def test_no_link_is_made_for_somebody_who_has_just_been_deactivated_or_has_just_joined(member: User) -> None:
    stale = User.objects.get(pk=member.pk)
    User.objects.filter(pk=member.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="Activate this person first"):
        create_password_link(stale, actor=Actor.command("tests"))
    with pytest.raises(ValidationError, match="was already accepted"):
        invite_again(stale, actor=Actor.command("tests"))
    assert not OneTimeLink.objects.exists()


@pytest.mark.spec("C-31", "RFC 9110 §9.2.2")
def test_a_link_that_was_open_during_the_deactivation_sets_no_password(member: User) -> None:
    link = usable_link(create_password_link(member, actor=Actor.command("tests")).partition("key=")[2])
    assert link is not None
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert not use_link(link, "another good password", actor=Actor.command("tests"))
    member.refresh_from_db()
    assert member.check_password(PASSWORD)


def test_a_session_that_has_ended_is_not_ended_again(member: User, theirs: Client) -> None:
    session = UserSession.objects.get(user=member)
    for _ in range(2):
        end_session(session, actor=Actor.command("tests"))
    assert Event.objects.filter(kind=EventKind.SESSION_ENDED).count() == 1
