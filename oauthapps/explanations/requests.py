"""What was wrong with the form of a request, or with how often its like came."""

from oauthapps.http.messages import Explanation

TOO_MANY = (
    "Wait until then, and correct the credentials that the client sends. Correct ones are accepted even now."
)


def throttled(what: str, limit: int, seconds: int) -> Explanation:
    """Return that there were too many failures, how many are allowed, and when it is over.

    Args:
        what: whose failures were counted, such as "for this Client ID".
        limit: how many are allowed in a minute.
        seconds: after how many seconds it is over.
    """
    return Explanation(
        f"The network that this request came from failed more than {limit} times within a minute {what}; it "
        f"is over {seconds} s after the request.",
        TOO_MANY,
        {"limit": limit, "retry_after": seconds},
    )


def two_ways() -> Explanation:
    """Return that a client authenticates in two ways."""
    return Explanation(
        "The client authenticates in two ways at once: it must choose one of the Authorization "
        "header, client_secret, and client_assertion.",
        "Configure one authentication method in the client: client_secret_basic, client_secret_post, or "
        "private_key_jwt.",
    )


def two_clients(cause: str) -> Explanation:
    """Return that a request names two clients.

    Args:
        cause: in which places.
    """
    return Explanation(cause, "Send the same Client ID in both places, or leave out client_id.")


def broken_basic() -> Explanation:
    """Return that an Authorization header cannot be read."""
    return Explanation(
        "The Authorization header is not HTTP Basic: it must be the word Basic, a space, and the base64 of "
        "client_id:client_secret.",
        "Let the HTTP library build the header from the Client ID and the client secret.",
    )


def other_assertion_type(said: str, expected: str) -> Explanation:
    """Return that a client assertion is of another type.

    Args:
        said: what a sentence calls the type that was sent.
        expected: what it must be.
    """
    return Explanation(f"client_assertion_type is {said}.", f"Send client_assertion_type={expected}.")


def no_request_id() -> Explanation:
    """Return that a client asks why, but not of which request."""
    return Explanation(
        "The request has no request_id parameter.",
        "Send the X-Request-Id of the refused response as request_id.",
    )


def unknown_request_id() -> Explanation:
    """Return that a client asks why about a request that is none of its own."""
    return Explanation(
        "No refused request of this client has that request_id.",
        "Send the X-Request-Id of a response that refused a request with this Client ID; it is known some "
        "seconds later.",
    )


def no_token() -> Explanation:
    """Return that a revocation or introspection names no token."""
    return Explanation("The request has no token parameter.", "Send the token in the body, as token.")
