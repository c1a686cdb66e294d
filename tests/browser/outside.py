"""What happens outside of Gatehouse's pages: at an application's client, and in front of an API."""

from urllib.parse import urlencode

import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Callback
from tests.oauth_client import AUTHORIZE, INTROSPECT, TOKEN, VERIFY, OAuthClient


class Outside:
    """A client of `application` that asks for the scopes of the API `resource`, and what that API asks."""

    def __init__(self, base_url: str, application: OAuthClient, callback: Callback, resource: str) -> None:
        self.base_url = base_url
        self.application = application
        self.callback = callback
        self.resource = resource

    def authorization_url(self, scope: str) -> str:
        query = self.application.authorization_parameters(scope=scope, resource=self.resource)
        return f"{self.base_url}{AUTHORIZE}?{urlencode(query)}"

    def received(self, page: Page) -> dict[str, str]:
        """What the browser brings back to the client."""
        expect(page.get_by_role("heading", name="Signed in at the client")).to_be_visible()
        return self.callback.received.pop()

    def exchange(self, code: str) -> requests.Response:
        return self.post(TOKEN, self.application.token_parameters(code))

    def refresh(self, refresh_token: str) -> requests.Response:
        return self.post(TOKEN, self.application.refresh_parameters(refresh_token))

    def introspect(self, access_token: str, *, by: OAuthClient) -> dict[str, object]:
        reply = self.post(INTROSPECT, {"token": access_token}, Authorization=by.basic)
        said: dict[str, object] = reply.json()
        return said

    def verify(self, access_token: str, scope: str) -> requests.Response:
        """Ask what a proxy in front of the API asks about a request."""
        query = {"resource": self.resource, "scope": scope}
        bearer = {"Authorization": f"Bearer {access_token}"}
        return requests.get(self.base_url + VERIFY, query, headers=bearer, timeout=30)

    def post(self, path: str, form: dict[str, str], **headers: str) -> requests.Response:
        return requests.post(self.base_url + path, form, headers=headers, timeout=30)
