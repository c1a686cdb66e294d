"""Requests as they look on the wire."""

from collections.abc import Mapping
from urllib.parse import urlencode


def post(path: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> bytes:
    """Return a POST request with a form."""
    body = urlencode(form).encode()
    lines = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    return head("POST", path, {**lines, **(headers or {})}) + body


def get(path: str, token: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return a GET request with a token."""
    return head("GET", path, {"Authorization": f"Bearer {token}", **(headers or {})})


def head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    """Return a request up to its body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()
