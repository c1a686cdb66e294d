"""Request bodies as real serializers and platforms write them, and what is refused by name."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, FORM, INTROSPECT, JWT_EXCHANGE, REVOKE, TOKEN, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db

ISSUER = "http://testserver.localhost"


def post_json(path: str, body: Any) -> Answer:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(path, text, content_type="application/json")


def at_every_endpoint(
    web: OAuthClient, machine: Machine, visitor: Client, changes: dict[str, Any]
) -> dict[str, Answer]:
    """Send a right JSON request to each endpoint, with some members added or changed."""
    credentials = {"client_id": web.client_id, "client_secret": web.client_secret}
    of_machine = {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret}
    token = web.get_tokens(visitor)["access_token"]
    return {
        "code": post_json(TOKEN, {**web.token_parameters(web.get_code(visitor)), **changes}),
        "refresh": post_json(
            TOKEN, {**web.refresh_parameters(web.get_tokens(visitor)["refresh_token"]), **changes}
        ),
        "exchange": post_json(JWT_EXCHANGE, {**of_machine, "jwt_token": machine.assertion(), **changes}),
        "introspect": post_json(INTROSPECT, {**credentials, "token": token, **changes}),
        "revoke": post_json(REVOKE, {**credentials, "token": token, **changes}),
    }


# JSON


IGNORED: list[Any] = [5, 1.5, -1, 10**400, True, False, None, [], [1, [2]], {}, {"a": {"b": [None, {}]}}]


@pytest.mark.spec("T-71", "RFC 6749 §3.2; RFC 8259")
@pytest.mark.parametrize("value", IGNORED, ids=lambda value: str(value)[:20])
def test_an_unknown_member_of_any_type_is_ignored(
    web: OAuthClient, machine: Machine, visitor: Client, value: Any
) -> None:
    for name, answer in at_every_endpoint(web, machine, visitor, {"unknown": value}).items():
        assert answer.status_code == 200, (name, answer.content)


@pytest.mark.spec("T-71", "RFC 8259 §9")
def test_an_unknown_member_may_be_nested_and_its_own_members_are_nobodys(
    web: OAuthClient, visitor: Client
) -> None:
    deep = "[" * 200 + '{"client_id": 5, "client_id": 6}' + "]" * 200
    body = json.dumps(web.token_parameters(web.get_code(visitor)))[:-1] + f', "unknown": {deep}}}'
    assert post_json(TOKEN, body).status_code == 200


@pytest.mark.spec("T-71", "RFC 6749 §3.2")
def test_null_is_absent(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    spare = ["scope", "code_verifier", "code_challenge_method", "token_type_hint", "resource", "state"]
    answers = at_every_endpoint(web, machine, visitor, dict.fromkeys(spare))
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 200)


@pytest.mark.spec("T-71", "RFC 6749 §3.2")
def test_null_in_place_of_what_is_needed_is_missing(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    parameters = web.token_parameters(web.get_code(visitor))
    for name, status in (("code", 400), ("grant_type", 400), ("client_secret", 401), ("client_id", 401)):
        null, absent = post_json(TOKEN, {**parameters, name: None}), dict(parameters)
        absent.pop(name)
        missing = post_json(TOKEN, absent)
        assert (null.status_code, null.json()) == (status, missing.json())
    assert post_json(TOKEN, parameters).status_code == 200
    public = single_page.token_parameters(single_page.get_code(visitor))
    assert post_json(TOKEN, {**public, "client_secret": None}).status_code == 200


@pytest.mark.spec("T-72", "RFC 6749 §5.2")
@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "client_secret",
        "grant_type",
        "code",
        "code_verifier",
        "code_challenge_method",
        "redirect_uri",
        "refresh_token",
        "scope",
        "assertion",
        "jwt_token",
        "token",
        "token_type_hint",
    ],
)
def test_a_known_member_of_another_type_is_refused_by_name(
    web: OAuthClient, machine: Machine, visitor: Client, name: str
) -> None:
    for value in (5, True, False, 0, 1.5, [], ["read"], {}, {"a": 1}):
        body = {**web.token_parameters("x"), name: value}
        for path in (TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT):
            answer = post_json(path, body)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
            assert answer.json()["error_description"] == f"The member {name} must be a string."


@pytest.mark.spec("T-44", "RFC 6749 §3.2")
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("client_secret", ["null", "RIGHT"]),
        ("client_secret", ["RIGHT", "null"]),
        ("code", ["5", "RIGHT"]),
        ("unknown", ["5", "{}"]),
        ("unknown", ["null", "null"]),
    ],
    ids=str,
)
def test_a_member_that_comes_twice_is_refused_whatever_its_types(
    web: OAuthClient, visitor: Client, name: str, values: list[str]
) -> None:
    parameters = web.token_parameters(web.get_code(visitor))
    right = json.dumps(parameters.pop(name, ""))
    twice = ", ".join(f'"{name}": {right if value == "RIGHT" else value}' for value in values)
    answer = post_json(TOKEN, json.dumps(parameters)[:-1] + f", {twice}}}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-45", "RFC 6749 §5.2; ASVS 2.2")
@pytest.mark.parametrize("path", [TOKEN, JWT_EXCHANGE, REVOKE, INTROSPECT])
def test_hostile_json_stays_refused_in_an_unknown_member_too(web: OAuthClient, path: str) -> None:
    right = json.dumps({**web.token_parameters("x"), "token": "x"})[:-1]
    for body in (
        right + ', "unknown": ' + "[" * 20_000 + "]" * 20_000 + "}",
        right + ', "unknown": ' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}",
        right + ', "unknown": NaN}',
        right + ', "unknown": [-Infinity]}',
        right + ', "code": "\\ud800"}',
        right[:-1].encode() + b'\xff"}',
        right.replace('"code": "x"', '"code": "\\udfff"') + "}",
        right + "".join(f', "p{number}": null' for number in range(101)) + "}",
        "{}" + right,
    ):
        answer = post_json(path, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# A byte order mark


@pytest.mark.spec("T-74", "RFC 8259 §8.1")
def test_a_byte_order_mark_is_ignored(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    credentials = {"client_id": web.client_id, "client_secret": web.client_secret}
    of_machine = {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret}
    token = web.get_tokens(visitor)["access_token"]
    requests: tuple[tuple[str, Callable[[], dict[str, str]]], ...] = (
        (TOKEN, lambda: web.token_parameters(web.get_code(visitor))),
        (JWT_EXCHANGE, lambda: {**of_machine, "jwt_token": machine.assertion()}),
        (INTROSPECT, lambda: {**credentials, "token": token}),
        (REVOKE, lambda: {**credentials, "token": token}),
    )
    for path, make in requests:
        for write, content_type in ((json.dumps, "application/json"), (urlencode, FORM)):
            body = codecs.BOM_UTF8 + write(make()).encode()
            answer = Client().post(path, body, content_type=content_type)
            assert answer.status_code == 200, (path, content_type, answer.content)


@pytest.mark.spec("T-74", "RFC 8259 §8.1")
def test_a_byte_order_mark_hides_no_second_parameter(web: OAuthClient) -> None:
    body = codecs.BOM_UTF8 + b"client_id=other&" + urlencode(web.token_parameters("x")).encode()
    answer = Client().post(TOKEN, body, content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "more than once" in answer.json()["message"]


# RFC 8707


@pytest.mark.spec("T-73", "RFC 8707 §2")
def test_resource_may_repeat(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    resources = [f"{ISSUER}/", ISSUER]
    for one in (resources, resources[:1], [], ISSUER):
        for name, answer in at_every_endpoint(web, machine, visitor, {"resource": one}).items():
            assert answer.status_code == 200, (name, answer.content)
    for parameters in (
        web.token_parameters(web.get_code(visitor)),
        web.refresh_parameters(web.get_tokens(visitor)["refresh_token"]),
    ):
        pairs = [("resource", resources[0]), *parameters.items(), ("resource", resources[1])]
        assert Client().post(TOKEN, urlencode(pairs), content_type=FORM).status_code == 200


@pytest.mark.spec("T-73", "RFC 8707 §2")
def test_resource_may_repeat_as_a_member_too(web: OAuthClient, visitor: Client) -> None:
    right = json.dumps(web.token_parameters(web.get_code(visitor)))[:-1]
    answer = post_json(TOKEN, right + ', "resource": "http://testserver.localhost", "resource": ["a:c"]}')
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


@pytest.mark.spec("T-73", "RFC 8707 §2")
@pytest.mark.parametrize("resource", [5, {}, [ISSUER, 5], [[ISSUER]]], ids=str)
def test_a_resource_is_a_string(web: OAuthClient, visitor: Client, resource: object) -> None:
    body = {**web.token_parameters(web.get_code(visitor)), "resource": resource}
    answer = post_json(TOKEN, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-73", "RFC 8707 §2")
@pytest.mark.parametrize("name", ["audience", "scope", "client_id", "resources"])
def test_nothing_else_may_repeat_beside_it(web: OAuthClient, visitor: Client, name: str) -> None:
    parameters = {**web.token_parameters(web.get_code(visitor)), "scope": "read"}
    value = parameters.pop(name, "x")
    pairs = [*parameters.items(), (name, value), (name, value), ("resource", "a:b"), ("resource", "a:c")]
    answer = Client().post(TOKEN, urlencode(pairs), content_type=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.spec("T-73", "RFC 8707 §2")
def test_resource_may_repeat_in_an_authorization_request(web: OAuthClient, visitor: Client) -> None:
    resources = [("resource", ISSUER), ("resource", f"{ISSUER}/")]
    query = [*web.authorization_parameters().items(), *resources]
    assert visitor.get(f"{AUTHORIZE}?{urlencode(query)}").status_code == 200
