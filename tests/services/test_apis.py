"""Creating, changing and deleting APIs and their scopes: what is kept, what is recorded, who hears of it."""

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.errors import ApiTakenError, ScopeTakenError
from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules.app_types import AppType
from oauthapps.services.apis import change_api, create_api, delete_api
from oauthapps.services.scopes import NewScope, add_scope, change_scope, delete_scope
from oauthapps.sql.catalog import Catalog, current_catalog
from tests.factories import allow_scopes, make_application
from tests.parallel import all_at_once

pytestmark = pytest.mark.django_db

ADMINISTRATOR = Actor(label="an administrator")
READ = NewScope(name="invoices:read", sentence="Read your invoices")


def make_api(**changes: Any) -> Api:
    fields = {"name": "Invoices", "identifier": "https://invoices.example.com", "new_scopes": [READ]}
    return create_api(**{**fields, "actor": ADMINISTRATOR, **changes})


@pytest.fixture
def api(db: None) -> Api:
    return make_api()


@pytest.fixture
def application(api: Api) -> Application:
    created = make_application(AppType.WEB).application
    allow_scopes(created, ["read", "invoices:read"], actor=ADMINISTRATOR)
    return created


def recorded() -> tuple[str, str, Any, Any]:
    """The latest event."""
    event = Event.objects.latest("id")
    assert event.actor_name == "an administrator"
    return event.kind, event.detail, event.before, event.after


def known() -> Catalog:
    """The catalog as another process finds it that had read it before."""
    return current_catalog()


@pytest.mark.spec("Y-03", "ASVS 16.3")
def test_each_change_is_recorded_and_known_at_once(api: Api) -> None:
    assert recorded()[:2] == ("api:create", "Invoices")
    assert known().by_scope["invoices:read"].seconds == 3600
    change_api(api, {"token_seconds": 900}, verifiers=[], actor=ADMINISTRATOR)
    lifetimes = [{"Access token lifetime": f"{seconds} seconds"} for seconds in (3600, 900)]
    assert recorded() == ("api:change", "Invoices", *lifetimes)
    assert known().by_scope["invoices:read"].seconds == 900
    scope = add_scope(api, NewScope(name="invoices:pay", sentence="Pay"), actor=ADMINISTRATOR)
    assert recorded()[:2] == ("scope:add", "Invoices: invoices:pay")
    change_scope(scope, sentence="Pay invoices", is_default=True, actor=ADMINISTRATOR)
    sentences = [{"Sentence on the consent page": text} for text in ("Pay", "Pay invoices")]
    assert recorded() == ("scope:change", "Invoices: invoices:pay", *sentences)
    assert known().sentences(["invoices:pay"]) == {"invoices:pay": "Pay invoices"}
    delete_scope(scope, actor=ADMINISTRATOR)
    assert recorded()[:2] == ("scope:delete", "Invoices: invoices:pay")
    assert "invoices:pay" not in known().by_scope
    delete_api(api, actor=ADMINISTRATOR)
    assert recorded()[:2] == ("api:delete", "Invoices")
    assert list(known().by_scope) == ["read", "write", "offline_access"]


@pytest.mark.spec("Y-03", "ASVS 16.3")
def test_what_changes_nothing_is_no_event(api: Api) -> None:
    events, version = Event.objects.count(), CatalogVersion.objects.get().version
    change_api(api, {"name": api.name}, verifiers=[], actor=ADMINISTRATOR)
    scope = Scope.objects.get()
    change_scope(scope, sentence=scope.sentence, is_default=scope.is_default, actor=ADMINISTRATOR)
    delete_scope(scope, actor=ADMINISTRATOR)
    delete_scope(scope, actor=ADMINISTRATOR)
    assert Event.objects.count() == events + 1
    delete_api(api, actor=ADMINISTRATOR)
    delete_api(api, actor=ADMINISTRATOR)
    assert Event.objects.count() == events + 2
    assert CatalogVersion.objects.get().version != version


@pytest.mark.spec("Y-01", "RFC 8707 §2")
def test_an_identifier_is_taken_until_its_api_is_deleted(api: Api) -> None:
    with pytest.raises(ApiTakenError):
        make_api(identifier="HTTPS://Invoices.example.com:443/", new_scopes=[])
    with pytest.raises(ApiTakenError):
        make_api(identifier=f"{settings.BASE_URL}/", new_scopes=[])
    delete_api(api, actor=ADMINISTRATOR)
    assert make_api(new_scopes=[]).identifier == api.identifier


@pytest.mark.spec("Y-02", "RFC 6749 §3.3")
def test_a_name_is_taken_for_ever(api: Api) -> None:
    delete_scope(Scope.objects.get(), actor=ADMINISTRATOR)
    with pytest.raises(ScopeTakenError):
        add_scope(api, READ, actor=ADMINISTRATOR)
    with pytest.raises(ScopeTakenError):
        make_api(identifier="https://other.example.com")
    assert Api.objects.count() == 1
    with pytest.raises(ValidationError):
        add_scope(api, NewScope(name="read", sentence="Read"), actor=ADMINISTRATOR)


@pytest.mark.spec("Y-11", "RFC 6749 §3.3")
@pytest.mark.parametrize("what", ["scope", "api"])
def test_what_is_deleted_is_taken_from_applications(api: Api, application: Application, what: str) -> None:
    add_scope(api, NewScope(name="invoices:read:all", sentence="Read all"), actor=ADMINISTRATOR)
    allow_scopes(application, ["invoices:read:all", "read", "invoices:read"], actor=ADMINISTRATOR)
    if what == "scope":
        delete_scope(Scope.objects.get(name="invoices:read"), actor=ADMINISTRATOR)
    else:
        delete_api(api, actor=ADMINISTRATOR)
    application.refresh_from_db()
    assert application.allowed_scope == ("invoices:read:all read" if what == "scope" else "read")


@pytest.mark.spec("Y-03", "ASVS 16.3")
@pytest.mark.parametrize("what", ["scope", "api"])
def test_each_application_that_loses_something_has_an_event_of_it(
    api: Api, application: Application, what: str
) -> None:
    add_scope(api, NewScope(name="invoices:read:all", sentence="Read all"), actor=ADMINISTRATOR)
    allow_scopes(application, ["read", "invoices:read", "invoices:read:all"])
    others = [make_application(AppType.WEB).application for _ in range(2)]
    allow_scopes(others[0], ["invoices:read:all"])
    Event.objects.all().delete()
    if what == "scope":
        delete_scope(Scope.objects.get(name="invoices:read"), actor=ADMINISTRATOR)
    else:
        delete_api(api, actor=ADMINISTRATOR)
    events = Event.objects.filter(kind=EventKind.APPLICATION_CHANGED).order_by("application")
    lost = {
        "scope": [(application.pk, "Scope invoices:read deleted", "read invoices:read:all")],
        "api": [(application.pk, "API Invoices deleted", "read"), (others[0].pk, "API Invoices deleted", "")],
    }
    assert [(each.application_id, each.detail, each.after["API access"]) for each in events] == lost[what]
    assert events[0].before == {"API access": "read invoices:read invoices:read:all"}
    assert {each.actor_name for each in events} == {"an administrator"}


@pytest.mark.django_db(transaction=True)
def test_apis_are_created_at_once() -> None:
    names = [f"api{number}" for number in range(4)]

    def create(name: str) -> Api:
        scope = NewScope(name=f"{name}:read", sentence="Read")
        return make_api(name=name, identifier=f"https://{name}.example.com", new_scopes=[scope])

    all_at_once([lambda name=name: create(name) for name in names])  # type: ignore[misc]
    assert sorted(api.name for api in known().apis[1:]) == names
