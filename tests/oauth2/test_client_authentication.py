"""Every way of saying which client is asking, and every way of not saying it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.services.applications import disable_application
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


@pytest.mark.spec("T-43", "Workfront; RFC 6749 §2.3.1")
def test_the_form_body_the_header_and_json_are_all_accepted(web: OAuthClient, visitor: Client) -> None:
    in_header = web.token_parameters(web.get_code(visitor), client_id=None, client_secret=None)
    assert web.post(TOKEN, in_header, Authorization=web.basic).status_code == 200
    for content_type in ("application/json", "application/json; charset=utf-8"):
        body = json.dumps(web.token_parameters(web.get_code(visitor)))
        assert web.http.post(TOKEN, body, content_type=content_type).status_code == 200


@pytest.mark.spec("T-35", "RFC 6749 §2.3.1")
def test_basic_is_read_form_encoded_and_in_any_case(web: OAuthClient, visitor: Client) -> None:
    encoded = basic(quote(web.client_id, safe=""), quote(web.client_secret, safe=""))
    for header in (encoded, web.basic.replace("Basic", "basic"), web.basic.replace("Basic", "BASIC")):
        parameters = web.token_parameters(web.get_code(visitor), client_id=None, client_secret=None)
        assert web.post(TOKEN, parameters, Authorization=header).status_code == 200


@pytest.mark.spec("T-30", "RFC 6749 §5.2")
@pytest.mark.parametrize("secret", [None, "", "wrong"])
def test_without_its_secret_a_web_application_is_nobody(
    web: OAuthClient, visitor: Client, secret: str | None
) -> None:
    answer = web.exchange(web.get_code(visitor), client_secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("T-30", "RFC 6749 §5.2")
def test_an_unknown_client_reads_what_a_wrong_secret_reads(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    unknown = web.exchange(code, client_id="0" * 32)
    wrong = web.exchange(code, client_secret="wrong")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)


@pytest.mark.spec("T-31", "RFC 6749 §5.2")
@pytest.mark.spec("T-32", "RFC 7617 §2")
@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic /w==",
        "Basic AAA6",
        basic("%00", "x"),
        basic("%ED%A0%80", "x"),
        basic("x", "%00"),
    ],
)
def test_a_bad_header_is_answered_with_basics_challenge(web: OAuthClient, header: str) -> None:
    answer = web.post(TOKEN, {"grant_type": "authorization_code", "code": "x"}, Authorization=header)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.spec("T-33", "RFC 6749 §2.3")
def test_two_ways_at_once_are_one_too_many(web: OAuthClient, visitor: Client) -> None:
    answer = web.post(TOKEN, web.token_parameters(web.get_code(visitor)), Authorization=web.basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-34", "RFC 6749 §2.3")
def test_header_and_body_name_the_same_client(web: OAuthClient, visitor: Client) -> None:
    parameters = web.token_parameters(web.get_code(visitor), client_id="0" * 32, client_secret=None)
    answer = web.post(TOKEN, parameters, Authorization=web.basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_single_page_application_with_a_secret_is_not_authenticated(
    single_page: OAuthClient, visitor: Client
) -> None:
    answer = single_page.exchange(single_page.get_code(visitor), client_secret="anything")
    assert answer.json()["error"] == "invalid_client"


def test_credentials_in_the_url_are_refused(web: OAuthClient, visitor: Client) -> None:
    parameters = web.token_parameters(web.get_code(visitor), client_secret=None)
    answer = web.post(f"{TOKEN}?client_secret={web.client_secret}", parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-45", "RFC 6749 §5.2")
@pytest.mark.spec("T-47", "ASVS 15.3")
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("grant_type=authorization_code&grant_type=authorization_code", "application/x-www-form-urlencoded"),
        ("code=%00&grant_type=authorization_code", "application/x-www-form-urlencoded"),
        ("code=%FF&grant_type=authorization_code", "application/x-www-form-urlencoded"),
        ("&".join(f"p{n}=1" for n in range(5000)), "application/x-www-form-urlencoded"),
        ("code=" + "x" * 300_000, "application/x-www-form-urlencoded"),
        ("code=x", "text/plain"),
        ("<x/>", "application/xml"),
        ("[]", "application/json"),
        ('"text"', "application/json"),
        ("null", "application/json"),
        ("", "application/json"),
        ("{", "application/json"),
        ('{"grant_type": 5}', "application/json"),
        ('{"grant_type": null}', "application/json"),
        ('{"client_id": "x", "client_secret": null}', "application/json"),
        ('{"code": true}', "application/json"),
        ('{"code": 1.5}', "application/json"),
        ('{"code": {"a": "b"}}', "application/json"),
        ('{"code": {}}', "application/json"),
        ('{"code": []}', "application/json"),
        ('{"grant_type": ["a"]}', "application/json"),
        ('{"grant_type": "a", "grant_type": "a"}', "application/json"),
        ('{"grant_type": NaN}', "application/json"),
        ('{"code": "\\ud800"}', "application/json"),
        ("[" * 20_000, "application/json"),
        (b"\xff", "application/json"),
    ],
)
def test_a_malformed_body_is_an_invalid_request(body: str | bytes, content_type: str, db: None) -> None:
    answer = Client().post(TOKEN, body, content_type=content_type)
    status = 413 if len(body) > 64 * 1024 else 400
    assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


@pytest.mark.spec("T-49", "RFC 9700 §2.4; ASVS 10.4.4")
@pytest.mark.parametrize(
    ("grant_type", "error"),
    [
        ("password", "unsupported_grant_type"),
        ("client_credentials", "unauthorized_client"),
        ("urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"),
        ("implicit", "unsupported_grant_type"),
        ("AUTHORIZATION_CODE", "unsupported_grant_type"),
        ("", "invalid_request"),
    ],
)
def test_grants_that_are_not_offered_do_not_exist(web: OAuthClient, grant_type: str, error: str) -> None:
    answer = web.post(TOKEN, web.token_parameters("x", grant_type=grant_type))
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_get_is_not_allowed(db: None) -> None:
    answer = Client().get(TOKEN)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


# How a refusal asks for credentials


CALLED_BY_CLIENTS = (TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT)


@pytest.mark.spec("T-75", "RFC 9110 §15.5.2")
@pytest.mark.parametrize("path", CALLED_BY_CLIENTS)
def test_every_401_says_how_to_authenticate(web: OAuthClient, machine: Machine, path: str) -> None:
    request = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", "jwt_token": "x"}
    known, unknown = web.client_id, "0" * 32
    disable_application(machine.application, actor=Actor.command("tests"))
    for credentials in (
        {},
        {"client_id": known},
        {"client_id": known, "client_secret": ""},
        {"client_id": known, "client_secret": "wrong"},
        {"client_id": unknown},
        {"client_id": unknown, "client_secret": web.client_secret},
        {"client_secret": web.client_secret},
        {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret},
    ):
        answer = web.post(path, {**request, **credentials})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer["WWW-Authenticate"] == 'Basic realm="gatehouse", charset="UTF-8"'


@pytest.mark.spec("T-75", "RFC 6749 §5.2")
@pytest.mark.parametrize("path", CALLED_BY_CLIENTS)
def test_a_public_client_is_not_asked_for_what_it_cannot_have(single_page: OAuthClient, path: str) -> None:
    request = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", "jwt_token": "x"}
    refused = single_page.post(path, {**request, "client_id": single_page.client_id, "client_secret": "any"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert refused.json()["statusCode"] == 400
    assert "WWW-Authenticate" not in refused
    assert "client_id only" in refused.json()["message"]
    single_page.client_secret = "any"
    in_header = single_page.post(path, request, Authorization=single_page.basic)
    assert (in_header.status_code, in_header.json()["error"]) == (401, "invalid_client")
    assert in_header["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.spec("T-75", "RFC 9110 §15.5.2")
def test_a_public_client_that_is_disabled_is_unknown(single_page: OAuthClient) -> None:
    disable_application(application_of(single_page), actor=Actor.command("tests"))
    for secret in (None, "any"):
        answer = single_page.refresh("x", client_secret=secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer["WWW-Authenticate"].startswith("Basic ")


# Authorization headers that are meant for somebody else

FOREIGN = ["Negotiate YIIJ", "NTLM TlRMTVNTUAAB", "Bearer gtacc_stale", "Bearer", "Digest username=x", "x"]


@pytest.mark.spec("T-70", "RFC 6749 §2.3.1; RFC 9110 §11.6.2")
@pytest.mark.parametrize("header", FOREIGN)
def test_a_foreign_authorization_does_not_refuse_right_credentials(
    web: OAuthClient, machine: Machine, visitor: Client, header: str
) -> None:
    tokens = web.get_tokens(visitor)
    credentials = {"client_id": web.client_id, "client_secret": web.client_secret}
    of_machine = {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret}
    for path, parameters in (
        (TOKEN, web.token_parameters(web.get_code(visitor))),
        (TOKEN, web.refresh_parameters(tokens["refresh_token"])),
        (JWT_EXCHANGE, {**of_machine, "jwt_token": machine.assertion()}),
        (INTROSPECT, {**credentials, "token": tokens["access_token"]}),
        (REVOKE, {**credentials, "token": tokens["access_token"]}),
    ):
        answer = web.post(path, parameters, Authorization=header)
        assert answer.status_code == 200, (path, answer.content)


@pytest.mark.spec("T-70", "RFC 6749 §2.3.1")
@pytest.mark.parametrize("header", FOREIGN)
def test_a_public_clients_id_counts_beside_a_foreign_authorization(
    single_page: OAuthClient, visitor: Client, header: str
) -> None:
    parameters = single_page.token_parameters(single_page.get_code(visitor))
    answer = single_page.post(TOKEN, parameters, Authorization=header)
    assert answer.status_code == 200
    signing_out = {"client_id": single_page.client_id, "token": answer.json()["refresh_token"]}
    assert single_page.post(REVOKE, signing_out, Authorization=header).status_code == 200
    assert single_page.refresh(answer.json()["refresh_token"]).status_code == 400


@pytest.mark.spec("T-70", "RFC 6749 §5.2")
@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "basic\tx", "BASIC bm9jb2xvbg=="])
def test_a_broken_basic_header_is_not_passed_over(web: OAuthClient, visitor: Client, header: str) -> None:
    answer = web.post(TOKEN, web.token_parameters(web.get_code(visitor)), Authorization=header)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("T-70", "RFC 6749 §5.2")
@pytest.mark.parametrize("header", FOREIGN)
def test_a_foreign_authorization_authenticates_nobody(web: OAuthClient, visitor: Client, header: str) -> None:
    parameters = web.token_parameters(web.get_code(visitor), client_secret=None)
    for sent in (parameters, {"token": "x"}):
        for path in (TOKEN, REVOKE, INTROSPECT) if "client_id" in sent else (REVOKE, INTROSPECT):
            answer = web.post(path, {**sent, "token": "x"}, Authorization=header)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
            assert answer["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.spec("T-62", "RFC 6749 §5.2")
def test_a_foreign_authorization_hides_no_dialect(single_page: OAuthClient) -> None:
    application = application_of(single_page)
    application.response_profile = "workfront"
    application.save()
    answer = single_page.post(
        f"{TOKEN}?a=b", {"client_id": single_page.client_id}, Authorization="Negotiate YIIJ"
    )
    assert answer.json()["error"] is True


# Guessing


@pytest.mark.spec("W-30", "RFC 6749 §2.3.1; ASVS 6.3.1")
def test_guesses_add_up_wherever_and_however_they_are_made(
    web: OAuthClient, machine: Machine, visitor: Client, settings: Settings
) -> None:
    settings.CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 4
    settings.CLIENT_FAILURES_PER_NETWORK = 6
    code = web.get_code(visitor)
    wrong = {"client_id": web.client_id, "client_secret": "wrong", "grant_type": "x", "token": "x"}
    in_header = {"Authorization": basic(web.client_id, "wrong")}
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        guesses = [web.post(path, wrong) for path in (TOKEN, REVOKE, INTROSPECT, JWT_EXCHANGE)]
        assert [guess.status_code for guess in guesses] == [400, 401, 401, 401]  # a grant that is not offered
        slowed_down = web.post(REVOKE, {"token": "x"}, **in_header)
        assert (slowed_down.status_code, slowed_down.json()["error"]) == (429, "temporarily_unavailable")
        assert 0 < int(slowed_down["Retry-After"]) <= 60
        assert web.exchange(code).status_code == 200  # right credentials pass, and so does another client
        assert machine.client.exchange_jwt(machine.assertion(), client_secret="wrong").status_code == 401
        assert machine.client.exchange_jwt(machine.assertion(), client_secret="wrong").status_code == 429
        assert machine.client.exchange_jwt(machine.assertion()).status_code == 200


# What events say


@pytest.mark.spec("C-14", "ASVS 16.2.1")
@pytest.mark.parametrize("sent", ["in the header", "in the body", "as a Client ID alone"])
def test_events_name_the_client_however_it_authenticated(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, sent: str
) -> None:
    client = single_page if sent == "as a Client ID alone" else web
    headers = {"Authorization": client.basic} if sent == "in the header" else {}

    def ask(path: str, parameters: dict[str, str]) -> None:
        for name in ("client_id", "client_secret") if headers else ():
            parameters.pop(name)
        client.post(path, parameters, **headers)

    code = client.get_code(visitor)
    client.exchange(code)
    ask(TOKEN, client.token_parameters(code))
    tokens = client.get_tokens(visitor)
    client.refresh(tokens["refresh_token"])
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        ask(TOKEN, client.refresh_parameters(tokens["refresh_token"]))
    tokens = client.get_tokens(visitor)
    for name in ("access_token", "refresh_token"):
        ask(REVOKE, {**client.refresh_parameters("unused"), "token": tokens[name]})

    kinds = [
        EventKind.CODE_REPLAYED,
        EventKind.REFRESH_TOKEN_REPLAYED,
        EventKind.TOKEN_REVOKED,
        EventKind.TOKEN_REVOKED,
    ]
    events = Event.objects.filter(kind__in=kinds).order_by("id")
    assert [event.kind for event in events] == kinds
    assert {(event.actor_name, event.application) for event in events} == {
        (f"client {client.client_id}", application_of(client))
    }
