"""What is known of an authorization request while it is handled.

oauthlib makes an attribute of every parameter a client sends. Whatever our own code keeps there is set when
the request is made, before anything reads it, so that no parameter can pass for it.
"""

from typing import Any
from urllib.parse import urlencode

from oauthlib.common import Request

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import RedirectURL
from oauthapps.oauth2.parameters import Parameters
from oauthapps.rules.time_limits import TimeLimit


class AuthorizationRequest(Request):
    """An authorization request (RFC 6749 section 4.1.1).

    Attributes:
        client: the enabled application, once validated.
        scopes: what is asked for, once validated.
        catalog: the APIs that there are, once that is validated.
        redirect_url: the registered redirect URL that the redirect URI equals, once validated.
        user: the person who allows it, once they do.
        actor: the same person, for events.
        page_id: names the showing of the consent page that was answered.
        time_limit: for how long they allow it.
    """

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(f"?{urlencode(parameters)}")
        self.grant_type = None
        self.client: Any = None
        self.scopes: list[str] = []
        self.catalog: Any = None
        self.redirect_url: RedirectURL | None = None
        self.user: User | None = None
        self.actor = Actor()
        self.page_id = ""
        self.time_limit = TimeLimit.UNTIL_REVOKED
