"""What a client that does not authenticate hears (RFC 6749 section 5.2), and what explains that."""

from dataclasses import dataclass, field
from functools import partial

from django.utils import timezone
from oauthlib.oauth2 import InvalidClientError, InvalidRequestError

from oauthapps.errors import AssertionFaultError
from oauthapps.explanations import assertions, client_secrets, requests
from oauthapps.explanations.applications import Claimed
from oauthapps.explanations.wording import Shown
from oauthapps.http.messages import Explain
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.explained import explained


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a client sent to say who it is.

    Attributes:
        client_id: its Client ID; empty when it sent none.
        secrets: readings of its secret, because Basic is sent form-encoded by some and raw by others.
        by_basic: whether they came in the Authorization header.
    """

    client_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    by_basic: bool = False


# An Authorization header that says nothing.
UNREADABLE = Credentials(client_id="", by_basic=True)


class ClientAuthenticationError(InvalidClientError):
    """The client is unknown, disabled, or has not shown one of its secrets.

    The challenge says how to authenticate here (RFC 9110 section 15.5.2): by Basic, not with a Bearer token.
    """

    def __init__(self, credentials: Credentials, description: str, explain: Explain) -> None:
        super().__init__(description)
        self.client_id, self.explain = credentials.client_id, explain

    @property
    def headers(self) -> dict[str, str]:
        """The challenge."""
        return {"WWW-Authenticate": 'Basic realm="gatehouse", charset="UTF-8"'}


class AssertionReplayedError(ClientAuthenticationError):
    """The client authenticated with an assertion that was used before."""

    replay = "client_assertion"


class PublicClientError(ClientAuthenticationError):
    """A public client cannot authenticate, so it is not asked to: a 400 (RFC 6749 section 5.2)."""

    status_code = 400

    @property
    def headers(self) -> dict[str, str]:
        """None."""
        return {}


def not_authenticated(
    credentials: Credentials, description: str = refusals.NOT_AUTHENTICATED
) -> ClientAuthenticationError:
    """Return the error for a client that did not show that it is the one that it says."""
    claimed, shown = Claimed.of(credentials.client_id), Shown.of(*credentials.secrets)
    explain = partial(client_secrets.not_authenticated, claimed, shown, timezone.now())
    return ClientAuthenticationError(credentials, description, explain)


def not_asserted(credentials: Credentials, error: AssertionFaultError) -> ClientAuthenticationError:
    """Return the error for a client whose assertion has a fault."""
    claimed = Claimed.of(credentials.client_id)
    explain = partial(assertions.not_authenticated, claimed, timezone.now(), error.fault, error.evidence)
    return ClientAuthenticationError(credentials, error.message, explain)


def two_ways(client_id: str) -> InvalidRequestError:
    """Return the error for a request whose client authenticates in two ways."""
    error = explained(InvalidRequestError(refusals.TWO_WAYS), requests.two_ways)
    error.client_id = client_id
    return error


def two_clients(description: str) -> InvalidRequestError:
    """Return the error for a request that names two clients."""
    return explained(InvalidRequestError(description), requests.two_clients, description)


def broken_basic() -> ClientAuthenticationError:
    """Return the error for an Authorization header that cannot be read."""
    return ClientAuthenticationError(UNREADABLE, refusals.BROKEN_BASIC, requests.broken_basic)
