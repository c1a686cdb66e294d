"""Requests that are refused, as clients send them whose credentials are wrong or over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.messages import get, post
from tests.oauth_client import TOKEN, VERIFY

# Makes one from how an application authenticates in a form, a number that tells it apart, and more headers.
MakeRequest = Callable[[Mapping[str, str], int, Mapping[str, str]], bytes]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A kind of them.

    Attributes:
        statuses: of the answers; 429 once a network has failed too often.
        make: makes a request.
    """

    statuses: tuple[int, ...]
    make: MakeRequest


def wrong_secret(client: Mapping[str, str], number: int, headers: Mapping[str, str]) -> bytes:
    """Return a token request whose secret is not the application's."""
    return refresh({**client, "client_secret": f"gtsec_{number:049d}"}, number, headers)


def unknown_client(_: Mapping[str, str], number: int, headers: Mapping[str, str]) -> bytes:
    """Return a token request of an application that there is not."""
    stranger = {"client_id": f"{number:032x}", "client_secret": f"gtsec_{number:049d}"}
    return refresh(stranger, number, headers)


def unknown_refresh(client: Mapping[str, str], number: int, headers: Mapping[str, str]) -> bytes:
    """Return a refresh by an application that authenticates, with a token that nobody got."""
    return refresh(client, number, headers)


def dead_bearer(_: Mapping[str, str], number: int, headers: Mapping[str, str]) -> bytes:
    """Return a proxy's question about an access token that nobody got."""
    return get(VERIFY, f"gtacc_unknown_{number:041d}", headers)


def refresh(client: Mapping[str, str], number: int, headers: Mapping[str, str]) -> bytes:
    """Return a refresh with a token that nobody got."""
    form = {"grant_type": "refresh_token", "refresh_token": f"gtref_unknown_{number:041d}", **client}
    return post(TOKEN, form, headers)


KINDS = {
    "wrong-secret": Refusal(statuses=(401, 429), make=wrong_secret),
    "unknown-refresh": Refusal(statuses=(400,), make=unknown_refresh),
    "dead-bearer": Refusal(statuses=(401,), make=dead_bearer),
    "unknown-client": Refusal(statuses=(401, 429), make=unknown_client),
}
