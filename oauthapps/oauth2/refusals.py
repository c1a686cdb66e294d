"""Why a request was refused: what a client may know about its own request, in one sentence for each cause.

Before a client has authenticated a sentence speaks of the form of what was sent and of what this server
offers to everybody, never of an application. Afterwards it speaks of the client's own code or refresh token;
another client's reads as one that never existed. Nothing that could be a credential is repeated.

A sentence keeps to the characters of an `error_description` (RFC 6749 section 5.2): ASCII without double
quotes and backslashes. Causes that have to be looked up are looked up once the request is refused.
"""

from urllib.parse import unquote

# Client authentication

NOT_AUTHENTICATED = "The client is unknown or did not authenticate."
BROKEN_BASIC = "The Authorization header is not well-formed HTTP Basic: base64 of client_id:client_secret."
HAS_NO_SECRET = "A public client has no client secret: send its client_id alone."  # noqa: S105  # a sentence
CANNOT_AUTHENTICATE = "Only a client that authenticates with a secret may do this; a public client has none."


def of_credentials(client_id: str, secret: str) -> str:
    """Return why a client that sent these did not authenticate, as far as their form shows.

    Whether there is such a client makes no difference.
    """
    for name, value in (("client_id", client_id), ("client secret", secret)):
        fault = fault_of_form(value)
        if fault:
            return f"{NOT_AUTHENTICATED} The {name} that was sent {fault}."
    return NOT_AUTHENTICATED


def fault_of_form(value: str) -> str:
    """Return what copying has added to a credential, or nothing; a Basic header may hold it encoded."""
    for reading in (value, unquote(value)):
        if reading != reading.strip():
            return f"has white space at its {'end' if reading != reading.rstrip() else 'beginning'}"
        if reading[:1] in QUOTES and reading.endswith(reading[:1]):
            return "is in quotation marks"
    return ""


QUOTES = ('"', "'")
