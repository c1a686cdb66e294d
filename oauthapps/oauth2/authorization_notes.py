"""What is noted of authorization requests, for the journal: refusals, and what people allowed."""

from django.http import HttpRequest
from oauthlib.oauth2 import OAuth2Error

from accounts.models import User
from oauthapps.http.messages import Refusal
from oauthapps.http.notes import note_browser_request
from oauthapps.oauth2.errors import CLIENT_ID
from oauthapps.oauth2.parameters import Parameters


def note_refusal(request: HttpRequest, error: OAuth2Error, parameters: Parameters, status: int) -> None:
    """Note an authorization request that is refused.

    Args:
        request: the browser's request.
        error: why.
        parameters: those of the authorization request that could be read.
        status: the HTTP status of the answer, in numbers.
    """
    claimed = parameters.get("client_id", "")
    user = getattr(request, "user", None)
    refusal = Refusal(
        error.error,
        error.description or error.error,
        claimed if CLIENT_ID.fullmatch(claimed) else "",
        user.username if isinstance(user, User) else "",
        is_authenticated=False,
        explain=getattr(error, "explain", None),  # oauthlib makes the others
    )
    note_browser_request(request, status=status, parameters=parameters, refusal=refusal)


def note_grant(request: HttpRequest, parameters: Parameters, status: int) -> None:
    """Note an authorization request that a person allowed."""
    client_id = parameters["client_id"]
    note_browser_request(request, status=status, parameters=parameters, client_id=client_id)
