"""Asking identity providers: real servers on this machine, good ones and others."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.oidc import fetching
from accounts.oidc.errors import NOT_ANSWERING, FetchError
from accounts.oidc.fetching import MOST_AT_ONCE, MOST_BYTES, asking, fetch
from tests.infrastructure.line_server import Answering, LineServer, answer

DOCUMENT = {"issuer": "https://login.example", "name": "Größe"}
GOOD = json.dumps(DOCUMENT).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def _own_network(settings: Settings) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = True


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_SECONDS", 0.5)


def refusal_of(answering: Answering) -> FetchError:
    with LineServer(answering) as server, pytest.raises(FetchError) as refused:
        fetch(f"http://127.0.0.1:{server.port}/keys?secret=1")
    assert refused.value.message == NOT_ANSWERING
    assert "secret" not in refused.value.explanation
    return refused.value


def slowly(first: bytes, dripped: bytes) -> Answering:
    """Sends a beginning, and then a byte at a time for as long as anybody listens."""

    def send(line: socket.socket, _: bytes) -> None:
        line.sendall(first)
        while True:
            line.sendall(dripped)
            time.sleep(0.05)

    return send


def test_a_json_object_comes_with_its_status() -> None:
    with LineServer(answer(GOOD, status="400 Bad Request")) as server:
        reply = fetch(
            f"http://localhost:{server.port}/token?x=1", form={"code": "a b&c"}, headers={"X-A": "1"}
        )
    assert (reply.status, reply.document) == (400, DOCUMENT)
    head = server.requests[0].decode()
    assert head.startswith("POST /token?x=1 HTTP/1.1\r\n")
    assert f"Host: localhost:{server.port}\r\n" in head
    assert "X-A: 1\r\n" in head
    assert "Accept: application/json\r\n" in head


@pytest.mark.parametrize("url", ["http://[::1]:{}/", "http://127.0.0.1:{}/"])
def test_both_families_of_addresses_are_reached(url: str) -> None:
    host = "::1" if "[" in url else "127.0.0.1"
    with LineServer(answer(GOOD), host=host) as server:
        assert fetch(url.format(server.port)).document == DOCUMENT


def test_a_body_in_chunks_is_read() -> None:
    def send(line: socket.socket, _: bytes) -> None:
        line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for part in (GOOD[:10], GOOD[10:]):
            line.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        line.sendall(b"0\r\n\r\n")

    with LineServer(send) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").document == DOCUMENT


@pytest.mark.spec("I-01", "OWASP SSRF; 6890")
def test_nothing_is_sent_to_this_machine_unless_that_is_allowed(settings: Settings, tmp_path: Path) -> None:
    settings.IDENTITY_PROVIDER_PRIVATE = False
    with LineServer.with_tls(answer(GOOD), tmp_path, "localhost") as server:
        for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]"):
            with pytest.raises(FetchError) as refused:
                fetch(f"https://{host}:{server.port}/")
            assert "which isn't public" in refused.value.cause
    assert server.requests == []
    assert server.names == []


@pytest.mark.spec("I-04", "OWASP SSRF")
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_no_redirect_is_followed(status: str) -> None:
    with LineServer(answer(GOOD)) as other:
        error = refusal_of(answer(b"{}", status=status, headers=f"Location: http://127.0.0.1:{other.port}/"))
    assert "a redirect, which isn't followed" in error.cause
    assert other.requests == []


@pytest.mark.spec("I-05", "OWASP SSRF; ASVS 15.2.2")
@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"Content-Length: 1000000000000\r\n\r\n",
        HEAD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
        HEAD + b"X-Long: ",
        b"HTTP/1.1 100 Continue\r\nX: y\r\n",
    ],
    ids=["length", "no-length", "chunked", "header", "interim"],
)
def test_an_answer_without_end_is_left_after_256_kib(head: bytes) -> None:
    sent = [0]

    def send(line: socket.socket, _: bytes) -> None:
        line.sendall(head)
        while True:
            line.sendall(b"x: " + b" " * 1018 + b"\r\n" if b"100" in head else b" " * 1024)
            sent[0] += 1024

    error = refusal_of(send)
    is_head = b"X" in head  # http.client takes so many lines of so many bytes
    assert ("like a web server" if is_head else "has more than 256 KiB") in error.cause
    assert sent[0] < MOST_BYTES + 12_000_000  # what lies in buffers of the kernel


@pytest.mark.spec("I-05", "OWASP SSRF; ASVS 15.2.2")
@pytest.mark.parametrize(
    ("first", "dripped"),
    [
        (b"", b""),
        (b"HTTP/1.1 ", b"2"),
        (HEAD, b"x"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["silence", "status", "headers", "body", "chunks"],
)
@pytest.mark.usefixtures("_soon")
def test_who_answers_byte_by_byte_is_left_in_time(first: bytes, dripped: bytes) -> None:
    began = time.monotonic()
    error = refusal_of(slowly(first, dripped))
    assert time.monotonic() - began < 1.5
    assert "took longer than 0.5 seconds" in error.cause


@pytest.mark.spec("I-05", "OWASP SSRF; ASVS 15.2.2")
@pytest.mark.usefixtures("_soon")
def test_who_never_ends_the_handshake_is_left_in_time() -> None:
    with LineServer(slowly(b"", b"\x16")) as server, pytest.raises(FetchError) as refused:
        fetch(f"https://localhost:{server.port}/")
    assert "took longer" in refused.value.cause or "can't be reached" in refused.value.cause


@pytest.mark.spec("I-06", "6125; 9325")
def test_a_certificate_counts_for_the_name_in_the_url_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LineServer.with_tls(answer(GOOD), tmp_path, "localhost") as server:
        url = f"https://localhost:{server.port}/"
        with pytest.raises(FetchError) as refused:
            fetch(url)
        assert "The certificate of" in refused.value.cause
        assert "self-signed" in refused.value.cause
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.crt"))
        assert fetch(url).document == DOCUMENT
        with pytest.raises(FetchError) as refused:
            fetch(f"https://127.0.0.1:{server.port}/")
        assert "IP address mismatch" in refused.value.cause
    assert len(server.requests) == 1
    assert server.names == ["localhost", "localhost", None]


@pytest.mark.spec("I-07", "OWASP SSRF: DNS rebinding")
def test_it_connects_to_the_address_that_was_checked_by_the_name_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    known = socket.getaddrinfo

    def resolver(host: str, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return known("127.0.0.1" if host == "login.example" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.crt"))
    with LineServer.with_tls(answer(GOOD), tmp_path, "login.example") as server:
        assert fetch(f"https://login.example:{server.port}/").document == DOCUMENT
    assert asked == ["login.example", "127.0.0.1"]  # the second is no question to DNS
    assert server.names == ["login.example"]
    assert f"Host: login.example:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.usefixtures("_soon")
@pytest.mark.spec("I-05", "OWASP SSRF; ASVS 15.2.2")
def test_a_name_server_that_says_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10))
    with pytest.raises(FetchError) as refused:
        fetch("https://login.example/")
    released.set()
    assert "took longer" in refused.value.cause


@pytest.mark.parametrize(
    ("answering", "cause"),
    [
        (answer(b"<html>", headers="Content-Type: text/html"), "200 with text/html instead of a JSON object"),
        (answer(b"[1]"), "instead of a JSON object"),
        (answer(b'{"a": ' * 5000), "instead of a JSON object"),
        (answer(b"\xff\xfe"), "instead of a JSON object"),
        (answer(b"busy", status="503 Busy", headers="Content-Type: text/plain"), "503 with text/plain"),
        (lambda line, _: line.sendall(b"SSH-2.0-OpenSSH\r\n"), "didn't answer like a web server"),
        (lambda _line, _: None, "didn't answer like a web server"),
    ],
    ids=["html", "list", "deep", "no-text", "busy", "ssh", "nothing"],
)
@pytest.mark.spec("I-04", "OWASP SSRF")
def test_anything_but_a_json_object_is_refused(answering: Answering, cause: str) -> None:
    assert cause in refusal_of(answering).cause


def test_a_closed_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError) as refused:
        fetch(f"http://127.0.0.1:{port}/")
    assert refused.value.cause == f"http://127.0.0.1:{port} can't be reached: Connection refused."


@pytest.fixture
def _busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fetching, "WAIT_SECONDS", 0.05)
    for _ in range(MOST_AT_ONCE):
        asking.acquire()
    yield
    asking.release(MOST_AT_ONCE)


@pytest.mark.usefixtures("_busy")
@pytest.mark.spec("I-05", "OWASP SSRF; ASVS 15.2.2")
def test_few_are_asked_at_once() -> None:
    with LineServer(answer(GOOD)) as server, pytest.raises(FetchError) as refused:
        fetch(f"http://127.0.0.1:{server.port}/")
    assert "already under way" in refused.value.cause
    assert server.requests == []
