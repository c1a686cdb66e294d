"""Reading what a client sent: form or JSON, each parameter once, as text."""

import json
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import parse_qsl

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError
from oauthlib.oauth2 import InvalidRequestError

MAX_BODY_BYTES = 64 * 1024
MAX_PARAMETERS = 100
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Parameters = dict[str, str]


def read_body(request: HttpRequest) -> Parameters:
    """Return the parameters of a request's body; one without a value counts as absent (RFC 6749 3.2).

    Raises:
        InvalidRequestError: for another content type, more than 64 KiB, a parameter sent twice, a NUL byte,
            or anything that is not text.
    """
    if request.META.get("QUERY_STRING"):
        raise InvalidRequestError("Parameters belong in the request's body, not in its URL.")
    body = bounded_body(request)
    if request.content_type == FORM:
        return once_each(form_pairs(body))
    if request.content_type == JSON:
        return once_each(json_pairs(body))
    raise InvalidRequestError(f"Send the parameters as {FORM} or {JSON}.")


def read_query(request: HttpRequest) -> Parameters:
    """Return the parameters of a request's URL, under the same rules.

    Raises:
        InvalidRequestError: as `read_body` does.
    """
    return once_each(form_pairs(request.META.get("QUERY_STRING", "").encode("latin-1", "replace")))


def bounded_body(request: HttpRequest) -> bytes:
    """Return the body's bytes if there are not too many of them."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        raise InvalidRequestError("The request is too large.")
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError) as error:
        raise InvalidRequestError("The request could not be read.") from error
    if len(body) > MAX_BODY_BYTES:
        raise InvalidRequestError("The request is too large.")
    return body


def form_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a form, decoded as UTF-8."""
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:  # includes UnicodeDecodeError
        raise InvalidRequestError("The parameters are not a well-formed form.") from error


def json_pairs(body: bytes) -> list[tuple[str, str]]:
    """Return the members of a JSON object of strings."""
    try:
        members = json.loads(body.decode("utf-8"), object_pairs_hook=tuple, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The request's body is not well-formed JSON.") from error
    if not isinstance(members, tuple) or not all(isinstance(value, str) for _, value in members):
        raise InvalidRequestError("The request's body must be a JSON object whose values are strings.")
    return list(members)


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(name)


def once_each(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Return the pairs as a mapping of those that have a value.

    Raises:
        InvalidRequestError: when a name comes twice or a text cannot be one.
    """
    parameters: Parameters = {}
    for name, value in pairs:
        if name in parameters:
            raise InvalidRequestError("A parameter was sent more than once.")
        if not is_text(name) or not is_text(value):
            raise InvalidRequestError("A parameter contains characters that are not allowed.")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value}


def is_text(value: str) -> bool:
    """Return whether a database can store the value: no NUL, no half of a surrogate pair."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
