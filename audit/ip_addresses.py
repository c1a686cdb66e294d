"""Where a request came from: its IP address, and the network by which throttles count.

A proxy names its client in X-Forwarded-For or in Forwarded (RFC 7239), whichever FORWARDED_HEADER says, and
appends to what was there. So of the entries as many count, from the right, as there are proxies to be trusted
(TRUSTED_PROXIES); what stands before them was written by whoever likes to.
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

# Stored where an IP address has to be and none is known.
UNKNOWN_IP = "::"
# One customer has at least so many bits of an IPv6 address to themselves (RFC 6177).
NETWORK_BITS = 64
# Longer than any IP address with its port, brackets and quotes.
LONGEST = 60

ESCAPED = re.compile(r'\\["\\]')
SEPARATORS = str.maketrans("", "", ",;")


def client_ip(meta: Mapping[str, Any]) -> str:
    """Return the IP address that a request came from; empty where a proxy does not know it.

    Args:
        meta: the request's WSGI environment.
    """
    named = forwarded(meta, "for") if settings.TRUSTED_PROXIES else None
    return ip_in(str(meta.get("REMOTE_ADDR", "")) if named is None else named)


def client_network(meta: Mapping[str, Any]) -> str:
    """Return the network that a request came from, as throttles count it."""
    return network_of(client_ip(meta))


def ip_in(text: str) -> str:
    """Return the IP address that a text names, in its shortest form; empty where it names none.

    A port, brackets, quotes and a zone are left out. An IPv4-mapped IPv6 address becomes the IPv4 address.
    """
    host = text.strip().strip('"').partition("%")[0]
    if len(host) > LONGEST:
        return ""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = without_port(host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def without_port(text: str) -> str:
    """Return what stands before a port; empty where it is none."""
    host, _, port = text.partition(":")
    return host if port.isascii() and port.isdecimal() else ""


@lru_cache(maxsize=4096)
def network_of(ip: str) -> str:
    """Return the network of an IP address: itself for IPv4, its first 64 bits for IPv6."""
    if ":" not in ip:
        return ip
    return str(ipaddress.ip_network((ip, NETWORK_BITS), strict=False).network_address)


def forwarded(meta: Mapping[str, Any], name: str) -> str | None:
    """Return what the trusted proxies say of the request they were sent.

    Args:
        meta: the request's WSGI environment.
        name: `for` or `proto`.

    Returns:
        The entry of the outermost of them; None where they say nothing.
    """
    if settings.FORWARDED_HEADER == "forwarded":
        header = meta.get("HTTP_FORWARDED")
        return None if header is None else parameter(outermost(unquoted(header)), name)
    header = meta.get(f"HTTP_X_FORWARDED_{name.upper()}")
    return None if header is None else outermost(header)


def outermost(header: str) -> str:
    """Return the entry of the outermost trusted proxy; the first where there are fewer than proxies."""
    count = settings.TRUSTED_PROXIES
    entries = header.rsplit(",", count)
    return entries[-count] if len(entries) > count else entries[0]


def unquoted(header: str) -> str:
    """Return a Forwarded header without quotes, and without separators inside of them (RFC 7239 section 4).

    Quotes are paired from the right: on the left a stranger may have opened one that the proxies' entries
    would then be inside of.
    """
    if '"' not in header:
        return header
    parts = ESCAPED.sub("", header).split('"')[::-1]
    parts[1::2] = [part.translate(SEPARATORS) for part in parts[1::2]]
    return "".join(parts[::-1])


def parameter(entry: str, name: str) -> str:
    """Return a parameter of an entry of Forwarded; empty where it has none of this name, or several."""
    pairs = [pair.partition("=") for pair in entry.split(";")]
    found = [value.strip() for key, _, value in pairs if key.strip().lower() == name]
    return found[0] if len(found) == 1 else ""
