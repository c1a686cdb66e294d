"""What a refusal tells: to an authenticated client the cause, to anybody else nothing about anybody."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote_plus, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application, RedirectURL
from oauthapps.rules import echoes
from oauthapps.rules.app_types import AppType
from oauthapps.services.activation import deactivate
from oauthapps.services.consents import withdraw_all
from tests.factories import AdministratorFactory, make_application
from tests.oauth2.answers import ERROR_TEXT
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import (
    AUTHORIZE,
    INTROSPECT,
    JWT_BEARER,
    JWT_EXCHANGE,
    REVOKE,
    TOKEN,
    OAuthClient,
    given,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

NOT_AUTHENTICATED = (
    "Client authentication failed: unknown or disabled client_id, or missing or wrong client secret."
)
pytestmark = pytest.mark.django_db

COMMAND = Actor.command("tests")


def told(answer: Answer, error: str = "invalid_grant", status: int = 400) -> str:
    """Return the description of a refusal."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    description: str = answer.json()["error_description"]
    assert ERROR_TEXT.fullmatch(description)
    assert answer.json()["message"] == description
    return description


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)


@pytest.fixture
def now() -> Any:
    """A time that stands still."""
    with time_machine.travel(timezone.now(), tick=False):
        yield timezone.now()


@pytest.fixture
def other(db: None) -> OAuthClient:
    created = make_application(AppType.WEB, name="Other")
    return OAuthClient(created.application.client_id, created.client_secret)


# Codes


@pytest.mark.spec("T-76", "RFC 6749 §5.2")
def test_a_code_nobody_issued(web: OAuthClient) -> None:
    assert (
        told(web.exchange("x"))
        == "The code is unknown to this client: never issued to it, or deleted after it expired."
    )


@pytest.mark.spec("T-76", "RFC 6749 §4.1.2")
@pytest.mark.parametrize(("seconds", "ago"), [(120, "0 seconds"), (121, "1 second"), (200, "80 seconds")])
def test_an_expired_code(web: OAuthClient, visitor: Client, now: datetime, seconds: int, ago: str) -> None:
    code = web.get_code(visitor)
    with later(seconds=seconds):
        assert told(web.exchange(code)) == f"The code expired {ago} ago: it works for 120 seconds."


@pytest.mark.spec("T-76", "RFC 6749 §4.1.2")
def test_a_code_used_before(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert web.exchange(code).status_code == 200
    used = "The code was already used. A code works once; all tokens issued from it have been revoked."
    assert told(web.exchange(code)) == used
    with later(days=3):
        assert told(web.exchange(code)) == used


@pytest.mark.spec("T-76", "RFC 6749 §4.1.3")
def test_a_code_sent_to_another_redirect_uri(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert told(web.exchange(code, redirect_uri="https://elsewhere.example/")) == (
        "The redirect_uri differs from the one in the authorization request: send the same value."
    )
    assert told(web.exchange(code, redirect_uri=None), "invalid_request") == (
        "Missing redirect_uri parameter: send the value from the authorization request."
    )


@pytest.mark.spec("T-76", "RFC 7636 §4.6")
@pytest.mark.parametrize(
    ("verifier", "cause"),
    [
        (None, "The code_verifier is missing: the authorization request had a code_challenge."),
        ("", "The code_verifier is missing: the authorization request had a code_challenge."),
        ("w" * 43, "The code_verifier does not match the code_challenge of the authorization request."),
        ("w" * 42, "The code_verifier has 42 characters: it must have 43 to 128."),
        ("w" * 129, "The code_verifier has 129 characters: it must have 43 to 128."),
    ],
)
def test_a_verifier_that_is_not_the_codes(
    web: OAuthClient, visitor: Client, verifier: str | None, cause: str
) -> None:
    web.pkce = True
    assert told(web.exchange(web.get_code(visitor), code_verifier=verifier)) == cause


@pytest.mark.spec("T-76", "RFC 9700 §4.8.2")
def test_a_verifier_nobody_asked_for(web: OAuthClient, visitor: Client) -> None:
    assert told(web.exchange(web.get_code(visitor), code_verifier="v" * 43)) == (
        "A code_verifier was sent, but the authorization request had no code_challenge."
    )


@pytest.mark.spec("T-76", "RFC 7636 §4.5")
def test_a_challenge_method_in_the_token_request(web: OAuthClient, visitor: Client) -> None:
    assert told(web.exchange(web.get_code(visitor), code_challenge_method="plain")) == (
        "Remove code_challenge_method from the token request: it belongs in the authorization request, "
        "where it must be S256."
    )


@pytest.mark.spec("T-76", "RFC 6749 §5.2")
def test_a_code_whose_person_or_redirect_url_is_gone(web: OAuthClient, visitor: Client, person: User) -> None:
    code = web.get_code(visitor)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert told(web.exchange(code)) == "The person who allowed this request is no longer active."
    User.objects.filter(pk=person.pk).update(is_active=True)
    RedirectURL.objects.all().delete()
    assert told(web.exchange(code)) == ("The redirect URL that the code was sent to is no longer registered.")


@pytest.mark.spec("T-76", "RFC 6749 §5.2")
def test_a_code_that_the_person_took_back(web: OAuthClient, visitor: Client, person: User) -> None:
    code = web.get_code(visitor)
    withdraw_all(person, actor=COMMAND)
    assert told(web.exchange(code)) == "The code is no longer valid: the person revoked access."


# Refresh tokens


def configure(client: OAuthClient, **fields: object) -> None:
    Application.objects.filter(client_id=client.client_id).update(**fields)


@pytest.mark.spec("R-30", "RFC 6749 §5.2")
def test_a_refresh_token_nobody_issued(web: OAuthClient, visitor: Client) -> None:
    unknown = "The refresh token is unknown to this client: never issued to it, or deleted after it ended."
    assert told(web.refresh("x")) == unknown
    assert told(web.refresh(web.get_tokens(visitor)["access_token"])) == unknown


@pytest.mark.spec("R-30", "RFC 9700 §4.14.2")
def test_a_refresh_token_that_was_replaced_and_those_that_its_replay_ends(
    web: OAuthClient, visitor: Client, now: datetime
) -> None:
    first = web.get_tokens(visitor)["refresh_token"]
    second = web.refresh(first).json()["refresh_token"]
    replaced = (
        "The refresh token was already used and replaced: use the one from the latest response. "
        "If that is refused too, the person must authorize again."
    )
    ended = "The refresh token is no longer valid: a refresh token that had been replaced was used again."
    third = web.refresh(second).json()["refresh_token"]
    assert told(web.refresh(first)) == replaced
    with later(minutes=5):
        assert told(web.refresh(first)) == replaced  # and only now the family ends
        assert told(web.refresh(third)) == ended
        assert told(web.refresh(first)) == ended


@pytest.mark.spec("R-30", "RFC 6749 §5.2; ASVS 10.4.8")
def test_a_refresh_token_expired_absolutely(web: OAuthClient, visitor: Client, now: datetime) -> None:
    configure(web, absolute_expiration="1d", inactivity_expiration="6m")
    token = web.get_tokens(visitor)["refresh_token"]
    with later(days=1, seconds=5):
        assert told(web.refresh(token)) == (
            "The refresh token expired 5 seconds ago: the absolute expiration is 1 day."
        )


@pytest.mark.spec("R-30", "RFC 6749 §5.2; ASVS 10.4.8")
def test_a_refresh_token_expired_by_inactivity(
    web: OAuthClient, visitor: Client, person: User, now: datetime
) -> None:
    configure(web, absolute_expiration="1y", inactivity_expiration="7d")
    User.objects.filter(pk=person.pk).update(last_active_at=now)
    token = web.get_tokens(visitor)["refresh_token"]
    with later(days=7, hours=1):
        assert told(web.refresh(token)) == (
            "The refresh token expired 3600 seconds ago: the inactivity expiration is 7 days."
        )


@pytest.mark.spec("R-30", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    "reason",
    [
        "the person revoked access",
        "this client revoked it",
        "its authorization code was used twice",
        "the person was deactivated",
    ],
)
def test_a_refresh_token_that_was_ended(web: OAuthClient, visitor: Client, person: User, reason: str) -> None:
    code = web.get_code(visitor)
    token = web.exchange(code).json()["refresh_token"]
    match reason:
        case "the person revoked access":
            withdraw_all(person, actor=COMMAND)
        case "this client revoked it":
            web.post(REVOKE, {"token": token}, Authorization=web.basic)
        case "its authorization code was used twice":
            web.exchange(code)
        case "the person was deactivated":
            AdministratorFactory.create()  # one must be left
            deactivate(person, actor=COMMAND)
    assert told(web.refresh(token)) == f"The refresh token is no longer valid: {reason}."


@pytest.mark.spec("R-30", "RFC 6749 §5.2")
def test_a_refresh_token_whose_person_is_not_active(web: OAuthClient, visitor: Client, person: User) -> None:
    token = web.get_tokens(visitor)["refresh_token"]
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert told(web.refresh(token)) == "The person who allowed this access is no longer active."


# Grant types and scopes

OFFERED = f"authorization_code, refresh_token, {JWT_BEARER}, client_credentials"


@pytest.mark.spec("T-77", "RFC 6749 §5.2")
def test_a_grant_type_of_nobodys_is_answered_with_those_of_the_application(
    web: OAuthClient, single_page: OAuthClient, machine: Machine
) -> None:
    for client, label, grant_types in (
        (web, "Web Application", "authorization_code, refresh_token"),
        (single_page, "Single Page Web Application", "authorization_code, refresh_token"),
        (machine.client, "Machine to Machine Application", f"{JWT_BEARER}, client_credentials"),
    ):
        answer = client.exchange("x", grant_type="password")
        assert told(answer, "unsupported_grant_type") == (
            f"A {label} cannot use the grant type password. It can use: {grant_types}."
        )


@pytest.mark.spec("T-77", "RFC 6749 §5.2")
def test_a_grant_type_of_another_type_of_application(web: OAuthClient, machine: Machine) -> None:
    refused = f"A Web Application cannot use the grant type {JWT_BEARER}. It can use: authorization_code"
    for answer in (web.exchange("x", grant_type=JWT_BEARER), web.exchange_jwt("x")):
        assert told(answer, "unauthorized_client") == f"{refused}, refresh_token."
    assert told(machine.client.refresh("x"), "unauthorized_client") == (
        f"A Machine to Machine Application cannot use the grant type refresh_token. "
        f"It can use: {JWT_BEARER}, client_credentials."
    )


@pytest.mark.spec("T-77", "RFC 6749 §5.2")
def test_whoever_has_not_authenticated_reads_what_everybody_may_use(web: OAuthClient) -> None:
    for changes in ({"client_secret": "wrong"}, {"client_id": "0" * 32}, {"client_id": None}):
        answer = web.exchange("x", grant_type="password", **changes)
        assert told(answer, "unsupported_grant_type") == (
            f"The grant type password is not supported. Supported: {OFFERED}."
        )


@pytest.mark.spec("T-77", "RFC 6749 §3.3, §5.2")
def test_a_scope_that_cannot_be_had_is_named_with_those_that_can(
    web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    refresh_token = web.get_tokens(visitor, scope="read offline_access")["refresh_token"]
    assert told(web.refresh(refresh_token, scope="read write"), "invalid_scope") == (
        "The scope write is not available. Available: read, offline_access."
    )
    refused = machine.client.exchange_jwt(machine.assertion(), scope="openid profile read")
    assert told(refused, "invalid_scope") == (
        "The scopes openid, profile are not available. Available: read, write."
    )


@pytest.mark.spec("T-77", "RFC 6749 §4.1.2.1")
def test_a_scope_that_does_not_exist_is_named_to_the_redirect_uri(web: OAuthClient, visitor: Client) -> None:
    for scope, named in (
        ("openid", "scope openid is"),
        ("openid profile read", "scopes openid, profile are"),
        ("read,write", "scope read,write is"),
        ("https://www.example.com/auth/user.email", "requested scope is"),
        ("é", "requested scope is"),
    ):
        answer = visitor.get(AUTHORIZE, web.authorization_parameters(scope=scope))
        query = parse_qs(urlsplit(answer["Location"]).query)
        assert query["error"] == ["invalid_scope"]
        assert query["error_description"] == [
            f"The {named} not available. Available: read, write, offline_access."
        ]


@pytest.mark.spec("T-77", "RFC 6749 §5.2, §10.3")
@pytest.mark.parametrize(
    "value",
    [
        "gtsec_abc",
        "xgtref_abc",
        "read gtacc_abc",
        "gtcode_abc",
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        "a" * 65,
        "8f14e45fceea167a5a36dedd4bea2543",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "123e4567-e89b-12d3-a456-426614174000",
        "tGzv3JOkF0XG5Qx2TlKWIA",
        "Xq9~vB7.mN3-pL1_zR5",
        "correcthorsebatterystaple",
        'a"b',
        "a\\b",
        "bold\nbolder",
        "<b>",
        "naïve",
    ],
)
def test_what_could_be_a_credential_or_does_harm_is_not_repeated(
    web: OAuthClient, machine: Machine, value: str
) -> None:
    for answer, error in (
        (web.exchange("x", grant_type=value), "unsupported_grant_type"),
        (web.exchange("x", grant_type=value, client_secret="wrong"), "unsupported_grant_type"),
        (machine.client.exchange_jwt(machine.assertion(), scope=value), "invalid_scope"),
    ):
        assert "requested" in told(answer, error)
        assert max(value.split(), key=len) not in answer.content.decode()


# The form of credentials


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.mark.spec("T-78", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (lambda value: f"{value}\n", "has whitespace at its end"),
        (lambda value: f"{value} ", "has whitespace at its end"),
        (lambda value: f"\t{value}", "has whitespace at its beginning"),
        (lambda value: f" {value} ", "has whitespace at its end"),
        (lambda value: f'"{value}"', "is enclosed in quotation marks"),
        (lambda value: f"'{value}'", "is enclosed in quotation marks"),
    ],
    ids=["line break", "space", "tab before", "both sides", "quotes", "single quotes"],
)
def test_a_secret_that_copying_spoiled_says_so_and_nothing_about_the_client(
    web: OAuthClient, spoil: Callable[[str], str], hint: str
) -> None:
    secret = spoil(web.client_secret)
    expected = f"{NOT_AUTHENTICATED} The client secret {hint}."
    request = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", "jwt_token": "x"}
    for path in (TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT):
        answers = [
            answer
            for client_id in (web.client_id, "0" * 32)
            for answer in (
                web.post(path, {**request, "client_id": client_id, "client_secret": secret}),
                web.post(path, request, Authorization=basic(client_id, secret)),
                web.post(path, request, Authorization=basic(client_id, quote(secret, safe=""))),
            )
        ]
        assert {told(answer, "invalid_client", 401) for answer in answers} == {expected}
        assert len({answer.content for answer in answers}) == 1
    of_the_id = web.refresh("x", client_id=spoil(web.client_id))
    assert told(of_the_id, "invalid_client", 401) == f"{NOT_AUTHENTICATED} The client_id {hint}."


@pytest.mark.spec("T-78", "RFC 6749 §5.2")
@pytest.mark.parametrize("secret", ["wrong", "", None, "it's", "a b", "%", "a+"])
def test_a_secret_that_is_merely_wrong_is_only_wrong(web: OAuthClient, secret: str | None) -> None:
    refused = NOT_AUTHENTICATED
    assert told(web.refresh("x", client_secret=secret), "invalid_client", 401) == refused
    in_header = web.post(TOKEN, {"grant_type": "x"}, Authorization=basic(web.client_id, secret or ""))
    assert told(in_header, "unsupported_grant_type").startswith("The grant type")


@pytest.mark.spec("T-31", "RFC 7617 §2")
def test_a_broken_basic_header_is_called_that(web: OAuthClient) -> None:
    answer = web.post(TOKEN, {"grant_type": "refresh_token"}, Authorization="Basic !!!")
    assert told(answer, "invalid_client", 401).startswith("The Authorization header is not valid")


# What others learn


def every_end(web: OAuthClient, visitor: Client, person: User) -> tuple[list[str], list[str]]:
    """Return codes and refresh tokens of a client in every state they can be in."""
    live_code, used_code = web.get_code(visitor), web.get_code(visitor)
    live = web.exchange(used_code).json()["refresh_token"]
    replaced = web.get_tokens(visitor)["refresh_token"]
    web.refresh(replaced)
    with time_machine.travel(timezone.now() - timedelta(days=800), tick=False):
        expired_code = web.get_code(visitor)
        expired = web.get_tokens(visitor)["refresh_token"]
    revoked = web.get_tokens(visitor)["refresh_token"]
    web.post(REVOKE, {"token": revoked}, Authorization=web.basic)
    return [live_code, used_code, expired_code], [live, replaced, expired, revoked]


@pytest.mark.spec("T-79", "RFC 6749 §5.2, §10.3")
def test_another_client_learns_nothing(
    web: OAuthClient, other: OAuthClient, single_page: OAuthClient, visitor: Client, person: User
) -> None:
    codes, refresh_tokens = every_end(web, visitor, person)
    with later(minutes=1):
        for client in (other, single_page):
            never = client.exchange("gtcode_never"), client.refresh("gtref_never")
            for code in codes:
                answer = client.exchange(code)
                assert (answer.status_code, answer.content) == (400, never[0].content)
            for refresh_token in refresh_tokens:
                answer = client.refresh(refresh_token)
                assert (answer.status_code, answer.content) == (400, never[1].content)
        assert web.refresh(refresh_tokens[0]).status_code == 200
        assert web.exchange(codes[0]).status_code == 200


@pytest.mark.spec("T-79", "RFC 6749 §5.2, §10.3")
@pytest.mark.parametrize(
    "changes", [{"client_secret": None}, {"client_secret": "wrong"}, {"client_id": "0" * 32}], ids=str
)
def test_nothing_is_told_before_authentication(
    web: OAuthClient, visitor: Client, person: User, changes: dict[str, str | None]
) -> None:
    codes, refresh_tokens = every_end(web, visitor, person)
    answers = [
        web.post(TOKEN, given({**parameters, **changes}))
        for parameters in (
            *map(web.token_parameters, codes),
            *map(web.refresh_parameters, refresh_tokens),
            web.token_parameters("x", redirect_uri="https://elsewhere.example/", code_verifier="x"),
            web.refresh_parameters("x", scope="openid"),
            web.token_parameters("x", grant_type=JWT_BEARER, assertion="x"),
        )
    ]
    assert {told(answer, "invalid_client", 401) for answer in answers} == {NOT_AUTHENTICATED}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.spec("T-62", "RFC 6749 §5.2; Workfront")
def test_the_cause_is_told_in_both_dialects(web: OAuthClient, visitor: Client) -> None:
    token = web.get_tokens(visitor)["refresh_token"]
    web.refresh(web.refresh(token).json()["refresh_token"])
    standard = web.refresh(token).json()
    configure(web, response_profile="workfront")
    assert web.refresh(token).json() == {**standard, "error": True}
    assert application_of(web).is_workfront_compatible


@pytest.mark.spec("T-77", "ASVS 15.2.2")
def test_reading_what_was_asked_for_takes_no_time_whatever_it_is() -> None:
    began = time.monotonic()
    for text in ("ab." * 21 + "!", "ab_" * 21 + "!", "a" * 63 + "!", "aB" * 32, "Ab1-" * 16):
        echoes.is_harmless(text)
    assert time.monotonic() - began < 0.1


@pytest.mark.spec("T-77", "RFC 9700 §4.11")
def test_a_link_puts_no_words_into_a_clients_page(web: OAuthClient) -> None:
    asked = web.authorization_parameters(scope="call-your-bank_now https://evil.example")
    told = unquote_plus(Client().get(AUTHORIZE, asked)["Location"])
    assert "error=invalid_scope" in told
    assert "bank" not in told
    assert "evil" not in told
    assert "The requested scope is not available. Available: read, write, offline_access." in told
