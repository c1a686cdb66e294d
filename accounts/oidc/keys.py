"""The public keys of identity providers, kept in memory and fetched again when they have changed."""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.calls import get_json
from accounts.oidc.discovery import Discovery
from accounts.oidc.failures import SignInRefusedError

Jwk = Mapping[str, Any]

# A key that a provider has withdrawn counts for so long at most.
SECONDS_KEPT = 10 * 60
# So many times a minute keys are fetched at most: a name that nobody knows can't have the provider flooded.
MOST_FETCHES, MINUTE = 5, 60
MOST_KEYS = 100
# Others wait so long for the one who fetches, and fail with them.
WAIT_SECONDS = 2.0


@dataclass
class KeySet:
    """The keys of one provider.

    Attributes:
        keys: as the provider lists them.
        fetched: when they were last fetched, the latest last, by the clock of `time.monotonic`.
        failed: when they could last not be fetched, by the same clock.
        lock: held while they are fetched, so that of many sign-ins at once one asks.
    """

    keys: list[Jwk] = field(default_factory=list)
    fetched: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FETCHES))
    failed: float = -math.inf
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serves(self, kid: str | None) -> bool:
        """Return whether there is nothing to gain from fetching the keys again, or it was done too often."""
        now = time.monotonic()
        if not self.fetched or now - self.fetched[-1] >= SECONDS_KEPT:
            return False
        is_known = any(kid is None or key.get("kid") == kid for key in self.keys)
        return is_known or (len(self.fetched) == MOST_FETCHES and now - self.fetched[0] < MINUTE)

    def renew(self, provider: IdentityProvider, url: str) -> None:
        """Fetch the keys, and take them in the place of the former.

        Raises:
            SignInRefusedError: when they cannot be fetched.
        """
        try:
            self.keys = fetched_keys(provider, url)
        except SignInRefusedError:
            self.failed = time.monotonic()
            raise
        self.fetched.append(time.monotonic())


class KeyCache:
    """The keys of all providers that a process has asked."""

    def __init__(self) -> None:
        self.sets: dict[str, KeySet] = {}

    def keys_for(self, provider: IdentityProvider, kid: str | None) -> list[Jwk]:
        """Return a provider's keys, fetched again where they are old or have none of this name.

        Anybody can name a key that is not known: whoever waits for keys keeps nobody else from being served.

        Args:
            provider: whose.
            kid: the name of the key that is wanted; None for any.

        Raises:
            SignInRefusedError: when they have to be fetched and cannot be.
        """
        url = Discovery(document=provider.discovery).jwks_uri
        kept = self.sets.setdefault(url, KeySet())
        if not kept.serves(kid):
            with one_who_fetches(kept, provider):
                if not kept.serves(kid):
                    kept.renew(provider, url)
        return kept.keys

    def forget(self) -> None:
        """Forget all keys."""
        self.sets.clear()


@contextmanager
def one_who_fetches(kept: KeySet, provider: IdentityProvider) -> Iterator[None]:
    """Run the block while nobody else fetches these keys; others are served meanwhile.

    Raises:
        SignInRefusedError: when somebody else takes too long, or could not fetch them either.
    """
    began = time.monotonic()
    aside: AbstractContextManager[None] = import_string(settings.WAITS_ASIDE)()
    with aside:
        if not kept.lock.acquire(timeout=WAIT_SECONDS):
            raise failures.unavailable(
                provider, "Another request has waited for the provider's keys for long."
            )
        try:
            if kept.failed >= began:
                raise failures.unavailable(
                    provider, "Another request couldn't fetch the provider's keys just now."
                )
            yield
        finally:
            kept.lock.release()


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
