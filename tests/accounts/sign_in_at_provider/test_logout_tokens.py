"""What a provider says when somebody signs out there, and what ends here by that."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import IdentityProvider, ProviderSession, User
from accounts.oidc.keys import key_cache
from audit.models import Event, EventKind
from oauthapps.http.notes import notes
from oauthapps.models import TokenFamily
from oauthapps.models.consents import EndReason
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.factories import UserFactory, make_provider
from tests.infrastructure.scripted_provider import (
    CLIENT_ID,
    SECOND,
    ScriptedProvider,
    signed_by_shared_secret,
    unsigned,
)
from tests.oauth_client import OAuthClient
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SID = "08a5019c-17e1-4977-8f42-65a12843ea02"
Claims = dict[str, Any]


@pytest.fixture(autouse=True)
def ada(provider: ScriptedProvider, row: IdentityProvider) -> User:
    ada: User = UserFactory.create(username="ada", email="ada@example.org")
    SocialAccount.objects.create(user=ada, provider=row.issuer, uid=provider.person["sub"])
    provider.person["sid"] = SID
    return ada


def claims(provider: ScriptedProvider, **changes: Any) -> Claims:
    """The claims of a valid logout token; `...` leaves one out."""
    now = int(time.time())
    valid: Claims = {
        "iss": provider.issuer,
        "aud": CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": f"jti-{time.time_ns()}",
        "sub": provider.person["sub"],
        "sid": SID,
        "events": {EVENT: {}},
    }
    return {name: value for name, value in (valid | changes).items() if value is not ...}


def send(row: IdentityProvider, token: str) -> Any:
    """Send a logout token as a provider does."""
    return Client(raise_request_exception=False).post(
        f"/accounts/logout/provider/{row.provider_id}/",
        f"logout_token={token}",
        content_type="application/x-www-form-urlencoded",
    )


def log_out(provider: ScriptedProvider, row: IdentityProvider, **changes: Any) -> Any:
    return send(row, provider.signed(claims(provider, **changes), typ="logout+jwt"))


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.8")
@pytest.mark.parametrize("named", [{}, {"sub": ...}, {"sid": ...}], ids=["both", "by sid", "by sub"])
def test_a_logout_ends_the_session_within_the_request(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, ada: User, named: Claims
) -> None:
    sso.sign_in()
    answer = log_out(provider, row, **named)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert not answer.content
    assert not sso.is_signed_in
    assert not ProviderSession.objects.exists()
    event = Event.objects.get(kind=EventKind.SESSIONS_ENDED)
    assert (event.person, event.actor_name) == (ada, f"identity provider {row.name}")
    assert event.detail == f"signed out at {row.name}: 1 session"


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.7")
def test_one_that_names_a_session_ends_no_other(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    sso.sign_in()
    other = SsoBrowser(provider, row)
    provider.person["sid"] = "another-session"
    other.sign_in()
    log_out(provider, row)
    assert not sso.is_signed_in
    assert other.is_signed_in
    log_out(provider, row, sid=...)
    assert not other.is_signed_in


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.7")
def test_it_ends_nobody_elses_and_none_that_began_elsewhere(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, ada: User
) -> None:
    by_password = Client()
    by_password.post("/accounts/login/", {"login": "ada", "password": "correct horse battery staple"})
    sso.sign_in()
    assert log_out(provider, row, sub="somebody-else").status_code == 200
    assert log_out(provider, row, sub="somebody-else", sid=...).status_code == 200
    assert log_out(provider, row, sid="another").status_code == 200
    assert sso.is_signed_in
    log_out(provider, row)
    assert by_password.get("/security/").status_code == 200
    assert UserSession.objects.count() == Session.objects.count() == 1


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.7")
def test_a_session_is_found_under_its_latest_key(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    provider.person["auth_time"] = int(time.time())
    sso.sign_in()
    sso.client.post("/accounts/reauthenticate/", {"password": "correct horse battery staple"})
    assert sso.is_signed_in
    log_out(provider, row)
    assert not sso.is_signed_in


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.7")
@pytest.mark.parametrize("names_subject", [True, False])
def test_a_session_whose_sid_no_id_token_said_ends_with_its_subject(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, names_subject: bool
) -> None:
    del provider.person["sid"]
    sso.sign_in()
    log_out(provider, row, sid="a", sub="somebody else")
    assert sso.is_signed_in
    log_out(provider, row, **({} if names_subject else {"sub": ...}))
    assert sso.is_signed_in != names_subject


BROKEN: dict[str, Claims] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another"},
    "another party": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "no audience": {"aud": ...},
    "no exp": {"exp": ...},
    "expired": {"exp": 1},
    "no iat": {"iat": ...},
    "iat ahead": {"iat": 33_000_000_000},
    "made long ago": {"iat": 1_700_000_000},
    "no events": {"events": ...},
    "events as a list": {"events": [EVENT]},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": {"events": {EVENT: True}},
    "a nonce": {"nonce": "x"},
    "an empty nonce": {"nonce": None},
    "neither sub nor sid": {"sub": ..., "sid": ...},
    "both empty": {"sub": "", "sid": ""},
    "sub as a number": {"sub": 1},
    "sid as an object": {"sid": {}},
    "sid too long": {"sid": "x" * 256},
    "a NUL": {"sid": "x\0"},
    "no jti": {"jti": ...},
    "jti as a number": {"jti": 7},
}


@pytest.mark.spec("I-104", "OpenID Connect Back-Channel Logout 1.0 §2.6")
@pytest.mark.parametrize("change", BROKEN)
def test_what_is_no_valid_logout_token_ends_nothing(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, change: str
) -> None:
    sso.sign_in()
    answer = log_out(provider, row, **BROKEN[change])
    assert answer.status_code == 400
    assert answer["Cache-Control"] == "no-store"
    assert json.loads(answer.content)["error"] == "invalid_request"
    assert sso.is_signed_in


FORGED: dict[str, Callable[[ScriptedProvider], str]] = {
    "unsigned": lambda provider: unsigned(claims(provider)),
    "under the client secret": lambda provider: signed_by_shared_secret(b"provider-secret-7d1f")(
        claims(provider)
    ),
    "of an ID token's type": lambda provider: provider.signed(claims(provider), typ="at+jwt"),
    "no JWT": lambda _: "x",
    "nothing": lambda _: "",
    "half": lambda provider: provider.signed(claims(provider)).rpartition(".")[0],
    "changed": lambda provider: provider.signed(claims(provider))[:-4] + "AAAA",
}


@pytest.mark.spec("I-104", "OpenID Connect Back-Channel Logout 1.0 §2.6")
@pytest.mark.parametrize("way", FORGED)
def test_what_the_provider_has_not_signed_ends_nothing(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, way: str
) -> None:
    sso.sign_in()
    assert send(row, FORGED[way](provider)).status_code == 400
    assert sso.is_signed_in


@pytest.mark.spec("I-104", "OpenID Connect Back-Channel Logout 1.0 §2.6")
@pytest.mark.parametrize("kind", [None, "JWT", "logout+jwt", "application/logout+jwt"])
def test_the_types_that_a_logout_token_may_have(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, kind: str | None
) -> None:
    sso.sign_in()
    assert send(row, provider.signed(claims(provider), typ=kind)).status_code == 200
    assert not sso.is_signed_in


@pytest.mark.spec("I-104", "OpenID Connect Back-Channel Logout 1.0 §2.6")
def test_another_providers_token_ends_nothing_here(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    sso.sign_in()
    other = make_provider("https://other.example", name="Other")
    assert send(other, provider.signed(claims(provider))).status_code in {400, 503}
    provider.key = SECOND
    assert log_out(provider, row).status_code == 400
    assert sso.is_signed_in


@pytest.mark.spec("I-105", "OpenID Connect Back-Channel Logout 1.0 §2.6")
def test_a_token_works_once(sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider) -> None:
    token = provider.signed(claims(provider, sid=...))
    assert send(row, token).status_code == 200
    sso.sign_in()
    assert send(row, token).status_code == 400
    assert sso.is_signed_in


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("I-105", "OpenID Connect Back-Channel Logout 1.0 §2.6")
def test_of_several_at_once_one_counts(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    sso.sign_in()
    token = provider.signed(claims(provider))
    answers = in_parallel(lambda: int(send(row, token).status_code), 4)
    assert sorted(answers) == [200, 400, 400, 400]
    assert Event.objects.filter(kind=EventKind.SESSIONS_ENDED).count() == 1


@pytest.mark.spec("I-105", "OpenID Connect Back-Channel Logout 1.0 §2.6")
def test_one_that_could_not_be_done_can_come_again(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sso.sign_in()
    token = provider.signed(claims(provider))
    with monkeypatch.context() as patched:
        patched.setattr("oauthapps.services.provider_logout.end_sessions", lambda *_: 1 / 0)
        assert send(row, token).status_code == 500
    assert sso.is_signed_in
    assert send(row, token).status_code == 200
    assert not sso.is_signed_in


@pytest.mark.spec("I-106", "the console")
@pytest.mark.parametrize("ends_tokens", [True, False])
def test_tokens_end_by_choice(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider, web: OAuthClient, ends_tokens: bool
) -> None:
    IdentityProvider.objects.update(logout_ends_tokens=ends_tokens)
    sso.sign_in()
    tokens = web.get_tokens(sso.client)
    log_out(provider, row)
    assert web.me(tokens["access_token"]).status_code == (401 if ends_tokens else 200)
    assert (web.refresh(tokens["refresh_token"]).status_code == 400) == ends_tokens
    family = TokenFamily.objects.get()
    assert family.end_reason == (EndReason.SIGNED_OUT_AT_PROVIDER if ends_tokens else "")
    detail = Event.objects.get(kind=EventKind.SESSIONS_ENDED).detail
    assert detail.endswith("1 session, 1 authorization" if ends_tokens else "1 session")


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.5")
def test_the_endpoint_takes_one_token_in_a_form_and_nothing_else(
    provider: ScriptedProvider, row: IdentityProvider
) -> None:
    url = f"/accounts/logout/provider/{row.provider_id}/"
    token = provider.signed(claims(provider))
    assert Client().get(url, {"logout_token": token}).status_code == 405
    assert Client().post(f"{url}?logout_token={token}").status_code == 400
    as_json = Client().post(url, {"logout_token": token}, content_type="application/json")
    assert as_json.status_code == 400
    assert send(row, f"{token}&logout_token={token}").status_code == 400
    assert send(row, "x" * 70_000).status_code == 400
    assert Client().post(f"/accounts/logout/provider/{'0' * 32}/").status_code == 404


@pytest.mark.spec("I-103", "OpenID Connect Back-Channel Logout 1.0 §2.8")
def test_a_provider_whose_keys_cannot_be_fetched_is_asked_to_come_again(
    sso: SsoBrowser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    sso.sign_in()
    token = provider.signed(claims(provider))
    IdentityProvider.objects.update(discovery=row.discovery | {"jwks_uri": f"{provider.issuer}/nothing"})
    key_cache.forget()
    answer = send(row, token)
    assert answer.status_code == 503
    assert answer["Cache-Control"] == "no-store"
    assert sso.is_signed_in


@pytest.mark.spec("I-107", "the console")
def test_refusals_are_noted_with_their_cause_and_without_the_token(
    provider: ScriptedProvider, row: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "are_read", True)
    notes.clear()
    token = provider.signed(claims(provider, nonce="x"))
    answer = send(row, token)
    (noted,) = notes
    notes.clear()
    assert (noted.endpoint, noted.status) == ("logout", 400)
    assert noted.refusal is not None
    assert noted.refusal.explain is not None
    explanation = noted.refusal.explain()
    assert explanation.cause == f"{row.name}: The logout token has a nonce."
    assert "section 2.4" in explanation.fix
    assert provider.person["sub"] not in f"{explanation} {answer.content!r}"
    assert token not in f"{explanation} {answer.content!r} {noted.refusal}"
