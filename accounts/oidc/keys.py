"""The public keys of identity providers, kept in memory and fetched again when they have changed."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.calls import get_json
from accounts.oidc.discovery import Discovery

Jwk = Mapping[str, Any]

# A key that a provider has withdrawn counts for so long at most.
SECONDS_KEPT = 10 * 60
# So many times a minute keys are fetched at most: a name that nobody knows can't have the provider flooded.
MOST_FETCHES, MINUTE = 5, 60
MOST_KEYS = 100


@dataclass
class KeySet:
    """The keys of one provider.

    Attributes:
        keys: as the provider lists them.
        fetched: when they were last fetched, the latest last, by the clock of `time.monotonic`.
        lock: held while they are fetched, so that of many sign-ins at once one asks.
    """

    keys: list[Jwk] = field(default_factory=list)
    fetched: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FETCHES))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serves(self, kid: str | None) -> bool:
        """Return whether there is nothing to gain from fetching the keys again, or it was done too often."""
        now = time.monotonic()
        if not self.fetched or now - self.fetched[-1] >= SECONDS_KEPT:
            return False
        is_known = any(kid is None or key.get("kid") == kid for key in self.keys)
        return is_known or (len(self.fetched) == MOST_FETCHES and now - self.fetched[0] < MINUTE)

    def renew(self, keys: list[Jwk]) -> None:
        """Take keys that were fetched just now in the place of the former."""
        self.keys = keys
        self.fetched.append(time.monotonic())


class KeyCache:
    """The keys of all providers that a process has asked."""

    def __init__(self) -> None:
        self.sets: dict[str, KeySet] = {}

    def keys_for(self, provider: IdentityProvider, kid: str | None) -> list[Jwk]:
        """Return a provider's keys, fetched again where they are old or have none of this name.

        Args:
            provider: whose.
            kid: the name of the key that is wanted; None for any.

        Raises:
            SignInRefusedError: when they have to be fetched and cannot be.
        """
        url = Discovery(document=provider.discovery).jwks_uri
        kept = self.sets.setdefault(url, KeySet())
        with kept.lock:
            if not kept.serves(kid):
                kept.renew(fetched_keys(provider, url))
            return kept.keys

    def forget(self) -> None:
        """Forget all keys."""
        self.sets.clear()


def fetched_keys(provider: IdentityProvider, url: str) -> list[Jwk]:
    """Return the keys that a provider lists now (RFC 7517 section 5)."""
    listed = get_json(provider, url).get("keys")
    if not isinstance(listed, list):
        raise failures.unavailable(
            provider,
            "The document at the provider's jwks_uri has no list of keys.",
            "Check the jwks_uri in the provider's discovery document.",
        )
    return [key for key in listed[:MOST_KEYS] if isinstance(key, dict)]


key_cache = KeyCache()
