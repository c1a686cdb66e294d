"""What happens on the wire to everything an application holds once an administrator ends it."""

from collections.abc import Callable

import pytest
from django.test import Client

from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.services.applications import delete_application, disable_application, enable_application
from tests.oauth_client import AUTHORIZE, OAuthClient

ADMINISTRATOR = Actor(label="an administrator")
End = Callable[..., None]


@pytest.mark.spec("C-11", "RFC 6749 §10")
@pytest.mark.parametrize("end", [disable_application, delete_application])
@pytest.mark.parametrize("kind", ["web", "single_page"])
def test_its_codes_and_tokens_are_dead_at_once(
    request: pytest.FixtureRequest, visitor: Client, kind: str, end: End
) -> None:
    client: OAuthClient = request.getfixturevalue(kind)
    tokens, code = client.get_tokens(visitor), client.get_code(visitor)
    assert client.me(tokens["access_token"]).status_code == 200
    end(Application.objects.get(client_id=client.client_id), actor=ADMINISTRATOR)
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert client.exchange(code).json()["error"] == "invalid_client"
    assert visitor.get(AUTHORIZE, client.authorization_parameters()).status_code == 400


@pytest.mark.spec("C-11", "RFC 6749 §10")
def test_enabling_it_again_gives_back_what_has_not_expired(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    application = Application.objects.get(client_id=web.client_id)
    disable_application(application, actor=ADMINISTRATOR)
    assert web.me(tokens["access_token"]).status_code == 401
    enable_application(application, actor=ADMINISTRATOR)
    assert web.me(tokens["access_token"]).status_code == 200
    assert web.refresh(tokens["refresh_token"]).status_code == 200
