"""The flows through nginx as deploy/nginx/gatehouse.conf has it, in front of two servers and PostgreSQL."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.front import BASE_URL
from tests.infrastructure.installation import ADMIN
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.processes import free_port
from tests.oauth_client import AUTHORIZE, INTROSPECT, ME, REVOKE, TOKEN, OAuthClient, hidden_fields
from tests.stories.conftest import SIGN_IN, certificate, manage
from tests.stories.pair import CALLBACK, Pair, started
from tests.stories.protected import Machine, Upstream, bearer, make_machine, recipe

pytestmark = pytest.mark.story

FAILED_SIGN_INS = 5  # with one name from one network in 5 minutes
CLIENTS = 3
CODES = 4
PAUSE_SECONDS = 0.05
ISSUED = """
from oauthapps.models import RefreshToken
print(RefreshToken.objects.filter(application__client_id="{}").count())"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    require("nginx")
    with started(tmp_path_factory.mktemp("behind"), behind_nginx=True) as running:
        yield running


@pytest.fixture(scope="module")
def machine(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    keys = certificate(tmp_path_factory.mktemp("keys"))
    return make_machine(pair.first, *keys, BASE_URL, pair.client)


def asked_over_http_2(pair: Pair, path: str, form: dict[str, str]) -> dict[str, str]:
    """What a client in another program gets for a form, over HTTP/2."""
    assert pair.front
    head, _, body = pair.front.curl(path, "--http2", "--data", urlencode(form)).partition("\n\n")
    assert head.startswith("HTTP/2 200"), body
    members: dict[str, str] = json.loads(body)
    return members


@pytest.mark.spec("O-91", "RFC 6749 §4.1; RFC 7636 §4; RFC 6749 §6; RFC 7009 §2")
def test_a_person_signs_in_and_allows_and_the_client_gets_tokens_refreshes_and_revokes(pair: Pair) -> None:
    options = ("--type", "single_page", "--name", "Through nginx", "--redirect-url", CALLBACK)
    created = manage(pair.first, "create_application", *options)
    client = OAuthClient(created["client_id"], redirect_uri=CALLBACK, pkce=True)
    asked = client.authorization_parameters(scope="read offline_access")
    redirect = pair.person().allow(f"{BASE_URL}{AUTHORIZE}?{urlencode(asked)}")
    code = parse_qs(urlsplit(redirect).query)["code"][0]
    first = asked_over_http_2(pair, TOKEN, client.token_parameters(code))
    second = asked_over_http_2(pair, TOKEN, client.refresh_parameters(first["refresh_token"]))
    calls = [pair.client.get(BASE_URL + ME, headers=bearer(second["access_token"])) for _ in range(4)]
    assert [call.status_code for call in calls] == [200] * 4
    revocation = {"client_id": created["client_id"], "token": second["refresh_token"]}
    assert pair.client.post(BASE_URL + REVOKE, revocation).status_code == 200
    calls = [pair.client.get(BASE_URL + ME, headers=bearer(second["access_token"])) for _ in range(4)]
    assert [call.status_code for call in calls] == [401] * 4


@pytest.mark.spec("O-91", "RFC 7523 §2.1; RFC 7662 §2; RFC 7009 §2")
def test_nginx_lets_a_machine_pass_until_its_token_is_revoked(pair: Pair, machine: Machine) -> None:
    instances, port = [pair.first.port, pair.second.port], free_port()
    with Upstream() as upstream, Nginx(recipe(instances, upstream.port, port), port):
        token = machine.token()
        url = f"http://127.0.0.1:{port}/reports"
        passed = [requests.get(url, headers=bearer(token), timeout=30).status_code for _ in range(4)]
        active = [machine.post(INTROSPECT, token=token).json()["active"] for _ in range(4)]
        assert (passed, active) == ([200] * 4, [True] * 4)
        assert machine.post(REVOKE, token=token).status_code == 200
        passed = [requests.get(url, headers=bearer(token), timeout=30).status_code for _ in range(4)]
        active = [machine.post(INTROSPECT, token=token).json()["active"] for _ in range(4)]
        assert (passed, active) == ([401] * 4, [False] * 4)
        assert upstream.requests == 4


def failed_sign_ins(pair: Pair, source: str, times: int) -> list[int]:
    """The statuses of wrong passwords from an IP address; nginx hands them to the two in turns."""
    assert pair.front
    browser = pair.front.session(source)
    page = browser.get(BASE_URL + SIGN_IN)
    form = hidden_fields(page.text) | {"login": ADMIN["ADMIN_USERNAME"], "password": "not hers"}
    headers = {"Referer": page.url}
    return [browser.post(BASE_URL + SIGN_IN, form, headers=headers).status_code for _ in range(times)]


@pytest.mark.spec("O-93", "ASVS 6.3.1; RFC 7239 §8.1")
def test_both_count_failures_together_for_the_ip_address_that_nginx_sees(pair: Pair) -> None:
    statuses = failed_sign_ins(pair, "127.0.0.7", FAILED_SIGN_INS + 1)
    assert statuses == [200] * FAILED_SIGN_INS + [429]
    assert failed_sign_ins(pair, "127.0.0.8", 1) == [200]
    program = """
from audit.models import Event
for event in Event.objects.order_by("-pk")[:2]:
    print(event.kind, event.address)"""
    done = pair.first.manage("shell", "--no-imports", "-c", program)
    assert [line.split()[-1] for line in done.stdout.splitlines()] == ["127.0.0.8", "127.0.0.7"], done
    for instance in (pair.first, pair.second):
        assert f'"POST {SIGN_IN} HTTP/1.1"' in instance.log_text()


@dataclass
class Client:
    """Refreshes again and again; told to come back, it sends the same again."""

    pair: Pair
    application: dict[str, Any]
    tokens: list[str]
    statuses: list[int] = field(default_factory=list)

    def go_on_until(self, end: Event) -> None:
        while not end.is_set():
            self.refresh()
            time.sleep(PAUSE_SECONDS)

    def refresh(self) -> None:
        answer = self.pair.refresh(self.pair.first, self.application, self.tokens[-1])
        self.statuses.append(answer.status_code)
        if answer.status_code == 200:
            self.tokens.append(answer.json()["refresh_token"])


def reads(pair: Pair, token: str, end: Event) -> set[int]:
    """The statuses of an API client's calls."""
    seen = set()
    while not end.is_set():
        seen.add(pair.client.get(BASE_URL + ME, headers=bearer(token), timeout=30).status_code)
        time.sleep(PAUSE_SECONDS)
    return seen


@pytest.mark.spec("O-92", "operation")
def test_nothing_is_lost_or_honored_twice(pair: Pair) -> None:
    application = pair.application("Goes on")
    clients = [Client(pair, application, [pair.tokens(application)["refresh_token"]]) for _ in range(CLIENTS)]
    of_codes = pair.application("With codes")
    codes = [pair.code(of_codes) for _ in range(CODES)]
    token = pair.tokens(pair.application("Reads"))["access_token"]
    end = Event()
    with ThreadPoolExecutor(2 * CLIENTS + 2 * CODES) as pool:
        read = pool.submit(reads, pair, token, end)
        going_on = [pool.submit(client.go_on_until, end) for client in clients]
        try:
            time.sleep(0.5)
            twice = [pool.submit(pair.post, pair.first, TOKEN, code) for code in codes for _ in range(2)]
            pair.second.kill()
            time.sleep(0.5)
            before = [len(client.tokens) for client in clients]
            pair.second.start()
            time.sleep(0.5)
        finally:
            end.set()
    for client, tokens in zip(clients, before, strict=True):
        assert len(client.tokens) > tokens  # the other one went on
        assert set(client.statuses) <= {200, 503}
        client.refresh()
        assert client.statuses[-1] == 200
    assert [one.result() for one in going_on] == [None] * CLIENTS
    assert read.result() <= {200, 503}
    # Each token that a client had is one that was issued, and no token has a successor that nobody got.
    issued = pair.first.manage("shell", "--no-imports", "-c", ISSUED.format(application["client_id"]))
    assert int(issued.stdout) == sum(len(set(client.tokens)) for client in clients), issued.stderr
    statuses = [one.result().status_code for one in twice]
    for number in range(CODES):
        assert sorted(statuses[2 * number : 2 * number + 2]) in (
            [200, 400],
            [200, 503],
            [400, 503],
            [503, 503],
        )
