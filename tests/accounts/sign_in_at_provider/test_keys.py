"""A provider's keys: fetched when they are needed, and again when they have changed."""

import time

import pytest

from accounts.oidc.keys import key_cache
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.infrastructure.scripted_provider import FIRST, SECOND, ScriptedProvider

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
