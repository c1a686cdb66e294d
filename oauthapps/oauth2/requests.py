"""What is known of a request while it is handled.

oauthlib makes an attribute of every parameter a client sends. Whatever our own code keeps there is set when
the request is made, before anything reads it, so that no parameter can pass for it.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from oauthlib.common import Request

from accounts.actors import Actor, Sender
from accounts.models import User
from oauthapps import scopes
from oauthapps.models import ClientSecret, Grant, RedirectURL, RefreshToken
from oauthapps.oauth2.assertions import VerifiedAssertion
from oauthapps.oauth2.parameters import Parameters


class AuthorizationRequest(Request):
    """An authorization request (RFC 6749 section 4.1.1).

    Attributes:
        client: the enabled application, once validated.
        scopes: what is asked for, once validated.
        redirect_url: the registered redirect URL that the redirect URI equals, once validated.
        user: the person who allows it, once they do.
        actor: the same person, for events.
        page_id: names the showing of the consent page that was answered.
    """

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(f"?{urlencode(parameters)}")
        self.grant_type = None
        self.client: Any = None
        self.scopes: list[str] = []
        self.redirect_url: RedirectURL | None = None
        self.user: User | None = None
        self.actor = Actor()
        self.page_id = ""


class TokenRequest(Request):
    """A token request (RFC 6749 sections 4.1.3 and 6, RFC 7523 section 2.1).

    Attributes:
        client: the application, once its client has authenticated.
        client_secret_row: the secret it showed; None for public clients.
        presented: the rows of what it presents, looked up together with the client; yet to be judged.
        scopes: what the access token may do, once validated.
        grant: what the code stands for, once found redeemable.
        refresh_token_row: the refresh token, once found usable.
        verified_assertion: the assertion, once verified.
        sender: where it came from.
    """

    def __init__(self, parameters: Parameters, authorization: str, sender: Sender) -> None:
        super().__init__("", "POST", parameters)
        self.parameters = parameters
        self.scope = scopes.render(scopes.parse(parameters.get("scope", "")))  # blanks count as absent
        self.authorization = authorization
        self.client: Any = None
        self.client_secret_row: ClientSecret | None = None
        self.presented: Sequence[Any] = ()
        self.scopes: list[str] = []
        self.grant: Grant | None = None
        self.refresh_token_row: RefreshToken | None = None
        self.verified_assertion: VerifiedAssertion | None = None
        self.user = None
        self.sender = sender

    @property
    def actor(self) -> Actor:
        """The client, for events; it has authenticated."""
        return self.sender().as_client(self.client.client_id)

    @property
    def granted(self) -> Grant:
        """What the code stands for; it has been found redeemable."""
        assert self.grant is not None  # noqa: S101  # oauthlib asks in this order
        return self.grant

    @property
    def usable(self) -> RefreshToken:
        """The refresh token; it has been found usable."""
        assert self.refresh_token_row is not None  # noqa: S101  # oauthlib asks in this order
        return self.refresh_token_row
