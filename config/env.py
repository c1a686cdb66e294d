"""Typed readers of the environment: every setting an operator may give comes through here."""

import os
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from common.url_parts import is_host, punycode

PORTS = {"http": 80, "https": 443}
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

ENGINES = {"sqlite": "oauthapps.sql.sqlite", "postgres": "oauthapps.sql.postgresql"}

IN_MEMORY = ":memory:"

# IMMEDIATE takes the write lock when a transaction begins: one that began by reading could not get it later
# while another writes, and would fail at once instead of waiting.
SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
}

# Only the statements of every request are prepared (oauthapps.sql). psycopg, were it to prepare others,
# would drop all of them after every rollback. A line that has gone dead is noticed in half a minute.
POSTGRESQL = {
    "server_side_binding": True,
    "prepare_threshold": None,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def text(name: str, default: str = "") -> str:
    """Return the variable `name`, or the contents of the file that `name`_FILE points to, or `default`.

    The file form is how container platforms hand over secrets. Surrounding white space is dropped.

    Raises:
        ImproperlyConfigured: when `name`_FILE names a file that cannot be read.
    """
    value = os.environ.get(name, "").strip()
    if value:
        return value
    file = os.environ.get(f"{name}_FILE", "").strip()
    if not file:
        return default
    try:
        return Path(file).read_text(encoding="utf-8").strip() or default
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error.strerror}: {file}") from error


def token(name: str) -> str:
    """Return the variable `name`, which clients must know.

    Raises:
        ImproperlyConfigured: when it could be guessed, or no header could carry it as it is.
    """
    value = text(name)
    if not all(" " <= character <= "~" for character in value):
        raise ImproperlyConfigured(f"{name} must be one line of ASCII characters")
    if value and len(value) < 16:  # noqa: PLR2004  # characters
        raise ImproperlyConfigured(f"{name} must have 16 characters or more")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return whether the variable `name` is switched on (1, true, yes or on, in any case), or `default`.

    Raises:
        ImproperlyConfigured: for a value that is neither on nor off.
    """
    value = text(name).lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if not value:
        return default
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return the variable `name` as a whole number, from `least` to `most` where that is given.

    Raises:
        ImproperlyConfigured: for anything else.
    """
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal()):
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}")
    if int(value) < least or (most is not None and int(value) > most):
        span = f"{least} or more" if most is None else f"a whole number from {least} to {most:,}"
        raise ImproperlyConfigured(f"{name} must be {span}")
    return int(value)


def proxies(name: str) -> int:
    """Return the variable `name` as a number of proxies; where it is merely switched on there is one.

    Raises:
        ImproperlyConfigured: for what is neither a number nor on or off.
    """
    value = text(name)
    return number(name, 0) if value.isdecimal() else int(flag(name))


def choice(name: str, choices: Sequence[str]) -> str:
    """Return the variable `name`, which is one of `choices` in any case, or the first of them.

    Raises:
        ImproperlyConfigured: for anything else.
    """
    value = text(name, choices[0]).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}")
    return value


def base_url(remembered: Path) -> SplitResult:
    """Return the URL people and integrations use, without a trailing slash; it is also the issuer.

    Args:
        remembered: file in which the server records its default URL, so that commands agree with it.

    Raises:
        ImproperlyConfigured: when it is not an absolute http or https URL without path, or plain http is used
            beyond this machine without ALLOW_HTTP=1.
    """
    value = text("BASE_URL")
    if not value and remembered.exists():
        value = remembered.read_text(encoding="utf-8").strip()
    try:
        parts = origin((value or "http://localhost:8000").rstrip("/"))
    except ValueError:
        raise ImproperlyConfigured(
            f"BASE_URL must look like https://gatehouse.example, not {value!r}"
        ) from None
    if crosses_network_in_clear(parts) and not flag("ALLOW_HTTP"):
        raise ImproperlyConfigured(
            "BASE_URL uses plain http for a host other than this machine: tokens and passwords would cross "
            "the network unencrypted. Use https, or set ALLOW_HTTP=1 to allow it anyway."
        )
    return parts


def crosses_network_in_clear(url: SplitResult) -> bool:
    """Return whether what is sent to `url` can be read on the way."""
    return url.scheme == "http" and not is_loopback(url)


def origin(url: str) -> SplitResult:
    """Return an origin as browsers write it, whatever its capitals and alphabet, without the usual port.

    Browsers name it so in Host and Origin headers, and others compare it as text (RFC 6454 section 6.1).

    Raises:
        ValueError: when it is no http or https URL of one host, or has more than scheme, host and port.
    """
    parts = urlsplit(url)
    host = one_host(parts.hostname or "")
    usual = PORTS.get(parts.scheme)
    if usual is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc or parts.port == 0:
        raise ValueError
    netloc = host if parts.port in {None, usual} else f"{host}:{parts.port}"
    return SplitResult(parts.scheme, netloc, "", "", "")


def one_host(name: str) -> str:
    """Return the name of one host as browsers write it; an IPv6 address in brackets.

    Raises:
        ValueError: when it is none, or stands for many, as `*` and `.example.com` do for Django.
    """
    if ":" in name:
        return f"[{ip_address(name).compressed}]"
    host = punycode(name).removesuffix(".")
    if not is_host(host):
        raise ValueError
    return host


def is_loopback(url: SplitResult) -> bool:
    """Return whether `url` can only be reached from this machine."""
    return url.hostname in {"localhost", "127.0.0.1", "::1"}


def allowed_hosts(url: SplitResult) -> list[str]:
    """Return the Host headers to answer: the base URL's, and every name of this machine if it is one."""
    if is_loopback(url):
        return LOOPBACK_HOSTS
    host = url.hostname or ""
    return [f"[{host}]" if ":" in host else host]


def database(default: Path, project: Path) -> dict[str, Any]:
    """Return Django's settings for DATABASE_URL, or for an SQLite file.

    Args:
        default: the file that it is without DATABASE_URL.
        project: the folder that a relative path is relative to, wherever a command was started.

    Raises:
        ImproperlyConfigured: when it is no URL of a database we run on.
    """
    made = database_at(text("DATABASE_URL", f"sqlite:///{default}"))
    if made["ENGINE"] == ENGINES["sqlite"] and made["NAME"] != IN_MEMORY:
        made["NAME"] = str(project / made["NAME"])
    return made


def database_at(url: str) -> dict[str, Any]:
    """Return Django's settings for the database at a URL.

    Raises:
        ImproperlyConfigured: when it is no URL of a database we run on.
    """
    scheme = url.partition(":")[0].replace("postgresql", "postgres")
    if scheme not in ENGINES:
        raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:/// or postgresql://")
    try:
        made: dict[str, Any] = dict(
            dj_database_url.parse(url, engine=ENGINES[scheme], conn_max_age=600, conn_health_checks=True)
        )
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL is not well-formed") from error
    made["ENGINE"] = ENGINES[scheme]  # also for a database in memory
    options = SQLITE if scheme == "sqlite" else {**POSTGRESQL, **postgresql_limits()}
    made["OPTIONS"] = {**options, **made.get("OPTIONS", {})}
    made["PREPARE_STATEMENTS"] = flag("PREPARE_STATEMENTS", default=True)
    return made


def postgresql_limits() -> dict[str, Any]:
    """Return how long to wait for a connection, and for a server to take what was sent."""
    return {
        "connect_timeout": number("DATABASE_CONNECT_SECONDS", 2),
        "tcp_user_timeout": 1000 * number("DATABASE_STATEMENT_SECONDS", 3),
    }
