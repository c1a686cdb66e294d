"""Refusals as clients read them, in the dialect of the client that is refused."""

import re
from collections.abc import Iterable

from oauthlib.oauth2 import InvalidRequestError, OAuth2Error, UnsupportedGrantTypeError

from audit.actors import Sender
from oauthapps.explanations import applications
from oauthapps.http.errors import NO_STORE, error_members
from oauthapps.http.messages import ApiResponse, Refusal, json_response
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import identify_application
from oauthapps.oauth2.explained import explained, explanation_of
from oauthapps.oauth2.parameters import Parameters, UnreadableRequestError
from oauthapps.oauth2.throttling import TooManyFailuresError
from oauthapps.rules import echoes
from oauthapps.sql.clients import ClientRow

CLIENT_ID = re.compile("[0-9a-f]{32}")
# RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E
NOT_ALLOWED = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def unreadable_response(error: UnreadableRequestError, authorization: str, sender: Sender) -> ApiResponse:
    """Return the answer to a request whose parameters cannot be taken, in its client's dialect if known.

    Args:
        error: what is wrong with them, and what could be read.
        authorization: the Authorization header, empty when there is none.
        sender: where the request came from.
    """
    try:
        application = identify_application(authorization, error.readable, sender)
    except TooManyFailuresError as too_many:
        return error_response(too_many, None)
    return error_response(error, application)


def unsupported_grant_type(
    parameters: Parameters, offered: Iterable[str], application: ClientRow | None
) -> OAuth2Error:
    """Return the error for a token request that names no grant type, or none that is offered."""
    if asked := parameters.get("grant_type"):
        type_ = application and application.type
        label, allowed = (type_.label, type_.grant_types) if type_ else ("", tuple(offered))
        error: OAuth2Error = explained(
            UnsupportedGrantTypeError(refusals.of_grant_type(asked, offered, type_)),
            applications.other_grant_type,
            label,
            allowed,
            echoes.named(asked),
        )
    else:
        error = explained(
            InvalidRequestError("Missing grant_type parameter."), applications.no_grant_type, tuple(offered)
        )
    error.client_id = parameters.get("client_id")
    return error


def error_response(error: OAuth2Error, application: ClientRow | None) -> ApiResponse:
    """Return the answer that refuses a request, in the dialect of the client that authenticated.

    Args:
        error: what is wrong; its description repeats nothing that could be a credential.
        application: the authenticated client's application, whose response profile decides; None for nobody.
    """
    status, message = error.status_code, NOT_ALLOWED.sub("", error.description or "") or str(error.error)
    compatible = application is not None and application.is_workfront_compatible
    members = error_members(status, error.error, message, compatible=compatible)
    response = json_response(members, status, {**NO_STORE, **error.headers})
    replay = getattr(error, "replay", "")  # oauthlib makes the others
    response.refusal = Refusal(
        error.error,
        message,
        client_of(error, application),
        replay=replay,
        # A public client shows nothing but its Client ID, which anybody knows.
        is_authenticated=application is not None and application.type.is_confidential,
        explain=explanation_of(error),
    )
    return response


def client_of(error: OAuth2Error, application: ClientRow | None) -> str:
    """Return the Client ID under which the log names the client whose request is refused, proven or claimed.

    What does not look like one stays out: somebody may have sent a secret in its place.
    """
    if application is not None:
        return application.client_id
    readable = error.readable if isinstance(error, UnreadableRequestError) else {}
    claimed = str(error.client_id or readable.get("client_id", ""))
    return claimed if CLIENT_ID.fullmatch(claimed) else ""
