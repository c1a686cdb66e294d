"""Calling an API with an access token, and every way of calling it without one (RFC 6750)."""

import logging
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Organization, Role, User
from oauthapps.models import AccessToken, Application
from server.logs.lines import LineFormatter
from tests.oauth2.answers import challenge
from tests.oauth2.conftest import Machine
from tests.oauth_client import ME, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db

USER_ME = "/attask/api/v22.0/user/me"
USER_SEARCH = "/attask/api/v22.0/user/search"
RESOURCES = [ME, USER_ME, USER_SEARCH]
NOBODY = {
    "error": {"class": "AuthenticationException", "message": "You are not currently logged in."},
}


BROKEN = {
    "nothing after the scheme": {"Authorization": "Bearer"},
    "a space after the scheme": {"Authorization": "Bearer "},
    "no space": {"Authorization": "Bearer{token}"},
    "no scheme": {"Authorization": "{token}"},
    "two that differ": {"Authorization": "Bearer {token}", "sessionID": "{other_end}"},
    "two in one header": {"Authorization": "Bearer {token}, Bearer {token}"},
    "two in the other header": {"sessionID": "{token},{token}"},
    "one letter more": {"Authorization": "Bearer {token}x"},
    "one letter less": {"sessionID": "{shorter}"},
    "other case": {"Authorization": "Bearer {other_case}"},
    "7 kB": {"sessionID": "x" * 7000},
    "SQL": {"sessionID": "' OR 1=1 --"},
    "NUL": {"sessionID": "\0"},
    "not ASCII": {"sessionID": "é"},
    "Basic": {"Authorization": "Basic {token}"},
    "another scheme beside it": {"Authorization": "Digest {token}", "sessionID": "{token}"},
    "a tab": {"Authorization": "Bearer\t{token}"},
}


def get(path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return the status and the challenge of an answer that no cache keeps."""
    answer = Client().get(path, headers=headers)
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store, private"
    if answer.status_code == 401:
        assert answer.json() == NOBODY
    return answer.status_code, answer.get("WWW-Authenticate", "")


@pytest.mark.spec("B-01", "RFC 6750 §2.1; Workfront")
@pytest.mark.spec("B-12", "Go x/oauth2")
@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sessionID", "{}"),
        ("SESSIONID", "{}"),
        ("sessionid", "{}"),
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer {}"),
        ("AUTHORIZATION", "BEARER {}"),
        ("Authorization", "sessionID {}"),
        ("Authorization", "sessionid {}"),
    ],
)
def test_either_header_opens_every_resource(token: str, path: str, name: str, value: str) -> None:
    assert get(path, {name: value.format(token)}) == (200, "")


@pytest.mark.spec("B-01", "Workfront")
def test_the_resources_say_who_the_token_speaks_for(web: OAuthClient, token: str, person: User) -> None:
    headers = {"sessionID": token}
    assert Client().get(ME, headers=headers).json() == {
        "ID": person.user_id,
        "name": person.name,
        "emailAddr": person.email,
        "username": person.username,
        "customer_id": Organization.current().customer_id,
        "client_id": web.client_id,
        "scope": "read write offline_access",
    }
    documented = {
        "ID": person.user_id,
        "name": person.name,
        "objCode": "USER",
        "emailAddr": person.email,
        "username": person.username,
    }
    assert Client().get(USER_ME, headers=headers).json() == {"data": documented}
    assert Client().get(USER_SEARCH, headers=headers).json() == {"data": [documented]}


@pytest.mark.spec("B-02", "RFC 6750 §3")
@pytest.mark.spec("B-04", "Workfront")
@pytest.mark.parametrize("path", RESOURCES)
def test_without_a_token_the_challenge_names_no_error(token: str, path: str) -> None:
    assert get(path) == (401, challenge())


@pytest.mark.spec("B-03", "RFC 6750 §3.1")
@pytest.mark.spec("B-04", "Workfront")
@pytest.mark.spec("B-05", "RFC 6750 §3.1")
@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_token_is_an_invalid_one(token: str, path: str, broken: str) -> None:
    values = {
        "token": token,
        "shorter": token[:-1],
        "other_end": token[:-1] + ("1" if token.endswith("0") else "0"),
        "other_case": token.swapcase(),
    }
    headers = {name: value.format(**values) for name, value in BROKEN[broken].items()}
    assert get(path, headers) == (401, challenge(', error="invalid_token"'))
    assert get(path, {"sessionID": token})[0] == 200


@pytest.mark.spec("B-03", "RFC 6750 §3.1")
def test_an_expired_token_is_an_invalid_one(token: str) -> None:
    created = AccessToken.objects.get().created
    for seconds, status in ((3599, 200), (3601, 401)):
        with time_machine.travel(created + timedelta(seconds=seconds), tick=False):
            assert get(ME, {"sessionID": token})[0] == status


@pytest.mark.spec("B-03", "RFC 6750 §3.1")
@pytest.mark.parametrize("path", RESOURCES)
def test_a_token_without_read_lacks_a_scope(web: OAuthClient, visitor: Client, path: str) -> None:
    token = web.get_tokens(visitor, scope="write")["access_token"]
    answer = Client().get(path, headers={"sessionID": token})
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == challenge(', error="insufficient_scope", scope="read"')
    assert answer.json()["error"]["class"] == "AuthorizationException"


@pytest.mark.spec("B-06", "RFC 6750 §5.3")
@pytest.mark.spec("B-07", "RFC 6750 §5.3")
@pytest.mark.parametrize("path", RESOURCES)
def test_answers_are_kept_by_nobody_and_do_not_repeat_the_token(token: str, path: str) -> None:
    for sent in (token, f"{token}x"):
        answer = Client().get(path, headers={"sessionID": sent})
        assert answer["Cache-Control"] == "no-store, private"
        assert token not in answer.content.decode()
        assert token not in str(answer.headers)


@pytest.mark.spec("B-08", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize("path", RESOURCES)
def test_access_token_in_a_url_is_never_taken(
    token: str, path: str, settings: Settings, allowed: bool
) -> None:
    settings.ALLOW_SESSION_ID_IN_URL = allowed
    for name in ("access_token", "token", "bearer_token"):
        assert get(f"{path}?{name}={token}") == (401, challenge())
    assert get(path, {"sessionID": token})[0] == 200


@pytest.mark.spec("B-08", "RFC 9700 §4.3.2")
def test_a_token_in_a_body_is_not_taken(token: str) -> None:
    for path in RESOURCES:
        answer = Client().generic(
            "GET", path, f"access_token={token}", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 401


@pytest.mark.spec("B-09", "RFC 6750 §5.3")
@pytest.mark.parametrize("path", RESOURCES)
def test_a_call_starts_no_session(token: str, path: str) -> None:
    sessions = Session.objects.count()
    client = Client()
    answer = client.get(path, headers={"sessionID": token})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer
    assert not client.cookies
    assert Session.objects.count() == sessions


@pytest.mark.spec("B-10", "ASVS 10.3")
@pytest.mark.spec("B-14", "ASVS 10.3")
@pytest.mark.parametrize("path", ["/", "/console/", "/console/applications/new", "/connected/"])
def test_a_token_opens_no_page_and_changes_nothing(
    web: OAuthClient, visitor: Client, person: User, path: str
) -> None:
    person.role = Role.ADMINISTRATOR
    person.save()
    token = web.get_tokens(visitor)["access_token"]
    for headers in ({"sessionID": token}, {"Authorization": f"Bearer {token}"}):
        client = Client()
        assert get(ME, headers)[0] == 200
        answer = client.get(path, headers=headers)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
        form = {"app_type": "web", "name": "Made by a token"}
        assert client.post(path, form, headers=headers).status_code in {302, 403}
    assert not Application.objects.filter(name="Made by a token").exists()


@pytest.mark.spec("B-11", "passport")
@pytest.mark.parametrize("path", RESOURCES)
def test_the_same_token_in_both_headers_is_one(token: str, path: str) -> None:
    assert get(path, {"Authorization": f"Bearer {token}", "sessionID": token}) == (200, "")


@pytest.mark.spec("B-13", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("path", RESOURCES)
def test_session_id_in_a_url_is_refused_as_installed(token: str, path: str) -> None:
    assert get(f"{path}?sessionID={token}") == (401, challenge())


@pytest.mark.spec("B-13", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("path", RESOURCES)
def test_session_id_in_a_url_is_taken_where_an_operator_allows_it(
    token: str, path: str, settings: Settings
) -> None:
    settings.ALLOW_SESSION_ID_IN_URL = True
    invalid = (401, challenge(', error="invalid_token"'))
    assert get(f"{path}?fields=name&sessionID={token}") == (200, "")
    assert get(f"{path}?sessionID={token}", {"sessionID": token}) == (200, "")
    assert get(f"{path}?sessionID={token}x") == invalid
    assert get(f"{path}?sessionID={token}&sessionID=other") == invalid
    assert get(f"{path}?sessionID={token}", {"Authorization": "Bearer other"}) == invalid
    assert get(f"{path}?sessionID=") == (401, challenge())
    many = "&".join(f"p{number}=x" for number in range(5000))
    assert get(f"{path}?{many}&sessionID={token}") == (200, "")


@pytest.mark.spec("B-13", "RFC 9700 §4.3.2")
@pytest.mark.parametrize("allowed", [False, True])
def test_no_log_repeats_a_query_string(
    token: str, settings: Settings, caplog: pytest.LogCaptureFixture, allowed: bool
) -> None:
    settings.ALLOW_SESSION_ID_IN_URL = allowed
    caplog.set_level(logging.DEBUG)
    for path in (*RESOURCES, VERIFY, "/no/such/page"):
        Client().get(f"{path}?sessionID={token}")
        Client().post(f"{path}?sessionID={token}")
        Client().get(f"{path}?sessionID={token}", headers={"Host": "evil.example"})
    Client(enforce_csrf_checks=True).post(
        f"/accounts/login/?sessionID={token}",
        headers={"Referer": "https://evil.example/?code=of-somebody"},
        secure=True,
    )
    lines = "\n".join(LineFormatter().format(record) for record in caplog.records)
    assert "/no/such/page" in lines
    assert "https://evil.example/?…" in lines
    assert token not in lines
    assert "of-somebody" not in lines


@pytest.mark.spec("B-14", "ASVS 10.3")
@pytest.mark.parametrize("path", RESOURCES)
def test_a_session_alone_is_no_token(visitor: Client, token: str, path: str) -> None:
    assert visitor.get("/").status_code == 200
    answer = visitor.get(path)
    assert (answer.status_code, answer.json()) == (401, NOBODY)


@pytest.mark.spec("B-01", "RFC 7523 §2.1")
def test_a_machines_token_opens_the_resources_too(machine: Machine) -> None:
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    for path in RESOURCES:
        assert get(path, {"sessionID": token}) == (200, "")
