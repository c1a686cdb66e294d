"""Everything that a refused request may need, and a way to find out why it was refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from server.journal.journal import Journal
from tests.factories import AdministratorFactory, make_application
from tests.infrastructure.recording import recording
from tests.oauth2.conftest import Machine, machine, person, single_page, visitor, web
from tests.oauth_client import OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

__all__ = ["journal", "machine", "person", "single_page", "visitor", "web", "world"]


@dataclass
class World:
    """Clients of each type and of somebody else, a person with a browser, and an administrator named Ana."""

    web: OAuthClient
    single_page: OAuthClient
    machine: Machine
    other: OAuthClient
    visitor: Client
    person: User
    ana: User
    journal: Journal
    capsys: pytest.CaptureFixture[str]

    @property
    def actor(self) -> Actor:
        return Actor(user=self.ana)

    def application(self, client: OAuthClient) -> Application:
        found: Application = Application.objects.get(client_id=client.client_id)
        return found

    def why(self, refused: "Answer") -> dict[str, Any]:
        """What the command finds by the request id of a response."""
        self.journal.finish()
        self.capsys.readouterr()
        call_command("explain", refused["X-Request-Id"], "--json")
        found: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return found


@pytest.fixture
def journal() -> Iterator[Journal]:
    """A journal that is written when the test says so."""
    with recording() as journal:
        yield journal


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    asked = {
        name: request.getfixturevalue(name)
        for name in ("web", "single_page", "machine", "visitor", "person", "journal", "capsys")
    }
    created = make_application(AppType.WEB, name="Other")
    other = OAuthClient(created.application.client_id, created.client_secret)
    return World(other=other, ana=AdministratorFactory.create(name="Ana"), **asked)
