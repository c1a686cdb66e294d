"""A provider's keys: fetched when they are needed, and again when they have changed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from accounts.models import IdentityProvider
from accounts.oidc.failures import SignInRefusedError
from accounts.oidc.keys import KeySet, key_cache
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.infrastructure.scripted_provider import FIRST, SECOND, ScriptedProvider
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db


@pytest.fixture
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a minute pass, by the clock that keys are kept by."""
    now = time.monotonic() + 61
    monkeypatch.setattr("accounts.oidc.keys.time.monotonic", lambda: now)


@pytest.fixture(autouse=True)
def _person(provider: ScriptedProvider) -> None:
    provider.person |= {"email": "ada@example.org", "email_verified": True}


def sign_in(sso: SsoBrowser) -> bool:
    sso.client.logout()
    return sso.sign_in().status_code == 302


@pytest.mark.spec("I-37", "OpenID Connect Core 1.0 10.1.1")
def test_keys_are_fetched_once_for_many_sign_ins(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    assert sign_in(sso)
    assert sign_in(sso)
    assert provider.asked.count("/keys") == 1


@pytest.mark.spec("I-37", "OpenID Connect Core 1.0 10.1.1")
def test_a_token_under_a_new_key_signs_in_at_once(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    assert sign_in(sso)
    provider.key, provider.published = SECOND, [SECOND]
    assert sign_in(sso)
    assert sign_in(sso)
    assert provider.asked.count("/keys") == 2


@pytest.mark.spec("I-37", "OpenID Connect Core 1.0 10.1.1")
def test_keys_are_fetched_five_times_a_minute_at_most(
    sso: SsoBrowser, provider: ScriptedProvider, request: pytest.FixtureRequest
) -> None:
    provider.key, provider.published = SECOND, [FIRST]
    assert not any(sign_in(sso) for _ in range(7))
    assert provider.asked.count("/keys") == 5  # nobody floods the provider
    provider.published = [SECOND]
    assert not sign_in(sso)
    request.getfixturevalue("_later")
    assert sign_in(sso)
    assert provider.asked.count("/keys") == 6


@pytest.mark.spec("I-37", "OpenID Connect Core 1.0 10.1.1")
def test_a_key_that_was_withdrawn_counts_for_ten_minutes_at_most(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    assert sign_in(sso)
    provider.published = [SECOND]
    assert sign_in(sso)
    for kept in key_cache.sets.values():
        kept.fetched.append(kept.fetched.pop() - 601)
    assert not sign_in(sso)


def test_a_token_that_names_no_key_is_tried_with_all(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    provider.published = [SECOND, FIRST]
    provider.sign = lambda claims: provider.signed(claims, kid=None)
    assert sign_in(sso)


@pytest.mark.parametrize("change", [{"use": "enc"}, {"alg": "RS512"}, {"key_ops": ["encrypt"]}])
def test_a_key_for_something_else_signs_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    jwk = FIRST.as_dict(private=False) | change
    monkeypatch.setattr(provider, "keys", lambda: {"keys": [jwk]})
    assert not sign_in(sso)


@pytest.mark.parametrize(
    "keys", [{}, {"keys": "none"}, {"keys": [7, {"kty": "RSA"}, {"kty": "RSA", "n": 1}]}]
)
def test_keys_that_are_none_sign_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, keys: dict[str, object]
) -> None:
    monkeypatch.setattr(provider, "keys", lambda: keys)
    assert not sign_in(sso)


@pytest.fixture
def silent(row: IdentityProvider) -> Iterator[IdentityProvider]:
    """A provider whose keys are at an address that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/keys"
        row.discovery = row.discovery | {"jwks_uri": url}
        yield row


@pytest.mark.spec("I-37", "ASVS 15.4")
def test_of_many_who_want_keys_that_do_not_come_none_waits_for_the_others(silent: IdentityProvider) -> None:
    def seconds() -> float:
        began = time.monotonic()
        with pytest.raises(SignInRefusedError, match="isn't responding"):
            key_cache.keys_for(silent, "anything")
        return time.monotonic() - began

    waited = sorted(in_parallel(seconds, times=6))
    assert waited[-2] < 4  # the last one is who asked
    assert waited[-1] < 7


@pytest.mark.spec("I-37", "ASVS 15.4")
def test_whoever_waits_for_keys_lets_others_be_served(
    row: IdentityProvider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    @contextmanager
    def aside() -> Iterator[None]:
        steps.append("aside")
        yield

    def release() -> None:
        steps.append("fetched")
        kept.lock.release()

    monkeypatch.setattr("tests.parallel.aside", aside, raising=False)
    settings.WAITS_ASIDE = "tests.parallel.aside"
    kept = key_cache.sets.setdefault(row.discovery["jwks_uri"], KeySet())
    kept.lock.acquire()  # somebody fetches them
    threading.Timer(0.3, release).start()
    key_cache.keys_for(row, "first")
    assert steps[:2] == ["aside", "fetched"]
    steps.clear()
    key_cache.keys_for(row, "first")
    assert steps == []  # they are known


@pytest.mark.spec("I-37", "ASVS 15.4")
def test_whoever_waited_for_keys_that_could_not_be_fetched_asks_no_second_time(
    row: IdentityProvider, provider: ScriptedProvider
) -> None:
    kept = key_cache.sets.setdefault(row.discovery["jwks_uri"], KeySet())
    kept.lock.acquire()  # somebody fetches them

    def fail() -> None:
        kept.failed = time.monotonic()
        kept.lock.release()

    threading.Timer(0.3, fail).start()
    with pytest.raises(SignInRefusedError, match="isn't responding"):
        key_cache.keys_for(row, "first")
    assert provider.asked == []
    assert key_cache.keys_for(row, "first")  # the next one does
