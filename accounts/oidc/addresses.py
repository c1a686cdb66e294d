"""Which URLs may be fetched, and from which IP addresses, so that no form can reach into private networks.

IDENTITY_PROVIDER_PRIVATE=1 allows providers in the installation's own network.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings

from accounts.oidc.errors import FetchError
from common import url_parts
from common.url_parts import Authority

IPAddress = IPv4Address | IPv6Address

PORTS = {"https": 443, "http": 80}
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
# IPv4 addresses embedded in IPv6 (RFC 6052 section 2.1): a gateway forwards to the one inside.
NAT64 = ipaddress.ip_network("64:ff9b::/96")

USE_HTTPS = "Use an https URL with a host name and nothing else before the path."
ALLOW_PRIVATE = (
    "Use a provider with public IP addresses. If it is in this installation's own network, set "
    "IDENTITY_PROVIDER_PRIVATE=1."
)
CHECK_HOST = "Check the host name, and that this server can resolve it."


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a URL leads.

    Attributes:
        scheme: `https`, or `http` on this machine.
        host: the host name in ASCII, or an IP address; IPv6 in brackets.
        port: the port.
        authority: host and port as the URL has them, for the Host header.
        path: path and query.
    """

    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @property
    def name(self) -> str:
        """The host as DNS and certificates name it."""
        return self.host.strip("[]")


def check_url(url: str) -> Target:
    """Return where a provider's URL leads, without any request.

    Raises:
        FetchError: when it isn't an https URL (or an http URL on this machine, if allowed), has user
            information or a fragment, or can be parsed in several ways.
    """
    parts = url_parts.split(url)
    authority = url_parts.split_authority(parts.authority or "")
    if parts.fragment is not None or not url.isascii() or url_parts.has_space_or_control(url):
        raise FetchError("The URL has a fragment or invalid characters.", USE_HTTPS)
    if authority is None or not url_parts.is_host(authority.host) or not is_port(authority.port):
        raise FetchError("The URL has no valid host or port.", USE_HTTPS)
    if authority.userinfo is not None:
        raise FetchError("The URL has a username or password in it.", USE_HTTPS)
    if not is_scheme_allowed(parts.scheme, authority):
        raise FetchError("The URL isn't an https URL.", USE_HTTPS)
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=authority.host.lower(),
        port=int(authority.port or PORTS[parts.scheme]),
        authority=parts.authority or "",
        path=path if parts.query is None else f"{path}?{parts.query}",
    )


def is_port(text: str | None) -> bool:
    """Return whether a URL's port is valid or missing."""
    return text is None or url_parts.is_port(text)


def is_scheme_allowed(scheme: str, authority: Authority) -> bool:
    """Return whether a URL has https, or http on this machine if that is allowed."""
    is_here = authority.host.lower() in LOOPBACK_HOSTS
    return scheme == "https" or (scheme == "http" and is_here and settings.IDENTITY_PROVIDER_PRIVATE)


def resolve(target: Target, seconds: float) -> list[str]:
    """Return the IP addresses of a host, all of which are allowed.

    Connect to one of these: a second lookup could return others.

    Raises:
        FetchError: when there are none, or one of them isn't allowed.
        TimeoutError: when DNS takes longer than that many seconds.
    """
    found = look_up(target, seconds)
    if isinstance(found, Exception):
        raise FetchError(f"The host {target.name} can't be found in DNS.", CHECK_HOST) from found
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = [address for address in addresses if not may_answer(address, target)]
    if refused:
        cause = f"The host {target.name} has the IP address {refused[0]}, which isn't public."
        raise FetchError(cause, ALLOW_PRIVATE)
    return addresses


def look_up(target: Target, seconds: float) -> list[Any] | Exception:
    """Look up a host's IP addresses in a separate thread, which is the only way to stop waiting in time."""
    said: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            said.put(socket.getaddrinfo(target.name, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            said.put(error)

    threading.Thread(target=ask, daemon=True, name="name lookup").start()
    try:
        return said.get(timeout=max(seconds, 0))
    except Empty:
        raise TimeoutError from None


def may_answer(text: str, target: Target) -> bool:
    """Return whether a provider may have this IP address."""
    address = within(ipaddress.ip_address(text))
    if target.scheme == "http":
        return address.is_loopback
    return is_public(address) or (settings.IDENTITY_PROVIDER_PRIVATE and is_own(address))


def is_public(address: IPAddress) -> bool:
    """Return whether an IP address is public and unicast."""
    is_special = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    return address.is_global and not is_special


def is_own(address: IPAddress) -> bool:
    """Return whether an IP address is unicast in a private network or on this machine."""
    return not (address.is_global or address.is_multicast or address.is_unspecified)


def within(address: IPAddress) -> IPAddress:
    """Return the IPv4 address embedded in an IPv6 address, if there is one; otherwise, the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
