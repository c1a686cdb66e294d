"""What an authorization request says, and what is wrong with how it says it (RFC 6749 section 3.1)."""

from oauthlib.oauth2 import InvalidRequestError, InvalidRequestFatalError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import RequestNotSupported, RequestURINotSupported

from oauthapps.explanations import authorization as explanations
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import RESOURCE, Parameters, form_pairs
from oauthapps.rules.credential_values import is_text

# What an authorization request may say; everything else is ignored (RFC 6749 section 3.1).
PARAMETERS = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    RESOURCE,
)
# Request objects are not offered (RFC 9101). One that is sent holds what the client means, so that going by
# the plain parameters would be wrong; a URL that is sent is never fetched.
NOT_SUPPORTED: dict[str, type[OAuth2Error]] = {
    "request": RequestNotSupported,
    "request_uri": RequestURINotSupported,
}
# Without a value a parameter counts as absent (RFC 6749 section 3.1). Not so these: an empty challenge must
# not pass for a request without one (RFC 7636 section 4.4.1), nor an empty response type for a forgotten one.
JUDGED_WHEN_EMPTY = ("response_type", "code_challenge")
# Bytes that the values may have together. On the way through the sign-in page each may be percent-encoded
# twice, as five characters: that fits, with cookies and the like, into the 64 KiB of headers that are read.
MOST_BYTES = 10 * 1024
SENT_TWICE = "A parameter was sent more than once."
TOO_LONG = (
    f"The authorization request is too long: its parameters can be at most {MOST_BYTES:,} bytes together. "
    "Send a shorter state."
)


def read_request(query: str) -> tuple[Parameters, OAuth2Error | None]:
    """Return the usable parameters of an authorization request, and its fault, if any.

    The client is told of it once it is certain where the client is.

    Args:
        query: the URL's, as the server writes it (PEP 3333).

    Raises:
        InvalidRequestFatalError: when nobody can say which client or redirect URI is meant.
        InvalidRequestError: when the query is no form.
    """
    values: dict[str, list[str]] = {}
    for name, value in form_pairs(query.encode("latin-1", "replace")):
        if name in PARAMETERS or name in NOT_SUPPORTED:
            values.setdefault(name, []).append(value)
    if RESOURCE in values:  # the one that may repeat (RFC 8707 section 2)
        values[RESOURCE] = [" ".join(values[RESOURCE])]
    wrong = {name: problem for name, sent in values.items() if (problem := problem_of(sent))}
    for name in ("client_id", "redirect_uri"):
        if name in wrong:
            raise with_problem(InvalidRequestFatalError(wrong[name]), name)
    parameters = {
        name: values[name][0]
        for name in PARAMETERS
        if name in values and name not in wrong and (values[name][0] or name in JUDGED_WHEN_EMPTY)
    }
    faults = [with_problem(InvalidRequestError(problem), name) for name, problem in wrong.items()]
    faults += [
        explained(fault(), explanations.request_object, name)
        for name, fault in NOT_SUPPORTED.items()
        if any(values.get(name, ()))
    ]
    if (size := sum(len(value.encode()) for value in parameters.values())) > MOST_BYTES:
        faults.append(explained(InvalidRequestError(TOO_LONG), explanations.too_long, size, MOST_BYTES))
    return parameters, next(iter(faults), None)


def problem_of(values: list[str]) -> str:
    """Return why a parameter's values cannot be used, or nothing (RFC 6749 section 3.1)."""
    if len(values) > 1:
        return SENT_TWICE
    return "" if is_text(values[0]) else "A parameter contains characters that are not allowed."


def with_problem(error: OAuth2Error, name: str) -> OAuth2Error:
    """Return the error for a parameter that has a problem, with what explains it."""
    is_repeated = error.description == SENT_TWICE
    return explained(error, explanations.sent_twice if is_repeated else explanations.not_text, name)
