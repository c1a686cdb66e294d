"""What a token request presents: looked up together with its client, and good for its owner alone."""

from typing import Any

from oauthapps import app_types
from oauthapps.client_secrets import digest
from oauthapps.models import lookups
from oauthapps.models.lookups import Presented
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.requests import TokenRequest


def presented_by(parameters: Parameters) -> Presented | None:
    """Return what a token request presents besides its client's credentials, by its grant type."""
    match parameters.get("grant_type"):
        case app_types.AUTHORIZATION_CODE:
            return Presented(query=lookups.GRANTS, digest=digest(parameters.get("code", "")))
        case app_types.REFRESH_TOKEN:
            return Presented(query=lookups.REFRESH_TOKENS, digest=digest(parameters.get("refresh_token", "")))
        case app_types.JWT_BEARER:
            return Presented(query=lookups.KEYS)
    return None


def own(request: TokenRequest) -> Any:
    """Return the row of what a client presents, if it is the client's own; nobody else's is good for it."""
    return next((row for row in request.presented if row.application_id == request.client.pk), None)
