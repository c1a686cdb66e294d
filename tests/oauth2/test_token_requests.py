"""The form of a request for tokens: a valid one, and one part of it broken at a time."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import User
from tests.oauth2.answers import ERROR_TEXT, error_of
from tests.oauth2.conftest import Machine
from tests.oauth_client import FORM, INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient, given

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


def ask(client: OAuthClient, parameters: dict[str, str], **changes: str | None) -> Answer:
    """Send a token request with some parameters changed, or left out where None."""
    return client.post(TOKEN, given({**parameters, **changes}))


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
    ["audience", "client", "user", "scopes", "grant", "actor", "verified_assertion", "wid"],
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
