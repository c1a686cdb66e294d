"""What a running server believes of proxies, whatever a stranger sends along; headers are written by hand."""

import socket
import time
from collections.abc import Iterator
from itertools import count, permutations
from urllib.parse import urlencode

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import TOKEN

pytestmark = pytest.mark.story

HOST = "gatehouse.example"
BEHIND_ONE = ADMIN | {"BASE_URL": f"https://{HOST}", "BEHIND_PROXY": "1"}
# After so many failures a minute a client and network are refused.
MOST = 60
ADDRESSES = (f"192.0.2.{number}" for number in count(1))


@pytest.fixture(autouse=True)
def _within_a_minute() -> None:
    """Begin early enough in a minute, by which failures are counted."""
    into_minute = time.time() % 60
    if into_minute > 50:
        time.sleep(60 - into_minute)


class Stranger:
    """Somebody whose requests reach the server with exactly the header lines that are asked for."""

    def __init__(self, installation: Installation) -> None:
        self.port = installation.port

    def send(self, request_line: str, *lines: str, body: str = "") -> int:
        """Send a request and return the status of its answer."""
        head = [request_line, f"Host: {HOST}", *lines, f"Content-Length: {len(body)}", "Connection: close"]
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*head, "", body]).encode("latin-1"))
            answer = connection.makefile("rb").read()
        return int(answer.split(b" ", 2)[1])

    def sign_in_page(self, *lines: str) -> int:
        return self.send("GET /accounts/login/ HTTP/1.1", *lines)

    def guess(self, client_id: str, *lines: str) -> int:
        form = {"grant_type": "refresh_token", "client_id": client_id, "client_secret": "wrong"}
        content = "Content-Type: application/x-www-form-urlencoded"
        return self.send(f"POST {TOKEN} HTTP/1.1", content, *lines, body=urlencode(form))


@pytest.fixture(scope="module")
def forwarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """At a server whose proxy speaks by Forwarded."""
    folder = tmp_path_factory.mktemp("forwarded") / "gatehouse"
    with Installation(folder, BEHIND_ONE | {"FORWARDED_HEADER": "forwarded"}) as running:
        yield Stranger(running)


@pytest.fixture(scope="module")
def x_forwarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """At a server whose proxy speaks by X-Forwarded-For and X-Forwarded-Proto."""
    with Installation(tmp_path_factory.mktemp("x-forwarded") / "gatehouse", BEHIND_ONE) as running:
        yield Stranger(running)


# What a stranger writes beside the proxy's Forwarded; {} is another address each time.
FORGERIES = [
    "X-Forwarded-For: {}",
    "X_Forwarded_For: {}",
    "X_Forwarded-For: {}",
    "FORWARDED_: for={}",
    "X-Forwarded: for={}",
]


@pytest.mark.spec("S-32", "RFC 7239 §8.1")
@pytest.mark.parametrize("forgery", [*FORGERIES, "Forwarded: for={};proto=https", 'Forwarded: for={};by="'])
@pytest.mark.parametrize("proxy_is_last", [True, False])
def test_no_spelling_of_a_header_makes_another_address(
    forwarded: Stranger, forgery: str, proxy_is_last: bool
) -> None:
    client = f"{forgery} {proxy_is_last}"
    if forgery.startswith("Forwarded:") and not proxy_is_last:
        pytest.skip("a proxy appends to a header of this name")
    address = next(ADDRESSES)

    def guess(number: int) -> int:
        lines = [forgery.format(f"203.0.113.{number}"), f"Forwarded: for={address};proto=https"]
        return forwarded.guess(client, *(lines if proxy_is_last else reversed(lines)))

    answers = [guess(number) for number in range(MOST + 2)]
    assert set(answers[:-2]) <= {401, 429}
    assert answers[-1] == 429
    # and nobody else is held up for it
    assert forwarded.guess(client, "Forwarded: for=203.0.113.1;proto=https") == 401


SCHEMES = ["X-Forwarded-Proto: https", "X_Forwarded_Proto: https", "X_Forwarded-Proto: https"]


@pytest.mark.spec("S-32", "RFC 7239 §5.4")
@pytest.mark.parametrize(
    "said", [[], ["Forwarded: for=192.0.2.1;proto=http"], ["Forwarded: proto=https;proto=http"]]
)
@pytest.mark.parametrize("forgery", SCHEMES)
def test_no_spelling_of_a_header_makes_plain_http_pass_as_https(
    forwarded: Stranger, said: list[str], forgery: str
) -> None:
    for lines in permutations([forgery, *said]):
        assert forwarded.sign_in_page(*lines) == 301
    assert forwarded.sign_in_page("Forwarded: for=192.0.2.1;proto=https") == 200


@pytest.mark.spec("S-31", "RFC 7239 §5.4")
def test_of_two_lines_the_proxys_own_counts(x_forwarded: Stranger) -> None:
    assert x_forwarded.sign_in_page("X-Forwarded-Proto: https") == 200
    assert x_forwarded.sign_in_page("X-Forwarded-Proto: https", "X-Forwarded-Proto: http") == 301
    assert x_forwarded.sign_in_page("X-Forwarded-Proto: http", "X-Forwarded-Proto: https") == 200
    scheme = "X-Forwarded-Proto: https"
    guesses = [
        x_forwarded.guess("two", scheme, f"X-Forwarded-For: 203.0.113.{number}", "X-Forwarded-For: 192.0.2.1")
        for number in range(MOST + 1)
    ]
    assert guesses[-1] == 429
    assert x_forwarded.guess("two", scheme, "X-Forwarded-For: 203.0.113.1") == 401
