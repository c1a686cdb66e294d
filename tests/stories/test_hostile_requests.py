"""Requests that are large, odd, or come many on a connection, written by hand."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.wire import STATUS, Wire, chunked, listen
from tests.oauth_client import INTROSPECT, REVOKE, TOKEN, hidden_fields
from tests.stories.conftest import (
    CHUNKED,
    FORM,
    ME,
    REFRESH,
    SIGN_IN,
    answers_everybody,
    is_behind_proxy,
    post,
)

pytestmark = pytest.mark.story

# What a page takes at most, and an endpoint; in bytes.
MOST_FOR_PAGES, MOST_FOR_PROGRAMS = 2_000_000, 64 * 1024


def sign_in_form(wire: Wire) -> tuple[str, bytes]:
    """The cookies and the form with which the administrator signs in."""
    page = wire.ask(f"GET {SIGN_IN}").text
    lines = [line.partition(":") for line in page.split("\r\n")]
    cookies = [value.split(";")[0] for name, _, value in lines if name.lower() == "set-cookie"]
    fields = hidden_fields(page) | {"login": ADMIN["ADMIN_USERNAME"], "password": ADMIN["ADMIN_PASSWORD"]}
    return "Cookie:" + ";".join(cookies), urlencode(fields).encode()


@pytest.mark.spec("S-53", "RFC 9112 §8")
@pytest.mark.parametrize("end", ["", "5\r\nno"])
def test_a_form_in_chunks_counts_only_when_it_has_ended(server: Installation, wire: Wire, end: str) -> None:
    cookies, form = sign_in_form(wire)
    data = post(wire, SIGN_IN, CHUNKED, cookies, f"Referer: {server.base_url}{SIGN_IN}")
    if is_behind_proxy(server):  # granian's WSGI does not tell whether a body is complete
        heard = wire.send(data + chunked(form, end=end.encode()), half_close=True)
        assert heard.status == 400
    for ending in (b"0\r\n\r\n", b"0\r\nX-Check: 1\r\n\r\n"):
        trailer = "Trailer: X-Check" if b"X" in ending else "Accept: */*"
        data = post(
            wire,
            SIGN_IN,
            CHUNKED,
            "Connection: close",
            trailer,
            cookies,
            f"Referer: {server.base_url}{SIGN_IN}",
        )
        heard = wire.send(data + chunked(form[:20], form[20:], end=ending))
        assert heard.status == 302


@pytest.mark.spec("S-54", "RFC 9110 §15.5.14")
@pytest.mark.parametrize("sends_all", [True, False])
def test_what_is_too_large_is_refused_unread(server: Installation, wire: Wire, sends_all: bool) -> None:
    temporary = Path(server.environment["TMPDIR"])
    before = set(temporary.iterdir())
    kind = "Content-Type: multipart/form-data; boundary=x"
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
    body = part + b"x" * 3_000_000
    declared = wire.request(f"POST {SIGN_IN}", kind, f"Content-Length: {len(body)}")
    heard = wire.send(declared + (body if sends_all else part))
    assert heard.status == 413
    assert heard.closed
    assert heard.seconds < 1
    if sends_all:
        heard = wire.send(wire.request(f"POST {SIGN_IN}", kind, CHUNKED) + chunked(*[body[:65536]] * 40))
        assert (heard.status, heard.closed) == (413, True)
    assert set(temporary.iterdir()) == before


@pytest.mark.spec("S-54", "RFC 9110 §15.5.14")
@pytest.mark.parametrize("path", [TOKEN, INTROSPECT, REVOKE])
def test_programs_hear_in_json_that_it_is_too_large(wire: Wire, path: str) -> None:
    too_large = REFRESH + b"&x=" + b"x" * MOST_FOR_PROGRAMS
    for data in (
        post(wire, path, body=too_large),
        post(wire, path, f"Content-Length: {len(too_large)}"),
        post(wire, path, CHUNKED) + chunked(too_large),
    ):
        heard = wire.send(data)
        assert heard.status == 413
        assert '"error": "invalid_request"' in heard.text
        assert heard.closed


@pytest.mark.spec("S-54", "RFC 9110 §15.5.14")
def test_what_is_just_small_enough_is_read(wire: Wire) -> None:
    filler = b"x" * (MOST_FOR_PROGRAMS - len(REFRESH) - 3)
    assert wire.ask(f"POST {TOKEN}", FORM, body=REFRESH + b"&x=" + filler).status == 401
    large = wire.ask(f"POST {SIGN_IN}", FORM, body=b"x=" + b"x" * (MOST_FOR_PAGES - 2))
    assert large.status == 400  # larger than the fields of a form may be
    whole = post(wire, TOKEN, CHUNKED, "Connection: close") + chunked(
        *[REFRESH[i : i + 1] for i in range(len(REFRESH))]
    )
    assert wire.send(whole).status == 401


@pytest.mark.spec("S-55", "RFC 9110 §10.1.1")
def test_who_asks_whether_to_go_on_is_told(server: Installation, wire: Wire) -> None:
    with wire.connect() as connection:
        connection.sendall(post(wire, TOKEN, "Expect: 100-continue", f"Content-Length: {len(REFRESH)}"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(REFRESH)
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")
    asked = wire.send(post(wire, TOKEN, "Expect: 100-continue", "Content-Length: 100000"))
    assert asked.status == 413
    if not is_behind_proxy(server):  # granian's RSGI may have said so before it hears that nobody will read
        assert " 100 " not in asked.text


@pytest.mark.spec("S-55", "RFC 9112 §9.3.2")
def test_many_requests_on_a_connection_are_answered_in_order(wire: Wire) -> None:
    one = [
        wire.request(f"GET {ME}"),
        post(wire, TOKEN, body=b"grant_type=none"),
        wire.request(f"GET {SIGN_IN}"),
    ]
    with wire.connect() as connection:
        connection.sendall(b"".join(one * 30) + wire.request(f"GET {ME}", "Connection: close"))
        heard = listen(connection)
    statuses = STATUS.findall(heard.text.encode())
    assert statuses == [b"401", b"400", b"200"] * 30 + [b"401"]
    with wire.connect() as connection:
        for _ in range(200):
            connection.sendall(one[0])
            assert connection.recv(4096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.spec("S-56", "RFC 9112 §3.2")
@pytest.mark.parametrize("path", [ME, SIGN_IN])
def test_a_request_names_one_host(wire: Wire, path: str) -> None:
    host = wire.head[0]
    for lines in ([], [host, host], [host, "Host: evil.example"], ["Host: evil.example"], ["Host:"]):
        request = "\r\n".join([f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""])
        assert wire.send(request.encode()).status == 400, lines
    named = f"GET http://{host.partition(' ')[2]}{path} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n"
    assert wire.send(named.encode()).status in {200, 401}
    old = wire.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert old.status == 400
    assert wire.send(f"GET {path} HTTP/1.0\r\n{host}\r\n\r\n".encode()).status in {200, 401}


@pytest.mark.spec("S-56", "RFC 9112 §3.2.2")
def test_a_host_in_the_target_counts_behind_a_proxy(server: Installation, wire: Wire) -> None:
    if not is_behind_proxy(server):
        pytest.skip("granian's WSGI does not tell the host of a target")
    assert wire.ask(f"GET http://evil.example{ME}").status == 400


METHODS = ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "CONNECT", "PRI", "get"]
TARGETS = [
    "/%FF",
    "/%00",
    "/api/v1/%FF",
    "/api/v1/me%00",
    "/static/%FF",
    "/static/%00",
    "/static/../../manage.py",
    "/static/%2e%2e/%2e%2e/manage.py",
    "/%zz",
    "//",
    "*",
    "x",
    "?x",
    "/#x",
    "/a" * 5000,
    "/\xe2\x82\xac",
    "/\xff",
    f"{SIGN_IN}?next=\xe2\x82\xac",
    f"{SIGN_IN}?next=%FF%00",
    f"{SIGN_IN}?next=\xff",
    f"{ME}?sessionID=\xe2\x82\xac",
    "/integrations/oauth2/authorize?client_id=\xe2\x82\xac",
    f"{ME}/\xe2\x82\xac",
]
HEADERS = [
    "Cookie: gatehouse_session=\xff",
    "User-Agent: \xe2\x82\xac",
    "X-\xff: 1",
    "Content-Length: -1",
    "Content-Length: 1, 2",
    f"Content-Length: {10**30}",
    "Transfer-Encoding: gzip",
    "Expect: tea",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
    "X-Forwarded-For: \xff",
    "X-Forwarded-Proto: \xff",
    "Authorization: Bearer \xff",
    "Content-Type: \xff",
]


@pytest.mark.spec("S-57", "RFC 9110 §15.6; RFC 9112 §2.2")
def test_nothing_odd_is_an_error_of_the_server(server: Installation, wire: Wire) -> None:
    before = len(server.log_text())
    lines = [
        f"{method} {path}" for method in METHODS for path in (ME, TOKEN, SIGN_IN, "/static/x", "/nowhere")
    ]
    odd: list[tuple[str, list[str]]] = [
        (line, []) for line in [*lines, *(f"GET {target}" for target in TARGETS), "CONNECT localhost:80"]
    ]
    odd += [
        (f"{line} {path}", [header])
        for line in ("GET", "POST")
        for path in (ME, TOKEN, SIGN_IN)
        for header in HEADERS
    ]
    for line, headers in odd:
        heard = wire.ask(line, *headers)
        assert heard.closed, (line, headers)
        assert 200 <= heard.status < 500, (line, headers)
        assert heard.seconds < 2, (line, headers)
    assert "Traceback" not in server.log_text()[before:]


@pytest.mark.spec("S-58", "RFC 9113 §3.3")
def test_http_2_is_not_spoken(server: Installation, wire: Wire) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
    heard = wire.send(preface + b"\0\x40\0\1\4\0\0\0\1" + b"x" * 0x4000)
    assert heard.closed
    assert heard.text == "" or 400 <= heard.status < 500
    assert heard.seconds < 1
    answers_everybody(wire)
