"""Requests that nobody should send, to every endpoint strangers reach, and what must hold of each answer.

The suite sends some thousands of them. This sends as many as it is told:

    python -m tests.oauth2.fuzzing --requests 50000
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import logging
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote_from_bytes

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.oauth_client import FORM

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from accounts.models import User

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"]
CONTENT_TYPES = [
    FORM,
    f"{FORM}; charset=utf-16",
    "application/json",
    "application/json; charset=latin-1",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "application/xml",
    "",
    "é/ü",
    "application/json;;;=",
]
ROUND = 5000  # hypothesis remembers what it has tried


@dataclass(frozen=True)
class Endpoint:
    """An address and the method it is meant for."""

    name: str
    path: str
    method: str
    for_programs: bool = True


ENDPOINTS = [
    Endpoint("authorize", "/integrations/oauth2/authorize", "GET", for_programs=False),
    Endpoint("authorize, answered", "/integrations/oauth2/authorize", "POST", for_programs=False),
    Endpoint("switch account", "/integrations/oauth2/authorize/switch-account", "POST", for_programs=False),
    Endpoint("token", "/integrations/oauth2/api/v1/token", "POST"),
    Endpoint("jwt/exchange", "/integrations/oauth2/api/v1/jwt/exchange", "POST"),
    Endpoint("revoke", "/integrations/oauth2/api/v1/revoke", "POST"),
    Endpoint("introspect", "/integrations/oauth2/api/v1/introspect", "POST"),
    Endpoint("verify", "/integrations/oauth2/api/v1/verify", "GET"),
    Endpoint("verify below", "/integrations/oauth2/api/v1/verify/a/b", "POST"),
    Endpoint("metadata", "/.well-known/oauth-authorization-server", "GET"),
    Endpoint("me", "/api/v1/me", "GET"),
    Endpoint("attask user/me", "/attask/api/v22.0/user/me", "GET"),
    Endpoint("attask user/search", "/attask/api/v22.0/user/search", "GET"),
    Endpoint("attask logout", "/attask/api/v22.0/logout", "POST"),
    Endpoint("attask, anything else", "/attask/api/v22.0/project/search", "GET"),
]


@dataclass
class Target:
    """An installation with everything that a request could get right.

    Attributes:
        values: right values of parameters, by name; several where there are several.
        right: the parameters of requests that succeed, by endpoint.
        headers: headers that authenticate.
        secrets: what no answer may repeat.
        person: who is signed in.
        browser: sends as somebody who is signed in.
        stranger: sends without a cookie.
    """

    values: dict[str, list[str]]
    right: dict[str, list[dict[str, str]]]
    headers: list[dict[str, str]]
    secrets: list[str]
    person: User
    browser: Any
    stranger: Any


@dataclass(frozen=True)
class Shot:
    """One request."""

    endpoint: Endpoint
    method: str
    query: str
    body: bytes
    content_type: str
    headers: dict[str, str]
    signed_in: bool


@dataclass
class Report:
    """How many answers of each status every endpoint gave."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)

    def add(self, endpoint: Endpoint, status: int) -> None:
        self.statuses.setdefault(endpoint.name, Counter())[status] += 1

    @property
    def total(self) -> int:
        return sum(sum(counter.values()) for counter in self.statuses.values())

    def table(self) -> str:
        """Return the counts as a table."""
        found = sorted({status for counter in self.statuses.values() for status in counter})
        lines = [
            f"| endpoint | {' | '.join(map(str, found))} | all |",
            f"|---|{'---:|' * (len(found) + 1)}",
        ]
        for endpoint in ENDPOINTS:
            counter = self.statuses.get(endpoint.name, Counter())
            numbers = [f"{counter[status]:,}" if counter[status] else "" for status in found]
            lines.append(f"| {endpoint.name} | {' | '.join(numbers)} | {sum(counter.values()):,} |")
        sums = [sum(counter[status] for counter in self.statuses.values()) for status in found]
        lines.append(f"| all | {' | '.join(f'{number:,}' for number in sums)} | {self.total:,} |")
        return "\n".join(lines)


def prepare() -> Target:
    """Make applications, a person, and tokens that work."""
    from django.test import Client

    from oauthapps.rules.app_types import AppType
    from tests.factories import UserFactory, make_application
    from tests.oauth2.conftest import make_machine
    from tests.oauth_client import OAuthClient, challenge_of, hidden_fields

    person = UserFactory.create()
    browser = Client()
    browser.force_login(person)
    made = make_application(AppType.WEB, settings={"rotate_refresh_tokens": False})
    web = OAuthClient(made.application.client_id, made.client_secret)
    public = OAuthClient(make_application(AppType.SINGLE_PAGE).application.client_id, pkce=True)
    created = make_application(AppType.MACHINE_TO_MACHINE)
    machine = make_machine(created.application, created.client_secret)
    assertion = machine.assertion(exp=int(time.time()) + 20 * 3600)
    tokens = web.get_tokens(browser)
    code = web.get_code(browser)
    sealed = hidden_fields(web.consent_page(browser).content.decode())["authorization_request"]
    hidden = [web.client_secret, machine.client.client_secret, tokens["access_token"]]
    hidden += [tokens["refresh_token"], code, assertion, assertion.rpartition(".")[2], public.verifier]
    values = {
        "client_id": [web.client_id, public.client_id, machine.client.client_id],
        "client_secret": [web.client_secret, machine.client.client_secret],
        "grant_type": [
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "password",
        ],
        "code": [code],
        "refresh_token": [tokens["refresh_token"]],
        "token": [tokens["access_token"], tokens["refresh_token"]],
        "access_token": [tokens["access_token"]],
        "sessionID": [tokens["access_token"]],
        "jwt_token": [assertion],
        "assertion": [assertion],
        "redirect_uri": [web.redirect_uri],
        "response_type": ["code", "token"],
        "code_challenge": [challenge_of(public.verifier)],
        "code_challenge_method": ["S256", "plain"],
        "code_verifier": [public.verifier],
        "scope": ["read", "write", "read write offline_access", "no-such-scope"],
        "state": ["a state"],
        "token_type_hint": ["access_token", "refresh_token"],
        "decision": ["allow", "deny"],
        "authorization_request": [sealed],
        "request": ["x"],
        "request_uri": ["https://evil.example/"],
        "response_mode": ["fragment"],
        "prompt": ["none"],
    }
    of_machine = {"client_id": machine.client.client_id, "client_secret": machine.client.client_secret}
    of_web = {"client_id": web.client_id, "client_secret": web.client_secret}
    right = {
        "authorize": [web.authorization_parameters(), public.authorization_parameters()],
        "authorize, answered": [{"authorization_request": sealed, "decision": "allow"}],
        "switch account": [{"authorization_request": sealed}],
        "token": [
            web.refresh_parameters(tokens["refresh_token"]),
            web.token_parameters(code),
            {**of_machine, "grant_type": values["grant_type"][2], "assertion": assertion},
        ],
        "jwt/exchange": [{**of_machine, "jwt_token": assertion}],
        "revoke": [{**of_web, "token": tokens["access_token"]}, {**of_web, "token": tokens["refresh_token"]}],
        "introspect": [{**of_web, "token": tokens["access_token"]}],
    }
    bearer = f"Bearer {tokens['access_token']}"
    headers = [
        {"Authorization": web.basic},
        {"Authorization": machine.client.basic},
        {"Authorization": bearer},
        {"sessionID": tokens["access_token"]},
        {"Authorization": bearer, "sessionID": tokens["access_token"]},
    ]
    return Target(values, right, headers, hidden, person, browser, Client())


# What a request may look like

STRANGE_TEXTS = [
    "",
    "\0",
    "a\0b",
    "\r\nX-Injected: 1",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}%(a)s{0}",
    "../../../../etc/passwd",
    "\u202e\u200b\ufeff",
    "é🙂",
    "0",
    "-1",
    "9" * 400,
    "x" * 5000,
    "null",
    "[]",
    "a" * 70_000,
]
STRANGE_BYTES = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"%", b"%ZZ", b"\x80" * 20]

texts = st.one_of(st.sampled_from(STRANGE_TEXTS), st.text(max_size=40)).map(
    lambda text: text.encode("utf-8", "replace")
)
raw_values = st.one_of(texts, st.sampled_from(STRANGE_BYTES), st.binary(max_size=30))
json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(STRANGE_TEXTS[:-1]),
        st.text(max_size=10),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
HEADER_VALUES = [
    "",
    "Basic",
    "Basic ",
    "Basic !!!!",
    "Basic AAA6",
    "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    "Basic " + base64.b64encode(b"a:b\0c").decode(),
    "Basic " + base64.b64encode(b"%00:%00").decode(),
    "Basic " + base64.b64encode(b"%FF%ED%A0%80:%ZZ").decode(),
    "Basic " + "QTpC" * 4000,
    "Bearer",
    "Bearer  x",
    "Bearer " + "x" * 9000,
    "Digest username=x",
    "\xff\xfe",
    "null",
    "https://evil.example",
    "https://client.example",
    "' OR 1=1 --",
    "1e9",
    "-1",
]
HEADER_NAMES = [
    "Authorization",
    "sessionID",
    "Origin",
    "Referer",
    "Host",
    "Cookie",
    "Accept",
    "Accept-Encoding",
    "Content-Encoding",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "If-None-Match",
    "If-Modified-Since",
    "Range",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Http-Method-Override",
    "Access-Control-Request-Method",
    "Access-Control-Request-Headers",
    "User-Agent",
    "DPoP",
]


Pair = tuple[bytes, bytes]
T = TypeVar("T")


def mostly(usual: st.SearchStrategy[T], *others: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Return a strategy that is the usual one two times out of three."""
    chosen = [usual] * 2 * len(others) + list(others)
    return st.integers(0, len(chosen) - 1).flatmap(chosen.__getitem__)


def shots(target: Target) -> st.SearchStrategy[Shot]:
    """Return the strategy that makes requests: much of each is right, so that the wrong part gets far."""
    return st.one_of([shots_at(target, endpoint) for endpoint in ENDPOINTS])


def shots_at(target: Target, endpoint: Endpoint) -> st.SearchStrategy[Shot]:
    """Return the strategy that makes requests to one endpoint."""
    pairs = mostly(almost_right(target, endpoint), st.lists(pair(target), max_size=9))
    as_query = pairs.map(encode_form).map(as_header)
    nothing = st.just((b"", ""))
    by_url = endpoint.method == "GET"
    return st.builds(
        lambda odd_method, query, content, headers, signed_in: Shot(
            endpoint=endpoint,
            method=odd_method or endpoint.method,
            query=query,
            body=content[0],
            content_type=content[1],
            headers=headers,
            signed_in=signed_in,
        ),
        st.sampled_from([*[None] * 40, *METHODS]),
        as_query if by_url else mostly(st.just(""), as_query, raw_values.map(as_header)),
        mostly(nothing, contents(pairs)) if by_url else contents(pairs),
        headers_of(target),
        st.sampled_from([True, True, False]),
    )


def almost_right(target: Target, endpoint: Endpoint) -> st.SearchStrategy[list[Pair]]:
    """Return a request that would succeed, with at most one thing done to it."""
    requests = target.right.get(endpoint.name, [{}])
    encoded = [[(name.encode(), value.encode()) for name, value in one.items()] for one in requests]
    places = st.integers(0, 20)
    return st.builds(
        lambda one, deed, place, other: DEEDS[deed](list(one), place % (len(one) or 1), other),
        st.sampled_from(encoded),
        st.sampled_from([*sorted(DEEDS), "nothing", "nothing"]),
        places,
        pair(target),
    )


DEEDS: dict[str, Callable[[list[Pair], int, Pair], list[Pair]]] = {
    "nothing": lambda pairs, place, other: pairs,  # noqa: ARG005
    "add": lambda pairs, place, other: [*pairs, other],  # noqa: ARG005
    "drop": lambda pairs, place, other: pairs[:place] + pairs[place + 1 :],  # noqa: ARG005
    "change": lambda pairs, place, other: [
        (name, other[1] if number == place else value) for number, (name, value) in enumerate(pairs)
    ],
    "double": lambda pairs, place, other: pairs + pairs[place : place + 1],  # noqa: ARG005
}


def pair(target: Target) -> st.SearchStrategy[Pair]:
    """Return a right parameter, mostly; else one with another value, or with another name as well."""
    encoded = [(name.encode(), value.encode()) for name, values in target.values.items() for value in values]
    names = sorted({name for name, _ in encoded})
    return mostly(
        st.sampled_from(encoded),
        st.tuples(st.sampled_from(names), raw_values),
        st.tuples(raw_values, raw_values),
    )


def encode_form(pairs: list[Pair]) -> bytes:
    """Return the pairs as a form; broken escapes stay broken."""
    return b"&".join(
        b"=".join(part if part in STRANGE_BYTES else quote_from_bytes(part).encode() for part in one)
        for one in pairs
    )


def encode_json(pairs: list[Pair]) -> bytes:
    """Return the pairs as an object, in which a name may come twice."""
    members = (f"{as_json(name)}: {as_json(value)}" for name, value in pairs)
    return f"{{{', '.join(members)}}}".encode("utf-8", "surrogatepass")


def as_json(text: bytes) -> str:
    """Return a JSON string, with lone surrogates where the text is not UTF-8."""
    return json.dumps(text.decode("utf-8", "surrogateescape"))


def as_header(value: bytes) -> str:
    """Return bytes as a server hands them over."""
    return value.decode("latin-1")


def contents(pairs: st.SearchStrategy[list[Pair]]) -> st.SearchStrategy[tuple[bytes, str]]:
    """Return bodies with their content types, which fit each other most of the time."""
    deep = st.sampled_from(
        [b"[" * 20_000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b'{"code": ' + b"9" * 6000 + b"}"]
    )
    many = st.integers(50, 5000).map(lambda count: b"&".join(b"p%d=x" % number for number in range(count)))
    multipart = pairs.map(
        lambda these: (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % one for one in these)
            + b"--x--\r\n"
        )
    )
    bodies = st.one_of(
        pairs.map(encode_form), pairs.map(encode_json), deep, many, multipart, st.binary(max_size=60)
    )
    return mostly(
        st.tuples(pairs.map(encode_form), st.just(FORM)),
        st.tuples(pairs.map(encode_json), st.just("application/json")),
        st.tuples(json_values.map(lambda value: json.dumps(value).encode()), st.just("application/json")),
        st.tuples(bodies, st.sampled_from(CONTENT_TYPES)),
    )


def headers_of(target: Target) -> st.SearchStrategy[dict[str, str]]:
    """Return headers: right ones, none, and odd ones."""
    odd = st.dictionaries(
        st.sampled_from(HEADER_NAMES),
        st.one_of(st.sampled_from(HEADER_VALUES), st.binary(max_size=20).map(as_header)),
        max_size=3,
    )
    right = st.sampled_from([*[{}] * 6, *target.headers])
    return mostly(right, st.builds(lambda first, second: {**first, **second}, right, odd))


# What must hold of an answer


def fire(target: Target, shot: Shot) -> Answer:
    """Send a request as the server would hand it over; an exception comes out as it was raised."""
    from django.db import transaction

    client = target.browser if shot.signed_in and not shot.endpoint.for_programs else target.stranger
    # A stream as servers have one: it ends where the body does, whatever length was announced.
    extra: dict[str, Any] = {"QUERY_STRING": shot.query, "wsgi.input": BytesIO(shot.body)}
    for name, value in shot.headers.items():
        plain = name.upper().replace("-", "_")
        if plain == "CONTENT_LENGTH" and not shot.endpoint.for_programs:
            continue  # servers let numbers alone through; Django relies on that where it reads forms
        extra[plain if plain == "CONTENT_LENGTH" else f"HTTP_{plain}"] = value
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer: Answer = client.generic(
            shot.method, shot.endpoint.path, shot.body, shot.content_type, **extra
        )
        transaction.set_rollback(True)  # what a request uses up or ends is there again for the next
    client.cookies = cookies
    return answer


def judge(target: Target, shot: Shot, answer: Answer) -> None:
    """Check what must hold of every answer."""
    assert answer.status_code < 500, (shot, answer.content[:500])
    body = answer.content.decode("utf-8")
    if shot.endpoint.for_programs and body:
        assert answer["Content-Type"] == "application/json", (shot, body[:500])
        json.loads(body)
    seen = body + (str(answer.headers) if shot.endpoint.for_programs else "")
    for secret in target.secrets:
        if may_come_back(secret, shot, answer.status_code):
            continue
        assert secret not in seen, (shot, body[:500])


def may_come_back(secret: str, shot: Shot, status: int) -> bool:
    """Return whether an answer may hold a secret.

    A refresh returns the refresh token. The page that says why a link cannot be followed says what is in it.
    """
    refreshed = shot.endpoint.name == "token" and status == 200
    return refreshed or (not shot.endpoint.for_programs and secret in shot.query)


def run(target: Target, report: Report, requests: int, *, random_seed: int | None = None) -> None:
    """Send so many requests; without a seed always the same ones."""
    chosen = settings(
        max_examples=requests,
        derandomize=random_seed is None,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )

    def one(shot: Shot) -> None:
        answer = fire(target, shot)
        report.add(shot.endpoint, answer.status_code)
        judge(target, shot, answer)

    logging.disable(logging.CRITICAL)
    test: Callable[[], None] = chosen(given(shots(target))(one))
    if random_seed is not None:
        test = seed(random_seed)(test)
    try:
        test()
    finally:
        logging.disable(logging.NOTSET)


# The long run


def main() -> int:
    """Send requests to a database of our own until there have been enough of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.oauth2.fuzzing")
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    report, began = Report(), time.monotonic()
    try:
        target = prepare()
        while report.total < asked.requests:
            left = min(ROUND, asked.requests - report.total)
            run(target, report, left, random_seed=asked.seed + report.total)
            sys.stderr.write(f"{report.total} requests, {time.monotonic() - began:.0f} s\n")
    finally:
        sys.stdout.write(f"{report.table()}\n\nseed {asked.seed}, {time.monotonic() - began:.0f} seconds\n")
        connection.creation.destroy_test_db(str(connection.settings_dict["NAME"]), verbosity=0)
        teardown_test_environment()
    return 0


if __name__ == "__main__":
    sys.exit(main())
