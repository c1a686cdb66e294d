"""The token endpoint with an authorization code: a valid request, and one part of it broken at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import Organization, User
from oauthapps.models import AccessToken, Event, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.models.events import EventKind
from oauthapps.services.applications import delete_application, disable_application, enable_application
from oauthapps.services.credentials import delete_secret
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient, challenge_of, given

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 5.2


def error_of(answer: Answer, status: int = 400) -> str:
    """Return the error code of a refusal that looks as every refusal does."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    members = answer.json()
    assert "access_token" not in members
    error: str = members["error"]
    return error


def ask(client: OAuthClient, parameters: dict[str, str], **changes: str | None) -> Answer:
    """Send a token request with some parameters changed, or left out where None."""
    return client.post(TOKEN, given({**parameters, **changes}))


# The reply


@pytest.mark.spec("T-01", "RFC 6749 §4.1.3")
def test_code_verifier_and_secret_give_tokens_that_work(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    web.pkce = True
    tokens = web.get_tokens(visitor)
    assert web.me(tokens["access_token"]).json()["ID"] == person.user_id


@pytest.mark.spec("T-02", "RFC 6749 §5.1")
def test_every_answer_is_json_that_nobody_may_keep(
    web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    for answer, status in (
        (web.exchange(web.get_code(visitor)), 200),
        (web.exchange("gtcode_unknown"), 400),
        (web.exchange("gtcode_unknown", client_secret="wrong"), 401),
        (web.http.post(TOKEN, "[", content_type="application/json"), 400),
        (machine.client.exchange_jwt(machine.assertion()), 200),
        (machine.client.exchange_jwt("garbage"), 400),
        (machine.client.exchange_jwt(machine.assertion(), client_secret="wrong"), 401),
        (web.http.post(JWT_EXCHANGE, "[", content_type="application/json"), 400),
    ):
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/json"
        assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.spec("T-03", "RFC 6749 §5.1; Workfront")
@pytest.mark.parametrize(
    ("scope", "refreshable"),
    [
        (None, True),
        ("", True),
        ("read write offline_access", True),
        ("offline_access", True),
        ("read write", False),
        ("read", False),
    ],
)
def test_all_five_members_are_there_whenever_access_may_be_kept(
    web: OAuthClient, visitor: Client, scope: str | None, refreshable: bool
) -> None:
    tokens = web.get_tokens(visitor, scope=scope)
    assert ("refresh_token" in tokens) == refreshable
    assert tokens["token_type"] == "Bearer"
    assert isinstance(tokens["access_token"], str)
    assert type(tokens["expires_in"]) is int
    assert tokens["expires_in"] > 0
    assert tokens["wid"] == Organization.current().customer_id
    if refreshable:
        assert isinstance(tokens["refresh_token"], str)


@pytest.mark.spec("T-85", "Workfront")
@pytest.mark.parametrize("profile", ["standard", "workfront"])
def test_the_token_type_follows_response_profile_and_type(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, profile: str
) -> None:
    """The documented page of the code flow says sessionID, the one of PKCE says Bearer."""
    for client, compatible in ((web, "sessionID"), (single_page, "Bearer")):
        set_profile(client, profile)
        tokens = client.get_tokens(visitor)
        refreshed = client.refresh(tokens["refresh_token"]).json()
        expected = "Bearer" if profile == "standard" else compatible
        assert tokens["token_type"] == refreshed["token_type"] == expected
        assert {"access_token", "refresh_token", "expires_in", "wid"} <= tokens.keys()


@pytest.mark.spec("T-04", "RFC 6749 §10.10")
@pytest.mark.spec("R-19", "Workfront")
def test_tokens_have_256_random_bits_in_letters_that_need_no_encoding(
    web: OAuthClient, visitor: Client
) -> None:
    replies = [web.get_tokens(visitor) for _ in range(5)]
    for name, prefix in (("access_token", "gtacc_"), ("refresh_token", "gtref_")):
        values = {reply[name] for reply in replies}
        assert len(values) == len(replies)
        for value in values:  # 43 characters of six bits, and a checksum
            assert re.fullmatch(prefix + "[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}", value)


@pytest.mark.spec("T-05", "RFC 6749 §3.2")
def test_a_token_request_starts_no_session(web: OAuthClient, visitor: Client) -> None:
    code, sessions = web.get_code(visitor), Session.objects.count()
    answer = web.exchange(code)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert not answer.cookies
    assert Session.objects.count() == sessions


# The code


@pytest.mark.spec("T-10", "RFC 6749 §4.1.2")
@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
def test_a_second_use_is_refused_and_ends_what_came_of_the_first(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    assert web.me(tokens["access_token"]).status_code == 200
    assert error_of(web.exchange(code)) == "invalid_grant"
    assert web.me(tokens["access_token"]).status_code == 401
    assert error_of(web.refresh(tokens["refresh_token"])) == "invalid_grant"
    assert TokenFamily.objects.get().end_reason == EndReason.CODE_REPLAYED
    assert Event.objects.filter(kind=EventKind.CODE_REPLAYED).count() == 1


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2; ASVS 10.4.2")
def test_a_code_is_recognised_long_after_it_expired(web: OAuthClient, visitor: Client) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
        tokens = web.exchange(code).json()
    with time_machine.travel(now + timedelta(days=20), tick=False):
        tokens = web.refresh(tokens["refresh_token"]).json()
        assert error_of(web.exchange(code)) == "invalid_grant"
        assert error_of(web.refresh(tokens["refresh_token"])) == "invalid_grant"


@pytest.mark.spec("T-11", "RFC 6749 §4.1.2")
def test_tokens_that_were_refreshed_die_with_the_code_too(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    first = web.exchange(code).json()
    second = web.refresh(first["refresh_token"]).json()
    web.exchange(code)
    for tokens in (first, second):
        assert web.me(tokens["access_token"]).status_code == 401


@pytest.mark.spec("T-13", "RFC 6749 §4.1.3")
def test_another_clients_valid_credentials_neither_get_nor_burn_the_code(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    assert error_of(single_page.exchange(code, code_verifier=None)) == "invalid_grant"
    assert web.exchange(code).status_code == 200
    assert error_of(single_page.exchange(code, code_verifier=None)) == "invalid_grant"  # nor end its tokens
    assert TokenFamily.objects.get().ended_at is None


@pytest.mark.spec("T-14", "RFC 6749 §4.1.3")
@pytest.mark.parametrize(
    ("redirect_uri", "error"),
    [
        ("https://client.example/callback/", "invalid_grant"),
        ("https://client.example/Callback", "invalid_grant"),
        ("https://client.example/callback?x=1", "invalid_grant"),
        ("https://evil.example/", "invalid_grant"),
        (None, "invalid_request"),
        ("", "invalid_request"),
    ],
)
def test_the_redirect_uri_is_repeated_exactly(
    web: OAuthClient, visitor: Client, redirect_uri: str | None, error: str
) -> None:
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, redirect_uri=redirect_uri)) == error
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-20", "RFC 7636 §4.6")
@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize(
    "verifier",
    [None, "", "w" * 43, "w" * 42, "w" * 129, "é" * 43],
    ids=["missing", "empty", "wrong", "short", "long", "not ASCII"],
)
def test_a_challenge_is_met_by_its_verifier_alone(
    web: OAuthClient, visitor: Client, verifier: str | None
) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, code_verifier=verifier)) == "invalid_grant"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-21", "RFC 9700 §2.1.1")
def test_the_challenge_is_no_verifier_whatever_the_method_says(web: OAuthClient, visitor: Client) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    challenge = challenge_of(web.verifier)
    assert error_of(web.exchange(code, code_verifier=challenge)) == "invalid_grant"
    for verifier in (challenge, web.verifier):
        plain = web.exchange(code, code_verifier=verifier, code_challenge_method="plain")
        assert error_of(plain) == "invalid_grant"
    assert web.exchange(code, code_challenge_method="S256").status_code == 200


@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize(
    "verifier", ["v" * 43, "v" * 128, "+/=" * 20], ids=["shortest", "longest", "standard base64"]
)
def test_a_verifier_may_have_43_to_128_characters_of_any_kind(
    web: OAuthClient, visitor: Client, verifier: str
) -> None:
    web.pkce, web.verifier = True, verifier
    assert web.exchange(web.get_code(visitor)).status_code == 200


@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize("length", [42, 129])
def test_a_verifier_of_another_length_is_refused_even_if_it_fits(
    web: OAuthClient, visitor: Client, length: int
) -> None:
    web.pkce, web.verifier = True, "v" * length
    assert error_of(web.exchange(web.get_code(visitor))) == "invalid_grant"


@pytest.mark.spec("T-23", "RFC 9700 §4.8.2")
def test_a_verifier_without_a_challenge_is_refused(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    assert error_of(web.exchange(code, code_verifier="v" * 43)) == "invalid_grant"
    assert web.exchange(code).status_code == 200


# Who asks


@pytest.mark.spec("T-30", "RFC 6749 §5.2")
def test_an_unknown_client_and_a_wrong_secret_cost_and_read_the_same(
    web: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    answers, statements = [], []
    for changes in ({"client_id": "0" * 32}, {"client_secret": "wrong"}):
        with CaptureQueriesContext(connection) as captured:
            answers.append(web.exchange(code, **changes))
        statements.append([re.sub(r"'[^']*'", "?", query["sql"]) for query in captured])
    assert [error_of(answer, 401) for answer in answers] == ["invalid_client", "invalid_client"]
    assert answers[0].content == answers[1].content
    assert statements[0] == statements[1]


@pytest.mark.spec("T-36", "RFC 6749 §2.1")
def test_a_single_page_application_needs_its_client_id_alone(
    single_page: OAuthClient, visitor: Client
) -> None:
    code = single_page.get_code(visitor)
    assert error_of(single_page.exchange(code, client_secret="any")) == "invalid_client"
    single_page.client_secret = "any"
    in_header = single_page.token_parameters(code, client_id=None, client_secret=None)
    assert error_of(single_page.post(TOKEN, in_header, Authorization=single_page.basic), 401) == (
        "invalid_client"
    )
    assert single_page.exchange(code, client_secret=None).status_code == 200


@pytest.mark.spec("T-36", "RFC 6749 §5.2")
def test_each_type_has_its_grants_and_no_others(
    web: OAuthClient, single_page: OAuthClient, machine: Machine, visitor: Client
) -> None:
    assertion = machine.assertion()
    for client in (web, single_page):
        answer = client.exchange(client.get_code(visitor), grant_type=JWT_BEARER, assertion=assertion)
        assert error_of(answer) == "unauthorized_client"
    assert error_of(machine.client.exchange("gtcode_x")) == "unauthorized_client"
    assert error_of(machine.client.refresh("gtref_x")) == "unauthorized_client"
    twin = machine.client.exchange("", grant_type=JWT_BEARER, assertion=assertion)
    assert twin.status_code == 200


# The form of the request


@pytest.mark.spec("T-40", "RFC 6749 §2.3.1; ASVS 14.2.1")
@pytest.mark.parametrize("moved", [["client_secret"], ["code"], ["grant_type"], None], ids=str)
def test_nothing_travels_in_the_url(web: OAuthClient, visitor: Client, moved: list[str] | None) -> None:
    code = web.get_code(visitor)
    body = web.token_parameters(code)
    query = {name: body.pop(name) for name in (moved or list(body))}
    assert error_of(web.post(f"{TOKEN}?{urlencode(query)}", body)) == "invalid_request"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-41", "RFC 6749 §3.2")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_post_is_the_only_method(web: OAuthClient, visitor: Client, method: str) -> None:
    code = web.get_code(visitor)
    body = urlencode(web.token_parameters(code))
    for endpoint in (TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT):
        answer = web.http.generic(method, endpoint, body, content_type=FORM)
        assert answer["Allow"] == "POST"
        if method == "HEAD":
            assert (answer.status_code, answer.content) == (405, b"")
        else:
            assert error_of(answer, 405) == "invalid_request"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-41", "RFC 9110 §15.5.5")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/integrations/oauth2/api/v1/tokens", "/integrations/oauth2/api/", "/api/v2/me"]
)
def test_a_program_reads_json_where_there_is_no_endpoint(db: None, method: str, path: str) -> None:
    assert error_of(Client().generic(method, path), 404) == "not_found"


@pytest.mark.spec("T-42", "RFC 6749 §3.2; ASVS 15.3.7")
@pytest.mark.parametrize(
    "name",
    ["grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "unknown", "scope"],
)
def test_no_parameter_comes_twice(web: OAuthClient, visitor: Client, name: str) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    parameters = {"unknown": "x", "scope": "read", **web.token_parameters(code)}
    for again in (parameters[name], "other", ""):
        body = urlencode([*parameters.items(), (name, again)])
        answer = web.http.post(TOKEN, body, content_type=FORM)
        assert error_of(answer) == "invalid_request"
    assert web.post(TOKEN, parameters).status_code == 200


@pytest.mark.spec("T-44", "RFC 6749 §3.2")
@pytest.mark.parametrize("name", ["grant_type", "code", "client_secret", "unknown"])
def test_no_json_member_comes_twice(web: OAuthClient, visitor: Client, name: str) -> None:
    code = web.get_code(visitor)
    members = {"unknown": "x", **web.token_parameters(code)}
    doubled = json.dumps(members)[:-1] + f", {json.dumps(name)}: {json.dumps(members[name])}}}"
    answer = web.http.post(TOKEN, doubled, content_type="application/json")
    assert error_of(answer) == "invalid_request"
    assert web.http.post(TOKEN, json.dumps(members), content_type="application/json").status_code == 200


@pytest.mark.spec("T-46", "RFC 6749 §3.2")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/xml",
        "text/json",
        "",
    ],
)
def test_a_valid_body_of_another_content_type_is_refused(
    web: OAuthClient, visitor: Client, content_type: str
) -> None:
    code = web.get_code(visitor)
    body = urlencode(web.token_parameters(code))
    answer = web.http.generic("POST", TOKEN, body, content_type=content_type)
    assert error_of(answer) == "invalid_request"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-47", "ASVS 15.3")
@pytest.mark.parametrize(
    "extra",
    [
        {"padding": "x" * 300_000},
        {f"p{number}": "" for number in range(5000)},
        {"nul": "a\0b"},
        {"n\0l": "a"},
    ],
    ids=["long", "many", "NUL in a value", "NUL in a name"],
)
def test_a_valid_request_with_too_much_around_it_is_refused(
    web: OAuthClient, visitor: Client, extra: dict[str, str]
) -> None:
    code = web.get_code(visitor)
    for body, content_type in (
        (urlencode({**web.token_parameters(code), **extra}), FORM),
        (json.dumps({**web.token_parameters(code), **extra}), "application/json"),
    ):
        answer = web.http.post(TOKEN, body, content_type=content_type)
        assert error_of(answer, 413 if len(body) > 64 * 1024 else 400) == "invalid_request"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-47", "ASVS 15.3")
@pytest.mark.parametrize("length", ["many", "-1", "1e3", "9" * 5000, "٣"])
def test_a_content_length_that_is_no_number_is_refused(db: None, length: str) -> None:
    answer = Client().post(TOKEN, "code=x", content_type=FORM, CONTENT_LENGTH=length)
    assert error_of(answer, 413 if length.startswith("999") else 400) == "invalid_request"


@pytest.mark.spec("T-47", "RFC 9112 §7.1")
def test_a_body_without_a_length_is_read_as_far_as_any_other(web: OAuthClient, visitor: Client) -> None:
    """Sent in chunks or over HTTP/2, where the server knows by itself how far the body goes."""
    body = urlencode(web.token_parameters(web.get_code(visitor))).encode()
    for sent, status in ((body + b"&padding=" + b"x" * 65_536, 413), (b"", 400), (body, 200)):
        stream: Any = {"wsgi.input": BytesIO(sent), "wsgi.input_terminated": True}
        answer = Client().generic("POST", TOKEN, CONTENT_TYPE=FORM, **stream)
        assert answer.status_code == status, answer.content


@pytest.mark.spec("T-48", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": None}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": "gtcode_" + "x" * 49}, "invalid_grant"),
        ({"code": "é🙂"}, "invalid_grant"),
    ],
    ids=str,
)
def test_a_missing_parameter_and_an_unknown_code_are_told_apart(
    web: OAuthClient, visitor: Client, changes: dict[str, str | None], error: str
) -> None:
    code = web.get_code(visitor)
    assert error_of(ask(web, web.token_parameters(code), **changes)) == error
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-49", "RFC 9700 §2.4; ASVS 10.4.4")
@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Authorization_Code",
        "authorization_code ",
        "refresh_token authorization_code",
    ],
)
def test_what_is_not_offered_does_not_exist(
    web: OAuthClient, single_page: OAuthClient, machine: Machine, person: User, grant_type: str
) -> None:
    login = {"username": person.username, "password": "correct horse battery staple"}
    for client in (web, single_page, machine.client):
        answer = client.exchange("x", grant_type=grant_type, **login)
        assert error_of(answer) == "unsupported_grant_type"


@pytest.mark.spec("T-50", "RFC 6749 §3.2")
@pytest.mark.parametrize(
    "name",
    ["audience", "resource", "client", "user", "scopes", "grant", "actor", "verified_assertion", "wid"],
)
def test_unknown_parameters_are_ignored(web: OAuthClient, visitor: Client, name: str) -> None:
    assert web.exchange(web.get_code(visitor), **{name: "x"}).status_code == 200


@pytest.mark.spec("T-51", "RFC 6749 §5.2")
@pytest.mark.parametrize("mark", ['mark"\\é\n<b>', "gtsec_mark-of-what-was-sent"])
def test_descriptions_keep_to_their_alphabet_and_repeat_nothing(
    web: OAuthClient, machine: Machine, visitor: Client, mark: str
) -> None:
    web.pkce = True
    refusals = [
        ask(web, web.token_parameters(web.get_code(visitor)), **{name: mark})
        for name in ("code", "grant_type", "redirect_uri", "client_id", "client_secret", "code_verifier")
    ]
    refusals += [
        web.refresh(mark),
        web.refresh(web.get_tokens(visitor)["refresh_token"], scope=mark),
        machine.client.exchange_jwt(mark),
        machine.client.exchange_jwt(machine.assertion(), scope=mark),
        machine.client.exchange_jwt(machine.assertion(iss=mark, sub=mark, jti=mark)),
        web.http.post(
            TOKEN, json.dumps({mark: mark})[:-1] + f", {json.dumps(mark)}: 5}}", "application/json"
        ),
        web.post(f"{TOKEN}?{urlencode({mark: mark})}", {}),
        web.post(TOKEN, web.token_parameters("x"), Authorization=f"Basic {mark.encode().hex()}"),
    ]
    for answer in refusals:
        assert answer.status_code in {400, 401}
        assert ERROR_TEXT.fullmatch(answer.json()["error_description"])
        assert ERROR_TEXT.fullmatch(answer.json()["error"])
        assert "mark" not in answer.content.decode().replace("error", "")


@pytest.mark.spec("T-52", "RFC 6749 §3.2")
def test_cookies_and_a_foreign_page_change_nothing(web: OAuthClient, person: User, visitor: Client) -> None:
    code = web.get_code(visitor)
    web.http = Client(enforce_csrf_checks=True)
    web.http.force_login(person)
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/page"}
    answer = web.post(TOKEN, web.token_parameters(code), **headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert "Access-Control-Allow-Origin" not in answer
    without_secret = web.post(TOKEN, web.token_parameters(code, client_secret=None), **headers)
    assert error_of(without_secret, 401) == "invalid_client"  # a session is no client authentication


# Time, and what ends a code


@pytest.mark.spec("T-60", "RFC 6749 §4.1.2")
@pytest.mark.parametrize(("seconds", "status"), [(119, 200), (119.9, 200), (120, 400), (121, 400)])
def test_a_code_lives_120_seconds_by_our_clock(
    web: OAuthClient, visitor: Client, seconds: float, status: int
) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        date = now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer = web.post(TOKEN, web.token_parameters(code), Date=date)
        assert answer.status_code == status


@pytest.mark.spec("T-61", "ASVS 10.4.9")
def test_disabling_the_application_stops_its_code_and_enabling_lets_it_go_on(
    web: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    disable_application(application_of(web), actor=Actor.command("tests"))
    assert error_of(web.exchange(code), 401) == "invalid_client"
    enable_application(application_of(web), actor=Actor.command("tests"))
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-61", "ASVS 10.4.9")
def test_an_ended_application_secret_or_person_ends_the_code(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, person: User
) -> None:
    codes = {client.client_id: client.get_code(visitor) for client in (web, single_page)}
    User.objects.filter(pk=person.pk).update(is_active=False)
    for client in (web, single_page):
        assert error_of(client.exchange(codes[client.client_id])) == "invalid_grant"
    User.objects.filter(pk=person.pk).update(is_active=True)
    delete_secret(application_of(web).secrets.get(), actor=Actor.command("tests"))
    assert error_of(web.exchange(codes[web.client_id]), 401) == "invalid_client"
    delete_application(application_of(single_page), actor=Actor.command("tests"))
    assert error_of(single_page.exchange(codes[single_page.client_id]), 401) == "invalid_client"
    assert not AccessToken.objects.exists()


# The two dialects


def set_profile(client: OAuthClient, profile: str) -> None:
    application = application_of(client)
    application.response_profile = profile
    application.save()


Refused = Callable[[OAuthClient], "Answer"]
REFUSALS: dict[str, tuple[str, Refused]] = {
    "unknown code": ("invalid_grant", lambda web: web.exchange("x")),
    "no code": ("invalid_request", lambda web: web.exchange("")),
    "unknown refresh token": ("invalid_grant", lambda web: web.refresh("x")),
    "no grant type": ("invalid_request", lambda web: web.exchange("x", grant_type=None)),
    "grant type not offered": (
        "unsupported_grant_type",
        lambda web: web.exchange("x", grant_type="password"),
    ),
    "grant of another type": (
        "unauthorized_client",
        lambda web: web.exchange("x", grant_type=JWT_BEARER, assertion="x"),
    ),
    "exchange of another type": ("unauthorized_client", lambda web: web.exchange_jwt("x")),
    "a parameter twice": (
        "invalid_request",
        lambda web: web.http.post(
            TOKEN, urlencode(web.token_parameters("x")) + "&scope=a&scope=b", content_type=FORM
        ),
    ),
    "a NUL byte": ("invalid_request", lambda web: web.exchange("x\0")),
    "a URL with parameters": (
        "invalid_request",
        lambda web: web.post(f"{TOKEN}?a=b", web.token_parameters("x")),
    ),
    "a number in JSON": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, {**web.token_parameters("x"), "code": 5}, "application/json"),
    ),
    "another content type": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, "x", "text/plain", headers={"Authorization": web.basic}),
    ),
    "broken JSON": (
        "invalid_request",
        lambda web: web.http.post(TOKEN, "{", "application/json", headers={"Authorization": web.basic}),
    ),
    "too much": (
        "invalid_request",
        lambda web: web.post(TOKEN, {"padding": "x" * 70_000}, Authorization=web.basic),
    ),
    "nothing to revoke": ("invalid_request", lambda web: web.post(REVOKE, {}, Authorization=web.basic)),
    "broken revocation": (
        "invalid_request",
        lambda web: web.http.post(REVOKE, "{", "application/json", headers={"Authorization": web.basic}),
    ),
    "nothing to look at": ("invalid_request", lambda web: web.post(INTROSPECT, {}, Authorization=web.basic)),
}


@pytest.mark.spec("T-62", "RFC 6749 §5.2; Workfront")
@pytest.mark.parametrize("name", REFUSALS)
def test_errors_come_in_the_dialect_of_the_client_that_asked(web: OAuthClient, name: str) -> None:
    error, refused = REFUSALS[name]
    standard = refused(web).json()
    assert standard["error"] == standard["type"] == error
    assert standard["error_description"] == standard["message"]
    assert standard["statusCode"] == (413 if name == "too much" else 400)
    set_profile(web, "workfront")
    compatible = refused(web)
    assert compatible.status_code == standard["statusCode"]
    assert compatible.json() == {**standard, "error": True}


@pytest.mark.spec("T-62", "RFC 6749 §5.2; Workfront")
def test_a_refused_scope_is_told_in_the_dialect_too(
    web: OAuthClient, machine: Machine, visitor: Client
) -> None:
    for client in (web, machine.client):
        set_profile(client, "workfront")
    refresh_token = web.get_tokens(visitor, scope="read offline_access")["refresh_token"]
    for answer in (
        web.refresh(refresh_token, scope="write"),
        machine.client.exchange_jwt(machine.assertion(), scope="offline_access"),
    ):
        members: dict[str, Any] = answer.json()
        assert (members["error"], members["type"], members["statusCode"]) == (True, "invalid_scope", 400)


@pytest.mark.spec("T-62", "RFC 6749 §5.2")
def test_a_public_clients_dialect_is_known_by_its_client_id(
    single_page: OAuthClient, visitor: Client
) -> None:
    set_profile(single_page, "workfront")
    assert error_of(single_page.exchange("x")) is True  # type: ignore[comparison-overlap]
    assert single_page.post(f"{TOKEN}?a=b", {"client_id": single_page.client_id}).json()["error"] is True


@pytest.mark.spec("T-62", "RFC 6749 §5.2")
def test_whoever_is_not_known_reads_the_standard_dialect(web: OAuthClient, db: None) -> None:
    set_profile(web, "workfront")
    unknown = web.exchange("x", client_id="0" * 32)
    for answer in (
        unknown,
        web.exchange("x", client_secret="wrong"),
        web.exchange("x", client_secret=None),
    ):
        assert answer.json() == unknown.json()
        assert error_of(answer, 401) == "invalid_client"
    assert error_of(web.exchange("x", client_secret="wrong", grant_type="password")) == (
        "unsupported_grant_type"
    )
    assert error_of(web.http.post(TOKEN, "{", content_type="application/json")) == "invalid_request"
