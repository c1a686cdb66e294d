"""What a grant type is, and what a token request is granted once it has been judged."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from oauthlib.oauth2 import InvalidGrantError

from audit.actors import Sender
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.oauth2.parameters import Parameters
from oauthapps.services.tokens import Source
from oauthapps.sql.clients import Lookup


class Granted(NamedTuple):
    """What a request is granted that has been judged.

    Attributes:
        source: what the tokens are made from.
        scope: what the access token may do.
        makes_refresh_token: whether a new refresh token comes with it.
        successors: the refresh token that replaces the presented one, followed by what it would have been
            under former keys; empty where none does.
        kept_refresh_token: the refresh token that the client goes on using; empty where there is none.
        allowed_until: the time limit that the person chose; None for none.
    """

    source: Source
    scope: tuple[str, ...]
    makes_refresh_token: bool = False
    successors: tuple[str, ...] = ()
    kept_refresh_token: str = ""
    allowed_until: datetime | None = None


class TokenGrant(NamedTuple):
    """A grant type.

    Attributes:
        parameter: the name of the parameter with what the client presents; empty where it presents nothing.
        lookup: finds that together with the client.
        judge: returns what is granted, or raises the error that names the first thing that is wrong.
        after_refusal: says in the error why, and ends what a replay puts in doubt.
    """

    parameter: str
    lookup: Lookup
    judge: Callable[[str, Parameters, AuthenticatedClient], Granted]
    after_refusal: Callable[[InvalidGrantError, str, AuthenticatedClient, Sender], None]
