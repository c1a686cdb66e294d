"""A provider that tests script, set up here, and a browser that signs in there."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import IdentityProvider
from accounts.oidc.keys import key_cache
from tests.factories import make_provider
from tests.infrastructure.scripted_provider import ScriptedProvider

CALLBACK = "/accounts/login/provider/callback/"


@pytest.fixture
def provider(settings: Any) -> Iterator[ScriptedProvider]:
    settings.IDENTITY_PROVIDER_PRIVATE = True
    key_cache.forget()
    with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture
def row(db: None, provider: ScriptedProvider) -> IdentityProvider:
    """The provider as it is set up here: it creates members of example.org."""
    values: dict[str, Any] = {"allowed_domains": ["example.org"], "provisions": True}
    document = {name: value for name, value in provider.document().items() if name != "issuer"}
    return make_provider(provider.issuer, document=document, **values)


class SsoBrowser:
    """A browser that signs in at a scripted provider."""

    def __init__(self, provider: ScriptedProvider, row: IdentityProvider) -> None:
        self.provider, self.row, self.client = provider, row, Client()

    def leave(self, next_url: str = "") -> str:
        """Press the button; returns where the browser is sent."""
        url = f"/accounts/login/provider/{self.row.provider_id}/"
        answer = self.client.post(url, {"next": next_url} if next_url else {})
        assert answer.status_code == 302, answer.content
        return answer["Location"]

    def come_back(self, query: str) -> HttpResponse:
        return self.client.get(f"{CALLBACK}?{query}")  # type: ignore[return-value]

    def sign_in(self, next_url: str = "", **changed: str | None) -> HttpResponse:
        """Sign in at the provider, whose answer may be changed on the way."""
        return self.come_back(self.provider.answer(self.leave(next_url), **changed))

    @property
    def is_signed_in(self) -> bool:
        return self.client.get("/security/").status_code == 200


@pytest.fixture
def sso(provider: ScriptedProvider, row: IdentityProvider) -> SsoBrowser:
    return SsoBrowser(provider, row)
