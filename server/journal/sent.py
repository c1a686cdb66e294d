"""What was sent with a request, as far as it may be kept: parameters, who says they ask, from where."""

import base64
import binascii
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from audit.ip_addresses import client_ip
from oauthapps.http.messages import JSON, RECEIVED_BODY
from oauthapps.http.notes import FORWARDING, Note
from oauthapps.models.requests import LONGEST_USER_AGENT
from oauthapps.oauth2.parameters import MAX_PARAMETERS
from oauthapps.rules.masking import CLIENT_ID, kept_parameters, masked, without_credentials

Environ = dict[str, Any]
Pairs = list[tuple[str, str]]
# Media types of JSON, that of SCIM (RFC 7644 section 8.1) among them.
KINDS_OF_JSON = (JSON, "application/scim+json")
# What stands for a value that is no text: it has names of its own, which say nothing about what is harmless.
NESTED = "(not a string)"
# Schemes that a header may name; another word in their place may be the credential itself.
SCHEMES = ("basic", "bearer", "dpop", "sessionid", "token")


def address_of(environ: Environ) -> str:
    """Return the IP address that a request came from; empty where it is not known."""
    if not settings.TRUSTED_PROXIES:
        return known_address(environ.get("REMOTE_ADDR", ""), None, None)
    forwarded, for_ = environ.get("HTTP_FORWARDED"), environ.get("HTTP_X_FORWARDED_FOR")
    return known_address(
        environ.get("REMOTE_ADDR", ""), forwarded and forwarded[FORWARDING], for_ and for_[FORWARDING]
    )


@lru_cache(maxsize=1024)
def known_address(remote: str, forwarded: str | None, forwarded_for: str | None) -> str:
    """Return the IP address that these headers mean; a few come again and again."""
    headers = {"HTTP_FORWARDED": forwarded, "HTTP_X_FORWARDED_FOR": forwarded_for}
    meta = {"REMOTE_ADDR": remote, **{name: value for name, value in headers.items() if value is not None}}
    return client_ip(meta)


def user_agent_of(environ: Environ) -> str:
    """Return the client that sent a request, as it calls itself, without what could be a credential."""
    return known_user_agent(environ.get("HTTP_USER_AGENT", "")[: 2 * LONGEST_USER_AGENT])


@lru_cache(maxsize=1024)
def known_user_agent(text: str) -> str:
    """Return what may be kept of a User-Agent header."""
    return without_credentials(text, LONGEST_USER_AGENT)


def parameters_of(note: Note) -> dict[str, str]:
    """Return what may be kept of a request's parameters, and of the headers that say who asks."""
    if note.parameters is not None:
        return kept_parameters(note.parameters.items())
    if note.environ is None:
        return {}
    return {**kept_parameters(pairs_of(note.environ)), **dict(kept_headers(note.environ))}


def pairs_of(environ: Environ) -> Pairs:
    """Return the names and values of a request's URL and body, as far as they can be read."""
    query, body = environ.get("QUERY_STRING", ""), environ.get(RECEIVED_BODY) or b""
    pairs = form_pairs(query.encode("latin-1", "replace").decode("utf-8", "replace"))
    text = body.decode("utf-8", "replace")
    is_json = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() in KINDS_OF_JSON
    return pairs + (json_pairs(text) if is_json else form_pairs(text))


def form_pairs(text: str) -> Pairs:
    """Return the pairs of a form; none where it has too many."""
    try:
        return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        return []


def json_pairs(text: str) -> Pairs:
    """Return the members of a JSON object, as text."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(members, dict):
        return []
    return [(name, value if isinstance(value, str) else NESTED) for name, value in members.items()]


def kept_headers(environ: Environ) -> Iterator[tuple[str, str]]:
    """Yield what may be kept of the headers that say who asks, under their names."""
    if authorization := environ.get("HTTP_AUTHORIZATION"):
        yield "Authorization", kept_authorization(authorization)
    if session_id := environ.get("HTTP_SESSIONID"):
        yield "sessionID", masked(session_id)


def kept_authorization(header: str) -> str:
    """Return what may be kept of an Authorization header: its scheme, and a Client ID if one stands there."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() not in SCHEMES:
        return masked(header)
    if scheme.lower() != "basic":
        return f"{scheme} {masked(value.strip())}"
    try:
        decoded = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return f"{scheme} …"
    client_id, _, secret = decoded.partition(":")
    named = client_id if CLIENT_ID.fullmatch(client_id) else masked(client_id)
    return f"{scheme} {named}:{masked(secret)}"
