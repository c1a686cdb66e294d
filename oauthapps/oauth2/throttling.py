"""Slowing down whoever guesses client secrets. Right credentials are never slowed down, nor counted."""

from django.conf import settings
from django.utils import timezone
from oauthlib.oauth2 import OAuth2Error

from audit.ip_addresses import network_of
from oauthapps.explanations import requests
from oauthapps.oauth2.explained import explained
from oauthapps.rules.credential_values import digest
from oauthapps.sql import failures
from oauthapps.sql.failures import window_began

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
        self.seconds = WINDOW_SECONDS - int(timezone.now().timestamp()) % WINDOW_SECONDS
        explained(self, requests.throttled, what, limit, self.seconds)

    @property
    def headers(self) -> dict[str, str]:
        """How many seconds to wait: until the window that counts has passed."""
        return {"Retry-After": str(self.seconds)}


class Exhausted:
    """What has failed too often in the present window, as this process has heard: it is not counted on.

    So a flood of failures costs the database a look-up each and no row to write.
    """

    def __init__(self) -> None:
        self.window: tuple[int, set[str]] = 0, set()

    def present(self) -> set[str]:
        """Return the names; none where a new window has begun."""
        began = window_began(WINDOW_SECONDS)
        if began != self.window[0]:
            self.window = began, set()
        return self.window[1]


exhausted = Exhausted()


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
    known = exhausted.present()
    if known.isdisjoint(limits):
        counts = failures.count_failure([*limits], WINDOW_SECONDS)
        known.update(name for name, count in zip(limits, counts, strict=True) if count > limits[name][0])
    for name, (limit, what) in limits.items():
        if name in known:
            raise TooManyFailuresError(client_id, limit, what)
