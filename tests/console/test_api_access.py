"""API access on an application's page: what it may ask for, and whom it hits when a scope is taken away."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, Scope
from oauthapps.rules.app_types import AppType
from oauthapps.services.apis import create_api
from oauthapps.services.scopes import NewScope, delete_scope
from tests.console.conftest import browser_of, save
from tests.console.pages import Browser, Fields, Page, fields_of, text_of
from tests.factories import AdministratorFactory, UserFactory, make_application
from tests.oauth_client import INTROSPECT, TOKEN, VERIFY, OAuthClient
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.django_db

BUILT_IN = ["read", "write", "offline_access"]
INVOICES = ["invoices:read", "invoices:write"]
ADMINISTRATOR = Actor(label="an administrator")


@pytest.fixture(autouse=True)
def api(db: None) -> None:
    create_api(
        name="Invoices",
        identifier="https://invoices.example.com",
        actor=ADMINISTRATOR,
        new_scopes=[NewScope(name=name, sentence=f"May {name}") for name in INVOICES],
    )


@pytest.fixture
def client() -> OAuthClient:
    """The client of a web application that may ask for everything."""
    settings = {"allowed_scope": " ".join([*INVOICES, *BUILT_IN])}
    created = make_application(AppType.WEB, settings=settings)
    return OAuthClient(created.application.client_id, created.client_secret)


def confirm(console: Browser, page: Page) -> Page:
    """Press the button that takes the scopes away."""
    button = next(each for each in page.all("button") if each.get("name") == "without_scopes")
    return console.send(page, without_scopes=button.get("value"))


def allowed(application: Application) -> list[str]:
    return str(Application.objects.values_list("allowed_scope", flat=True).get(pk=application.pk)).split(" ")


@pytest.mark.spec("Y-80", "the console")
def test_scopes_stand_by_api_with_what_people_read_the_built_in_ones_first(
    console: Browser, web: Application
) -> None:
    page = console.get(web.get_absolute_url())
    legends = [text_of(legend) for legend in page.all("legend")]
    assert legends[-2:] == ["Gatehouse", "Invoices"]
    boxes = [box for box in page.all("input") if box.get("name") == "allowed_scope"]
    assert [box.get("value") for box in boxes] == [*BUILT_IN, *INVOICES]
    assert [box.get("value") for box in boxes if box.get("checked") is not None] == BUILT_IN
    assert text_of(page.by_id(boxes[-1].get("aria-describedby", ""))) == "May invoices:write"


@pytest.mark.spec("Y-80", "the console")
def test_what_is_ticked_can_be_asked_for_and_the_event_says_what_was_before(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    Application.objects.filter(pk=app.pk).update(allowed_scope="read write offline_access")
    page = console.follow(save(console, app, allowed_scope=[*BUILT_IN, "invoices:read"]))
    assert "Saved: API access" in page.messages
    assert client.get_tokens(bob, scope="invoices:read")["scope"] == "invoices:read"
    event = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).get()
    assert event.before == {"API access": "read write offline_access"}
    assert event.after == {"API access": "read write offline_access invoices:read"}


@pytest.mark.spec("Y-80", "the console")
def test_whatever_order_they_are_stored_in_nothing_is_changed_unless_ticked_or_unticked(
    console: Browser, app: Application
) -> None:
    assert "No changes to save" in console.follow(save(console, app)).messages
    assert allowed(app) == [*INVOICES, *BUILT_IN]


@pytest.mark.spec("Y-80", "the console")
def test_a_machine_is_not_offered_access_while_nobody_is_there(
    console: Browser, machine: Application
) -> None:
    page = console.get(machine.get_absolute_url())
    assert page.labels(page.form()).count("offline_access") == 0
    assert console.send(page, allowed_scope=["read", "offline_access"]).status == 422
    assert "No changes to save" in console.follow(console.send(page)).messages


@pytest.mark.spec("Y-80", "the console")
def test_at_least_one_is_kept(console: Browser, web: Application) -> None:
    page = save(console, web, allowed_scope=None)
    assert page.status == 422
    assert "API access: Choose at least one scope." in page.alerts()
    assert page.by_id(page.links()["API access"].removeprefix("#")) is not None
    Application.objects.filter(pk=web.pk).update(allowed_scope="")
    assert "Saved: Description" in console.follow(save(console, web, description="Without any")).messages


def test_a_scope_that_was_deleted_meanwhile_is_refused_with_its_name(
    console: Browser, web: Application
) -> None:
    page = console.get(web.get_absolute_url())
    delete_scope(Scope.objects.get(name="invoices:read"), actor=ADMINISTRATOR)
    refused = console.send(page, allowed_scope=[*BUILT_IN, "invoices:read"])
    assert refused.status == 422
    assert "The scope invoices:read isn't available here" in refused.alerts()
    assert "Saved: Name" in console.follow(console.send(refused, name="Other")).messages


@pytest.mark.spec("Y-81", "the console")
def test_taking_one_away_says_whom_it_hits_and_asks(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    for scope in ("invoices:read read offline_access", "invoices:read", "read"):
        client.get_tokens(bob, scope=scope)
    page = save(console, app, allowed_scope=[*BUILT_IN, "invoices:write"], description="Typed")
    assert page.status == 409
    assert "this would remove a scope from" in page.alerts()
    assert "1 person and 2 active access tokens lose it immediately." in page.alerts()
    assert fields_of(page.form())["description"] == "Typed"
    assert allowed(app) == [*INVOICES, *BUILT_IN]
    done = console.follow(confirm(console, page))
    assert "Saved: Description, API access" in done.messages
    assert allowed(app) == [*BUILT_IN, "invoices:write"]


@pytest.mark.spec("Y-81", "the console")
def test_a_confirmation_is_for_the_scopes_that_were_shown(console: Browser, app: Application) -> None:
    asked = save(console, app, allowed_scope=[*BUILT_IN, "invoices:write"])
    assert "Nobody has access with it now." in asked.alerts()
    confirmed = {"without_scopes": "invoices:read"}
    again = console.send(asked, allowed_scope=BUILT_IN, **confirmed)
    assert again.status == 409
    assert "remove scopes from" in again.alerts()
    assert allowed(app) == [*INVOICES, *BUILT_IN]
    assert console.send(again, without_scopes=["invoices:read invoices:write"]).status == 302
    assert allowed(app) == BUILT_IN


def test_a_confirmation_outlasts_another_refusal_and_other_pages(console: Browser, app: Application) -> None:
    asked = save(console, app, allowed_scope=BUILT_IN)
    refused = console.send(asked, without_scopes="invoices:read invoices:write", name="")
    assert refused.status == 422
    assert console.send(refused, name="Named").status == 302
    assert allowed(app) == BUILT_IN


def test_what_is_ticked_comes_along_to_other_pages_and_back(console: Browser, app: Application) -> None:
    page = console.get(app.get_absolute_url())
    chosen: Fields = {
        "allowed_scope": ["read"],
        "access_token_seconds": "600",
        "requires_pkce": "on",
        "owner": "ada",
        "first_contact": "a@example.com",
        "second_contact": "half@",
    }
    secret = console.send(page, reverse("console:add-secret", args=[app.client_id]), **chosen)
    shown = console.send(secret, reverse("console:stored-unsaved", args=[app.client_id]), stored="yes")
    fields = fields_of(shown.form(app.get_absolute_url()))
    assert {name: fields[name] for name in chosen} == chosen | {"allowed_scope": "read"}
    assert allowed(app) == [*INVOICES, *BUILT_IN]


@pytest.mark.spec("Y-81", "the console")
def test_only_those_are_counted_who_lose_it(console: Browser, client: OAuthClient, app: Application) -> None:
    """Names are compared as on the wire: capitals, % and _ stand for themselves."""
    create_api(
        name="Odd",
        identifier="urn:odd",
        actor=ADMINISTRATOR,
        new_scopes=[NewScope(name=name, sentence="Odd") for name in ("Invoices:read", "invoices_", "%")],
    )
    everything = [*INVOICES, *BUILT_IN, "Invoices:read", "invoices_", "%"]
    Application.objects.filter(pk=app.pk).update(allowed_scope=" ".join(everything))
    for scope in ("Invoices:read", "invoices_", "%", "invoices:read %", "read"):
        browser = Client()
        browser.force_login(UserFactory.create())
        client.get_tokens(browser, scope=scope)
    for lost, hit in (
        ("Invoices:read", "1 person and"),
        ("invoices_", "1 person and"),
        ("%", "2 people and"),
    ):
        page = save(console, app, allowed_scope=[name for name in everything if name != lost])
        assert hit in page.alerts(), lost


@pytest.mark.spec("Y-81", "the console")
def test_a_machine_that_acts_as_itself_is_no_person(console: Browser, machine: Application) -> None:
    Application.objects.filter(pk=machine.pk).update(allowed_scope="read invoices:read offline_access")
    created = make_application(AppType.MACHINE_TO_MACHINE, settings={"allowed_scope": "read invoices:read"})
    client = OAuthClient(created.application.client_id, created.client_secret)
    client.post(TOKEN, {"grant_type": "client_credentials"}, Authorization=client.basic)
    page = save(console, created.application, allowed_scope="read")
    assert "0 people and 1 active access token lose it immediately." in page.alerts()


@pytest.mark.spec("Y-81", "RFC 6749 §3.3")
def test_what_is_taken_away_is_gone_at_once_wherever_a_token_is_shown(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    tokens = client.get_tokens(bob, scope="read invoices:read offline_access")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.me(tokens["access_token"]).status_code == 200
    assert Client().get(VERIFY, {"scope": "invoices:read"}, headers=bearer).status_code == 200
    confirm(console, save(console, app, allowed_scope=["invoices:write", "offline_access"]))
    assert client.me(tokens["access_token"]).status_code == 403
    assert Client().get(VERIFY, {"scope": "invoices:read"}, headers=bearer).status_code == 403
    token = {"token": tokens["access_token"]}
    told = client.post(INTROSPECT, token, Authorization=client.basic).json()
    assert told.get("scope", "offline_access") == "offline_access"
    refused = client.refresh(tokens["refresh_token"], scope="invoices:read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    confirm(console, save(console, app, allowed_scope=["invoices:write"]))
    ended = client.refresh(tokens["refresh_token"])
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant")
    assert client.get_tokens(bob, scope="invoices:write")["scope"] == "invoices:write"


@pytest.mark.spec("Y-80", "RFC 9110 §13.1.1")
def test_where_two_administrators_tick_the_second_is_asked(console: Browser, app: Application) -> None:
    mine = console.get(app.get_absolute_url())
    colleague = browser_of(AdministratorFactory.create(name="Grace Hopper"))
    confirm(colleague, save(colleague, app, allowed_scope=[*BUILT_IN, "invoices:write"]))
    page = console.send(mine, allowed_scope=["read", *INVOICES])
    assert page.status == 409
    assert "this field was changed since you opened the page" in page.alerts()
    assert "this would remove" not in page.alerts()
    theirs = page.by_id("mine-allowed_scope").get("value")
    asked = console.send(page, **{"choice-allowed_scope": theirs})
    assert "this would remove scopes from" in asked.alerts()  # offline_access and write, which Grace left
    done = console.send(asked, **{"choice-allowed_scope": theirs, "without_scopes": "write offline_access"})
    assert done.status == 302
    assert allowed(app) == ["read", *INVOICES]


@pytest.mark.spec("Y-82", "ASVS 7.5.3")
def test_one_more_asks_for_a_sign_in_and_one_less_does_not(console: Browser, app: Application) -> None:
    Application.objects.filter(pk=app.pk).update(allowed_scope="read write")
    page = console.get(app.get_absolute_url())
    age_sign_in(console, minutes=31)
    assert console.send(page, allowed_scope=["read", "write", "invoices:read"]).status == 302
    assert allowed(app) == ["read", "write"]
    confirm(console, console.send(page, allowed_scope=["read"]))
    assert allowed(app) == ["read"]


def test_saving_takes_as_many_statements_however_many_scopes_and_tokens_there_are(
    console: Browser, client: OAuthClient, bob: Client, app: Application
) -> None:
    def statements() -> int:
        page = console.get(app.get_absolute_url())
        with CaptureQueriesContext(connection) as shown:
            console.get(app.get_absolute_url())
        with CaptureQueriesContext(connection) as asked:
            console.send(page, allowed_scope=[*BUILT_IN, "invoices:write"])
        return len(shown.captured_queries) * 1000 + len(asked.captured_queries)

    client.get_tokens(bob, scope="invoices:read")
    statements()  # which reads the APIs anew
    before = statements()
    for number in range(5):
        scope = NewScope(name=f"more:{number}", sentence="More")
        create_api(name="M", identifier=f"urn:{number}", actor=ADMINISTRATOR, new_scopes=[scope])
        client.get_tokens(bob, scope="invoices:read read")
    statements()
    assert statements() == before
