"""Checks from outside: what a stranger gets at BASE_URL."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.urls import reverse

from server.doctor.findings import Finding, error, ok, warning

SECONDS = 5
DAY = 24 * 60 * 60
RENEW_DAYS = 14
MOST_BYTES = 100_000
# What a proxy says when it reaches no server, and a server without its database.
UNAVAILABLE = (
    http.HTTPStatus.BAD_GATEWAY,
    http.HTTPStatus.SERVICE_UNAVAILABLE,
    http.HTTPStatus.GATEWAY_TIMEOUT,
)


def check_reach() -> Iterator[Finding]:
    """Does this installation answer at BASE_URL, and does its proxy say itself how requests got there?"""
    try:
        yield from reached(urlsplit(settings.BASE_URL))
    except ssl.SSLCertVerificationError as failure:
        yield error(
            f"The certificate of {settings.BASE_URL} is not accepted: {failure.verify_message}.",
            "Renew or correct it. For an authority of your own, set SSL_CERT_FILE to its certificate.",
        )
    except (OSError, http.client.HTTPException) as failure:
        reason = getattr(failure, "strerror", None) or type(failure).__name__
        yield warning(
            f"Nothing answers at {settings.BASE_URL} from here ({reason}).",
            "Start the server and the proxy, and check the name, the port, and the firewall.",
        )


def reached(url: SplitResult) -> Iterator[Finding]:
    """Yield what is found at a URL."""
    connection = connect(url)
    try:
        status, metadata = ask(connection, {})
        if status in UNAVAILABLE:
            yield error(
                f"{settings.BASE_URL} answers that it is unavailable (status {status}).",
                "Start the server, see whether its /readyz says 200, and have the proxy lead to it.",
            )
            return
        if status != http.HTTPStatus.OK or metadata.get("issuer") != settings.BASE_URL:
            yield error(
                f"{settings.BASE_URL} leads to something else: its metadata has status {status}"
                f"{', and another issuer' if metadata else ''}.",
                "Have the proxy pass requests on with the Host of BASE_URL and forwarding headers.",
            )
            return
        if url.scheme == "https":
            yield from certificate(connection)
            yield from forged(connection)
        else:
            yield ok(f"{settings.BASE_URL} answers.")
    finally:
        connection.close()


def connect(url: SplitResult) -> http.client.HTTPConnection:
    """Return a connection to a URL's host that is open."""
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.hostname or "", url.port, timeout=SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=SECONDS)
    connection.connect()
    return connection


def ask(connection: http.client.HTTPConnection, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Ask for the metadata; return the status, and the metadata if there is any."""
    connection.request("GET", reverse("metadata"), headers={"Accept": "application/json", **headers})
    response = connection.getresponse()
    body = response.read(MOST_BYTES)
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return response.status, found if isinstance(found, dict) else {}


def certificate(connection: http.client.HTTPConnection) -> Iterator[Finding]:
    """Yield how long the certificate lasts."""
    socket: Any = connection.sock
    details = socket.getpeercert()
    days = int((ssl.cert_time_to_seconds(details["notAfter"]) - time.time()) // DAY)
    if days < RENEW_DAYS:
        yield warning(f"The certificate of {settings.BASE_URL} expires in {days} days.", "Renew it.")
    else:
        yield ok(f"{settings.BASE_URL} answers, and its certificate is good for {days} days.")


def forged(connection: http.client.HTTPConnection) -> Iterator[Finding]:
    """Yield whether the proxy passes on what a stranger says of the scheme instead of saying it itself."""
    by_name = {"forwarded": {"Forwarded": "proto=http"}, "x-forwarded": {"X-Forwarded-Proto": "http"}}
    headers = by_name[settings.FORWARDED_HEADER]
    status, _ = ask(connection, headers)
    if status == http.HTTPStatus.OK:
        yield ok("The proxy says itself how requests reached it; a stranger's header changes nothing.")
    else:
        yield error(
            f"The proxy passes on {next(iter(headers))} as strangers send it, so they can forge the scheme "
            "and probably their IP address.",
            "Have the proxy set the header itself: deploy/nginx/gatehouse.conf shows how.",
        )
