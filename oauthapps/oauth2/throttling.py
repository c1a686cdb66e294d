"""Slowing down whoever guesses client secrets. Right credentials are never slowed down, nor counted."""

from django.conf import settings
from oauthlib.oauth2 import OAuth2Error

from audit.ip_addresses import network_of
from oauthapps.explanations import requests
from oauthapps.oauth2.explained import explained
from oauthapps.rules.credential_values import digest
from oauthapps.sql.failures import exceeded, seconds_left

WINDOW_SECONDS = 60


class TooManyFailuresError(OAuth2Error):
    """This client failed to authenticate too often from this network (429, RFC 6585 section 4)."""

    error = "temporarily_unavailable"
    status_code = 429

    def __init__(self, client_id: str, limit: int, what: str) -> None:
        super().__init__(
            "Too many failed attempts from this network. Wait for the number of seconds in Retry-After."
        )
        self.client_id = client_id
        self.seconds = seconds_left(WINDOW_SECONDS)
        explained(self, requests.throttled, what, limit, self.seconds)

    @property
    def headers(self) -> dict[str, str]:
        """How many seconds to wait: until the window that counts has passed."""
        return {"Retry-After": str(self.seconds)}


def count_failure(client_id: str, ip_address: str) -> None:
    """Count a failed client authentication.

    Raises:
        TooManyFailuresError: when there were more than the settings allow within a minute, for this client
            from this IP address's network or for any clients from it.
    """
    network = network_of(ip_address)
    limits = {
        f"network {network}": (settings.CLIENT_FAILURES_PER_NETWORK, "for any clients"),
        f"client {digest(client_id)} {network}": (
            settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK,
            "for this client",
        ),
    }
    if name := exceeded({name: limit for name, (limit, _) in limits.items()}, WINDOW_SECONDS):
        raise TooManyFailuresError(client_id, *limits[name])
