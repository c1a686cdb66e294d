"""An administrator, a member and a stranger, each with a browser, and an application of each type."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Api, Application, ClientSecret, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.rules.keys import keypairs
from oauthapps.services.apis import create_api
from oauthapps.services.credentials import add_key
from oauthapps.services.scopes import NewScope
from tests.console.pages import Browser, Page
from tests.factories import AdministratorFactory, AuditorFactory, UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth_client import OAuthClient
from tests.sign_ins import sign_in_now


@pytest.fixture
def administrator(db: None) -> User:
    person: User = AdministratorFactory.create(name="Ada Lovelace", username="ada")
    return person


@pytest.fixture
def member(db: None) -> User:
    person: User = UserFactory.create(name="Bob Builder", username="bob")
    return person


@pytest.fixture
def console(administrator: User) -> Browser:
    return browser_of(administrator)


@pytest.fixture
def auditor(db: None) -> User:
    person: User = AuditorFactory.create(name="Carl Checker", username="carl")
    return person


@pytest.fixture
def visitor(member: User) -> Browser:
    return browser_of(member)


@pytest.fixture
def stranger(db: None) -> Browser:
    return Browser(Client())


@pytest.fixture
def small_generated_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making 3072 bits takes a second; the length is tested where it is decided."""
    generate = keypairs.generate_keypair
    monkeypatch.setattr(keypairs, "generate_keypair", lambda: generate(2048))


def browser_of(person: User) -> Browser:
    client = Client()
    sign_in_now(client, person)
    return Browser(client)


def save(browser: Browser, application: Application, **changes: Any) -> Page:
    """Change settings of an application on its page."""
    return browser.send(browser.get(application.get_absolute_url()), **changes)


@pytest.fixture
def app(client: OAuthClient) -> Application:
    """The application of the client that a test works with."""
    found: Application = Application.objects.get(client_id=client.client_id)
    return found


@pytest.fixture
def bob(member: User) -> Client:
    browser = Client()
    browser.force_login(member)
    return browser


@pytest.fixture
def web(db: None) -> Application:
    return make_application(AppType.WEB, name="Field app").application


@pytest.fixture
def single_page(db: None) -> Application:
    return make_application(AppType.SINGLE_PAGE, name="Timesheet widget").application


@pytest.fixture
def machine(db: None) -> Application:
    return make_application(AppType.MACHINE_TO_MACHINE, name="Nightly export").application


@pytest.fixture
def secret(machine: Application) -> ClientSecret:
    return ClientSecret.objects.get(application=machine)


@pytest.fixture
def key(machine: Application, administrator: User) -> PublicKey:
    return add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=Actor(user=administrator))


@pytest.fixture
def api(administrator: User) -> Api:
    return create_api(
        name="Invoices",
        identifier="https://invoices.example.com",
        actor=Actor(user=administrator),
        new_scopes=[NewScope(name="invoices:read", sentence="Read your invoices")],
    )
