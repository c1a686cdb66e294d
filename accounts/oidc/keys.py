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

# How long a key counts at most after the provider withdrew it.
SECONDS_KEPT = 10 * 60
# How many times a minute keys are fetched at most, so that unknown key IDs can't flood the provider.
MOST_FETCHES, MINUTE = 5, 60
MOST_KEYS = 100
# How long other requests wait for the one that fetches keys before they fail.
WAIT_SECONDS = 2.0


@dataclass
class KeySet:
    """The keys of one provider.

    Attributes:
        keys: as the provider lists them.
        fetched: when they were fetched, the latest last, by `time.monotonic`.
        failed: when fetching them last failed, by the same clock.
        lock: held while they are fetched, so that only one of many sign-ins at once does it.
    """

    keys: list[Jwk] = field(default_factory=list)
    fetched: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FETCHES))
    failed: float = -math.inf
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serves(self, kid: str | None) -> bool:
        """Return whether the keys are current enough, or were fetched too often."""
        now = time.monotonic()
        if not self.fetched or now - self.fetched[-1] >= SECONDS_KEPT:
            return False
        is_known = any(kid is None or key.get("kid") == kid for key in self.keys)
        return is_known or (len(self.fetched) == MOST_FETCHES and now - self.fetched[0] < MINUTE)

    def renew(self, provider: IdentityProvider, url: str) -> None:
        """Fetch the keys, and replace the former ones.

        Raises:
            SignInRefusedError: when they can't be fetched.
        """
        try:
            self.keys = fetched_keys(provider, url)
        except SignInRefusedError:
            self.failed = time.monotonic()
            raise
        self.fetched.append(time.monotonic())


class KeyCache:
    """The keys of all providers, for this process."""

    def __init__(self) -> None:
        self.sets: dict[str, KeySet] = {}

    def keys_for(self, provider: IdentityProvider, kid: str | None) -> list[Jwk]:
        """Return a provider's keys, fetched again if they are old or the wanted one isn't among them.

        Anybody can send an unknown key ID, so waiting for keys doesn't block other requests.

        Args:
            provider: the provider.
            kid: the ID of the wanted key; None for any.

        Raises:
            SignInRefusedError: when they have to be fetched and can't be.
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
    """Run the block while no other request fetches these keys; waiting doesn't block other requests.

    Raises:
        SignInRefusedError: when another request takes too long, or couldn't fetch them either.
    """
    began = time.monotonic()
    aside: AbstractContextManager[None] = import_string(settings.WAITS_ASIDE)()
    with aside:
        if not kept.lock.acquire(timeout=WAIT_SECONDS):
            raise failures.unavailable(provider, "Another request is still waiting for the provider's keys.")
        try:
            if kept.failed >= began:
                raise failures.unavailable(
                    provider, "Another request couldn't fetch the provider's keys just now."
                )
            yield
        finally:
            kept.lock.release()


def fetched_keys(provider: IdentityProvider, url: str) -> list[Jwk]:
    """Return the keys that a provider publishes now (RFC 7517 section 5)."""
    listed = get_json(provider, url).get("keys")
    if not isinstance(listed, list):
        raise failures.unavailable(
            provider,
            "The document at the provider's jwks_uri has no list of keys.",
            "Check the jwks_uri in the provider's discovery document.",
        )
    return [key for key in listed[:MOST_KEYS] if isinstance(key, dict)]


key_cache = KeyCache()
