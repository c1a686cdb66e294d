"""One application of each type with its client, and a person with a browser."""

from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from accounts.models import Organization, User
from audit.actors import Actor
from oauthapps.models import Application, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services.credentials import add_key
from tests.factories import UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth_client import OAuthClient


@dataclass
class Machine:
    """A machine application's program: its client, and the private key it signs with."""

    application: Application
    client: OAuthClient
    key: PublicKey
    private_key: rsa.RSAPrivateKey = SIGNING_KEY

    def claims(self, **changes: Any) -> dict[str, Any]:
        import time  # the moved clock

        claims = {
            "iss": Organization.current().customer_id,
            "sub": self.key.subject,
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        }
        return {name: value for name, value in (claims | changes).items() if value is not ...}

    def assertion(self, **changes: Any) -> str:
        return jwt.encode(self.claims(**changes), self.private_key, algorithm="RS256")


@pytest.fixture
def person(db: None) -> User:
    person: User = UserFactory.create()
    return person


@pytest.fixture
def visitor(person: User) -> Client:
    """The person's browser, signed in."""
    visitor = Client()
    visitor.force_login(person)
    return visitor


@pytest.fixture
def web(db: None) -> OAuthClient:
    created = make_application(AppType.WEB)
    return OAuthClient(created.application.client_id, created.client_secret)


@pytest.fixture
def single_page(db: None) -> OAuthClient:
    created = make_application(AppType.SINGLE_PAGE)
    return OAuthClient(created.application.client_id, pkce=True)


@pytest.fixture
def machine(db: None) -> Machine:
    created = make_application(AppType.MACHINE_TO_MACHINE)
    return make_machine(created.application, created.client_secret)


def make_machine(application: Application, client_secret: str) -> Machine:
    owner = UserFactory.create()
    key = add_key(application, public_pem(SIGNING_KEY), user=owner, actor=Actor(user=owner))
    return Machine(application, OAuthClient(application.client_id, client_secret), key)


@pytest.fixture
def token(web: OAuthClient, visitor: Client) -> str:
    """An access token of the web application."""
    value: str = web.get_tokens(visitor)["access_token"]
    return value


def application_of(client: OAuthClient) -> Application:
    application: Application = Application.objects.get(client_id=client.client_id)
    return application


def configure(client: OAuthClient, **fields: object) -> None:
    application = application_of(client)
    for name, value in fields.items():
        setattr(application, name, value)
    application.save()


@pytest.fixture
def verifier_machine(db: None) -> OAuthClient:
    """A machine application that may look at the tokens of all others."""
    created = make_application(
        AppType.MACHINE_TO_MACHINE, name="Verifier", settings={"may_verify_tokens": True}
    )
    return OAuthClient(created.application.client_id, created.client_secret)
