"""Reading what a client sent: form or JSON, each parameter once, as text."""

import codecs
import json
from collections import Counter
from itertools import chain
from typing import NoReturn
from urllib.parse import parse_qsl

from oauthlib.oauth2 import InvalidRequestError

from oauthapps.http.messages import JSON, ApiRequest, Explanation
from oauthapps.rules.credential_values import is_text

MAX_PARAMETERS = 100
FORM = "application/x-www-form-urlencoded"

# The one parameter that may repeat (RFC 8707 section 2): read as one, with spaces between its values.
RESOURCE = "resource"

# What the endpoints read. A JSON member of another name may be of any type, because nobody looks at it.
KNOWN = frozenset(
    {
        "assertion",
        "client_id",
        "client_secret",
        "code",
        "code_challenge_method",
        "code_verifier",
        "grant_type",
        "jwt_token",
        "redirect_uri",
        "refresh_token",
        "request_id",
        RESOURCE,
        "scope",
        "token",
        "token_type_hint",
    }
)
Parameters = dict[str, str]
Pairs = list[tuple[str, str]]


class UnreadableRequestError(InvalidRequestError):
    """The parameters cannot be taken as they came.

    Attributes:
        readable: those that could be read nevertheless, each sent once. They may tell whom to answer and
            decide nothing else.
        fix: what to do about it, for administrators.
    """

    def __init__(self, description: str, fix: str, readable: Parameters | None = None) -> None:
        super().__init__(description)
        self.fix = fix
        self.readable: Parameters = readable or {}

    def explain(self) -> Explanation:
        """Say why to administrators: nothing has to be looked up."""
        return Explanation(self.description, self.fix)


class TooLargeError(UnreadableRequestError):
    """The body has more bytes than any request needs (RFC 9110 section 15.5.14)."""

    status_code = 413

    def __init__(self) -> None:
        super().__init__(
            "The request is too large: it can be at most 64 KiB.", "Send the listed parameters alone."
        )


def read_body(request: ApiRequest) -> Parameters:
    """Return the parameters of a request's body; one without a value counts as absent (RFC 6749 3.2).

    A UTF-8 byte order mark before the body is ignored (RFC 8259 section 8.1): some platforms write one before
    any text, and no parameter is meant to have it in its name.

    Raises:
        UnreadableRequestError: for another content type, more than 64 KiB, a parameter sent twice or in the
            URL, a NUL byte, or a parameter that is not text.
    """
    body = bounded_body(request).removeprefix(codecs.BOM_UTF8)
    if request.content_type == FORM:
        parameters = once_each(form_pairs(body))
    elif request.content_type == JSON:
        parameters = once_each(json_pairs(body))
    else:
        raise unsupported_type(request.content_type, body)
    if request.query:
        raise UnreadableRequestError(
            "Parameters belong in the request's body, not in its URL.",
            "Send them in the body as a form, and leave the question mark out of the URL.",
            parameters,
        )
    return parameters


def unsupported_type(content_type: str, body: bytes) -> UnreadableRequestError:
    """Return the error for a body of another media type, with what it looks like."""
    if content_type:
        fix = f"Send the header Content-Type: {JSON if body[:1] == b'{' else FORM} with this body."
    else:
        fix = f"Send a body with the header Content-Type: {FORM}."
    return UnreadableRequestError(f"Unsupported Content-Type: send {FORM} or {JSON}.", fix)


def bounded_body(request: ApiRequest) -> bytes:
    """Return the body's bytes if there are not too many of them."""
    try:
        body = request.bounded_body()
    except ValueError as error:
        raise UnreadableRequestError(
            "The request's Content-Length is not a number.", "Let the HTTP library write Content-Length."
        ) from error
    except OSError as error:
        raise UnreadableRequestError(
            "The request could not be read.", "Send the whole body; see whether a proxy cut it off."
        ) from error
    if body is None:
        raise TooLargeError
    return body


def form_pairs(body: bytes) -> Pairs:
    """Return the pairs of a form, decoded as UTF-8.

    Most requests have nothing to decode, and taking such a form apart is quicker than `parse_qsl`.
    """
    try:
        text = body.decode("utf-8")
        if "%" not in text and "+" not in text and text.count("&") < MAX_PARAMETERS:
            parts = [pair.partition("=") for pair in text.split("&") if pair]
            return [(name, value) for name, _, value in parts]
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError as error:  # includes UnicodeDecodeError
        raise UnreadableRequestError(
            "The form could not be parsed: it must be URL-encoded UTF-8 with at most 100 parameters.",
            "Let the HTTP library encode the form.",
        ) from error


def json_pairs(body: bytes) -> Pairs:
    """Return the members of a JSON object; null has no value, and neither has what nobody reads.

    Raises:
        UnreadableRequestError: for what is no JSON object, has too many members, or a known one of another
            type than text.
    """
    try:  # the values of numbers are not needed, and long integers take long to read
        members = json.loads(
            body.decode("utf-8"), object_pairs_hook=tuple, parse_constant=refuse_constant, parse_int=float
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableRequestError(
            "The request's body is not well-formed JSON.",
            f"Send a JSON object, or the header Content-Type: {FORM} if the body is a form.",
        ) from error
    if not isinstance(members, tuple) or len(members) > MAX_PARAMETERS:
        raise UnreadableRequestError(
            f"The request's body must be a JSON object of at most {MAX_PARAMETERS} members.",
            "Send the parameters as members of one object.",
        )
    sent = [
        (name, each)
        for name, value in members
        for each in (value if name == RESOURCE and isinstance(value, list) else [value])
    ]
    pairs = [(name, value if isinstance(value, str) else "") for name, value in sent]
    for name, value in sent:
        if name in KNOWN and not isinstance(value, str) and value is not None:
            raise UnreadableRequestError(
                f"The member {name} must be a string.", f"Write {name} in quotes.", those_sent_once(pairs)
            )
    return pairs


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(name)


def once_each(pairs: Pairs) -> Parameters:
    """Return the pairs as a mapping of those that have a value.

    Raises:
        UnreadableRequestError: when a name comes twice or a text cannot be one.
    """
    if len(dict(pairs)) < len(pairs):
        pairs = with_one_resource(pairs)
        if len(dict(pairs)) < len(pairs):
            raise UnreadableRequestError(
                "A parameter was sent more than once.",
                f"Send each parameter once; these came again: {repeated_names(pairs)}.",
                those_sent_once(pairs),
            )
    if not is_text("".join(chain.from_iterable(pairs))):
        raise UnreadableRequestError(
            "A parameter contains a NUL character or broken Unicode.",
            "Encode the parameters as UTF-8.",
            those_sent_once(pairs),
        )
    return {name: value for name, value in pairs if value}


def with_one_resource(pairs: Pairs) -> Pairs:
    """Return the pairs with one resource that has the values of all: no URI has a space in it."""
    resources = [value for name, value in pairs if name == RESOURCE]
    others = [(name, value) for name, value in pairs if name != RESOURCE]
    return [*others, (RESOURCE, " ".join(resources))] if resources else others


def repeated_names(pairs: Pairs) -> str:
    """Return the parameters that were sent more than once, those of other names than ours as "others"."""
    times = Counter(name for name, _ in pairs)
    names = {name if name in KNOWN else "others" for name, number in times.items() if number > 1}
    return ", ".join(sorted(names))


def those_sent_once(pairs: Pairs) -> Parameters:
    """Return the pairs that nothing is wrong with and that have a value."""
    times = Counter(name for name, _ in pairs)
    return {
        name: value
        for name, value in pairs
        if value and times[name] == 1 and is_text(name) and is_text(value)
    }
