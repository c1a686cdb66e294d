"""An identity provider that provisions people, and an administrator who let it."""

import pytest

from accounts.models import User
from audit.actors import Actor
from oauthapps.services.scim_tokens import add_scim_token
from tests.factories import AdministratorFactory
from tests.scim.client import ScimClient


@pytest.fixture
def administrator(db: None) -> User:
    administrator: User = AdministratorFactory.create()
    return administrator


@pytest.fixture
def scim(administrator: User) -> ScimClient:
    return ScimClient(add_scim_token("Entra ID", actor=Actor(user=administrator)).value)
