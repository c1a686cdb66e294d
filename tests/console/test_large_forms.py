"""The forms of APIs and applications where there is as much as there can be: none is too large to save."""

import secrets

import pytest
from django.conf import settings

from oauthapps.models import Api, Application, CatalogVersion, Scope
from oauthapps.rules.app_types import AppType
from oauthapps.rules.scopes import MOST_OF_ALL, MOST_SCOPES, SCOPES
from oauthapps.rules.slots import LARGEST_LIMIT
from tests.console.pages import Browser, Page, fields_of
from tests.console.test_apis import NEW, SENTENCE, VALID

# What Django counts, less what pages and edit conflicts add: a choice for each field, and whether to keep it.
ROOM = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS - 100
NAMES = [f"scope:{number}" for number in range(MOST_OF_ALL)]

pytestmark = [pytest.mark.django_db, pytest.mark.spec("Y-79", "the console")]


@pytest.fixture
def machines() -> list[Application]:
    """As many machine applications as there can be."""
    return Application.objects.bulk_create(
        Application(
            app_type=AppType.MACHINE_TO_MACHINE,
            name=f"Machine {slot}",
            client_id=secrets.token_hex(16),
            service_id=secrets.token_hex(16),
            slot=slot,
        )
        for slot in range(1, LARGEST_LIMIT + 1)
    )


@pytest.fixture
def apis() -> list[Api]:
    """As many scopes as there can be, of APIs that have as many as they can."""
    number = -(-MOST_OF_ALL // MOST_SCOPES)
    apis = Api.objects.bulk_create(Api(name=f"API {n}", identifier=f"urn:api:{n}") for n in range(number))
    Scope.objects.bulk_create(
        Scope(api=apis[n // MOST_SCOPES], name=name, sentence="Read it") for n, name in enumerate(NAMES)
    )
    CatalogVersion.renew()
    return apis


def number_of_fields(page: Page) -> int:
    values = fields_of(page.form()).values()
    return sum(len(value) if isinstance(value, list) else 1 for value in values)


def test_an_api_with_all_scopes_and_all_machines_is_saved(
    console: Browser, api: Api, machines: list[Application]
) -> None:
    names = ["invoices:read", *NAMES[: MOST_SCOPES - 1]]
    everything = {
        "scope_name": names,
        "scope_sentence": ["Read it"] * MOST_SCOPES,
        "scope_default": [str(number) for number in range(1, MOST_SCOPES + 1)],
        "verifiers": [machine.client_id for machine in machines],
    }
    page = console.get(api.get_absolute_url())
    page = console.follow(console.send(page, **everything))
    assert "Verifying applications" in page.messages
    assert (api.verifiers.count(), api.scopes.count()) == (LARGEST_LIMIT, MOST_SCOPES)
    assert LARGEST_LIMIT + 3 * MOST_SCOPES < number_of_fields(page) < ROOM
    page = console.follow(console.send(page, name="Renamed"))
    assert "Saved: Name" in page.messages


def test_an_application_that_may_ask_for_everything_is_saved(
    console: Browser, web: Application, apis: list[Api]
) -> None:
    page = console.get(web.get_absolute_url())
    page = console.follow(console.send(page, allowed_scope=[*SCOPES, *NAMES]))
    assert "Saved: API access" in page.messages
    assert len(NAMES) < number_of_fields(page) < ROOM
    page = console.follow(console.send(page, description="Still"))
    assert "Saved: Description" in page.messages
    web.refresh_from_db()
    assert len(web.allowed_scope.split(" ")) == len(SCOPES) + MOST_OF_ALL


def test_one_scope_more_is_refused_where_it_is_entered(console: Browser, apis: list[Api]) -> None:
    refused = console.send(console.get(NEW), **VALID, **SENTENCE)
    assert refused.status == 422
    assert "All APIs together can have up to 1,500 scopes." in refused.alerts()
    assert fields_of(refused.form())["scope_name"] == VALID["scope_name"]
    page = console.get(apis[-1].get_absolute_url())
    names = [*fields_of(page.form())["scope_name"], "one:more"]
    refused = console.send(page, scope_name=names, scope_sentence=["Read it"] * len(names))
    assert refused.status == 422
    assert "All APIs together can have up to 1,500 scopes." in refused.alerts()
    assert fields_of(refused.form())["scope_name"] == names
    assert Scope.objects.count() == MOST_OF_ALL
    Scope.objects.filter(name=NAMES[0]).update(deleted_at="2026-01-01T00:00:00Z")
    assert console.send(refused).status == 302
