"""Why one of its own requests was refused: what a client may read that has authenticated.

Its own are those that it has proven to be its, and those that only named its Client ID: a client whose secret
was deleted finds out with its new one. Whoever sent those may have been a stranger, but a sentence repeats
nothing of theirs that could do harm, and tells the client of its own application alone.
"""

from typing import Any

from oauthlib.oauth2 import InvalidRequestError, OAuth2Error

from audit.actors import Sender
from oauthapps.explanations import requests
from oauthapps.explanations.wording import TO_CLIENT, cause_of
from oauthapps.models import RecordedRequest
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.throttling import count_failure
from oauthapps.oauth2.token_inspection import Members, require_authentication


class UnknownRequestError(OAuth2Error):
    """No refused request of this client's has this id; another client's looks the same."""

    error = "not_found"
    status_code = 404


def explain(parameters: Parameters, client: AuthenticatedClient, sender: Sender) -> Members:
    """Return why a request was refused, as administrators read it, as far as it is the client's.

    Raises:
        PublicClientError: for a public client, which anybody could pretend to be.
        InvalidRequestError: when no request is named.
        UnknownRequestError: when none of the client's has that id.
        TooManyFailuresError: when this is one guess too many.
    """
    require_authentication(client)
    request_id = parameters.get("request_id")
    if not request_id:
        raise explained(InvalidRequestError("Missing request_id parameter."), requests.no_request_id)
    rows = RecordedRequest.objects.refused().with_id(request_id)
    row = rows.filter(application=client.application.id).first()
    if row is None:
        count_failure(f"explain by {client.application.client_id}", sender().ip_address)
        raise explained(
            UnknownRequestError("No refused request of this client has this request_id."),
            requests.unknown_request_id,
        )
    return {"request_id": request_id, **sentences_for_client(row, request_id), **facts_of(row)}


def sentences_for_client(row: RecordedRequest, request_id: str) -> dict[str, Any]:
    """Return the cause and the fix; other ones where administrators read more than the client may."""
    less: dict[str, Any] = row.details.get(TO_CLIENT, {})
    cause = cause_of(request_id, row, less.get("cause", row.cause))
    return {"cause": cause, "fix": less.get("fix", row.fix)}


def facts_of(row: RecordedRequest) -> Members:
    """Return what else there is to know of a refused request, most of which its client has seen."""
    return {
        "error": row.error,
        "status": row.status,
        "endpoint": row.endpoint,
        "at": row.at.isoformat(timespec="seconds"),
        "times": row.times,
    }
