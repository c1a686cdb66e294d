"""Requesting JSON from identity providers: from checked IP addresses, within limits of time and size.

Redirects aren't followed, and proxies from the environment aren't used: either could lead anywhere.
"""

from __future__ import annotations

import http.client
import io
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socket import create_connection, socket
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.oidc.addresses import Target, check_url, resolve
from accounts.oidc.errors import FetchError

# For everything: from DNS to the last byte of the reply.
MOST_SECONDS = 5.0
# So that an IP address that drops packets leaves time for the next.
CONNECT_SECONDS = 2.0
# Headers included.
MOST_BYTES = 256 * 1024
# Each occupies a thread of this process; further ones wait for a moment, then are refused.
MOST_AT_ONCE = 8
WAIT_SECONDS = 1.0
asking = threading.BoundedSemaphore(MOST_AT_ONCE)

CHECK_PROVIDER = "Check that the provider is up and that this server may connect to it."


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A provider's reply.

    Attributes:
        status: the HTTP status; never a redirect.
        document: the JSON object in the body.
    """

    status: int
    document: dict[str, Any]


class TooLargeError(Exception):
    """A reply has more than MOST_BYTES bytes."""


def fetch(
    url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Reply:
    """Request a JSON object from a provider, within 5 seconds and 256 KiB.

    Other requests are served in the meantime, unless the caller is in a transaction: call it outside of one.

    Args:
        url: an https URL, or http on this machine if IDENTITY_PROVIDER_PRIVATE allows it.
        form: the fields of a POST; None for a GET.
        headers: further headers, such as Authorization.

    Returns:
        The status, whatever it is, and the object.

    Raises:
        FetchError: when there is no such reply, or the URL or an IP address of its host isn't allowed.
    """
    target = check_url(url)
    aside: Callable[[], AbstractContextManager[None]] = import_string(settings.WAITS_ASIDE)
    with aside(), one_of_few(), explained(target):
        deadline = time.monotonic() + MOST_SECONDS
        with closing(connect(target, deadline)) as line:
            return ask(target, line, deadline, form, headers or {})


@contextmanager
def one_of_few() -> Iterator[None]:
    """Run the block unless too many requests are under way.

    Raises:
        FetchError: when there are too many.
    """
    if not asking.acquire(timeout=WAIT_SECONDS):
        cause = f"{MOST_AT_ONCE} requests to identity providers are already under way."
        raise FetchError(cause, "Check why the provider takes so long to answer.")
    try:
        yield
    finally:
        asking.release()


@contextmanager
def explained(target: Target) -> Iterator[None]:
    """Turn failures in the block into a FetchError that explains them."""
    where = f"{target.scheme}://{target.authority}"
    try:
        yield
    except TimeoutError as error:
        cause = f"{where} took longer than {MOST_SECONDS:g} seconds."
        raise FetchError(cause, CHECK_PROVIDER) from error
    except TooLargeError as error:
        cause = f"The reply from {where} has more than {MOST_BYTES // 1024} KiB."
        raise FetchError(cause, "Check the URL.") from error
    except ssl.SSLCertVerificationError as error:
        cause = f"The certificate of {where} isn't accepted: {error.verify_message}."
        fix = "Renew it, or add its authority to those this system trusts (SSL_CERT_FILE names another file)."
        raise FetchError(cause, fix) from error
    except (http.client.HTTPException, UnicodeError) as error:
        cause = f"{where} didn't answer like a web server: {type(error).__name__}."
        raise FetchError(cause, "Check the URL.") from error
    except OSError as error:
        cause = f"{where} can't be reached: {error.strerror or type(error).__name__}."
        raise FetchError(cause, CHECK_PROVIDER) from error


def connect(target: Target, deadline: float) -> socket:
    """Return a connection to one of a host's IP addresses, all of which are checked; encrypted for https.

    Raises:
        FetchError: when one of them isn't allowed, or there is none.
        OSError: when none answers, or the certificate isn't the host's (ssl.SSLCertVerificationError).
    """
    line = reach_any(resolve(target, left(deadline)), target.port, deadline)
    if target.scheme == "http":
        return line
    try:
        line.settimeout(left(deadline))
        return ssl.create_default_context().wrap_socket(line, server_hostname=target.name)
    except BaseException:
        line.close()
        raise


def reach_any(addresses: list[str], port: int, deadline: float) -> socket:
    """Return a connection to the first IP address that accepts one.

    Raises:
        OSError: the failure of the last one.
    """
    failure = OSError("no IP address")
    for address in addresses:
        try:
            return create_connection((address, port), timeout=min(left(deadline), CONNECT_SECONDS))
        except OSError as error:
            failure = error
    raise failure


def ask(
    target: Target, line: socket, deadline: float, form: Mapping[str, str] | None, headers: Mapping[str, str]
) -> Reply:
    """Send one request, and read the reply.

    Raises:
        FetchError: when it is a redirect, or not a JSON object.
    """
    connection = http.client.HTTPConnection(target.name, target.port)
    connection.sock = cast("socket", TimedSocket(line, deadline))
    sent = {"Host": target.authority, "Accept": "application/json", "Connection": "close", **headers}
    sent["User-Agent"] = settings.PRODUCT_NAME
    if form is None:
        connection.request("GET", target.path, headers=sent)
    else:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", target.path, body=urlencode(form), headers=sent)
    response = connection.getresponse()
    return read(target, response)


def read(target: Target, response: http.client.HTTPResponse) -> Reply:
    """Return the reply in a response.

    Raises:
        FetchError: when it is a redirect, or not a JSON object.
    """
    where = f"{target.scheme}://{target.authority}{target.path.partition('?')[0]}"
    if response.status // 100 == HTTPStatus.MULTIPLE_CHOICES // 100:
        cause = f"{where} answered {response.status}, a redirect, which isn't followed."
        raise FetchError(cause, "Use the URL that it leads to if that is the provider's own.")
    body = response.read(MOST_BYTES + 1)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        kind = response.headers.get_content_type()
        cause = f"{where} answered {response.status} with {kind} instead of a JSON object."
        raise FetchError(cause, "Check the URL, and that the provider is up.")
    return Reply(status=response.status, document=document)


def left(deadline: float) -> float:
    """Return how many seconds are left.

    Raises:
        TimeoutError: when none are.
    """
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


class TimedSocket:
    """A socket for `http.client` whose every step ends by a deadline.

    Socket timeouts apply to single steps: a sender of one byte per second could hold a reader forever.
    """

    def __init__(self, line: socket, deadline: float) -> None:
        self.line, self.deadline = line, deadline

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self.line.settimeout(left(self.deadline))
        self.line.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002  # http.client reads bytes
        """Return what can be read."""
        return io.BufferedReader(Incoming(self.line, self.deadline))

    def close(self) -> None:
        """Leave the connection to whoever opened it."""


class Incoming(io.RawIOBase):
    """The bytes of a reply, up to a deadline and MOST_BYTES."""

    def __init__(self, line: socket, deadline: float) -> None:
        self.line, self.deadline, self.bytes_left = line, deadline, MOST_BYTES

    def readable(self) -> bool:
        """Tell `io` that these can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes.

        Raises:
            TooLargeError: when there are too many.
            TimeoutError: when the deadline has passed.
        """
        if self.bytes_left <= 0:
            raise TooLargeError
        self.line.settimeout(left(self.deadline))
        count = self.line.recv_into(buffer, min(len(buffer), self.bytes_left))
        self.bytes_left -= count
        return count
