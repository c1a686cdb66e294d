"""A resource: who the token speaks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from oauthapps.api.bearer import BearerError, TokenContext, challenge, check
from oauthapps.http.decorators import allow_only
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView, json_response
from oauthapps.rules import scopes
from oauthapps.sql.access_tokens import SERVICE

Members = dict[str, Any]
Resource = Callable[[TokenContext], Members]


def readable_with_token(resource: Resource) -> ApiView:
    """Answer with the resource where the request carries a token with the scope `read`."""

    @wraps(resource)
    def view(request: ApiRequest) -> ApiResponse:
        try:
            token = check(request, scopes.READ)
            response = json_response(resource(token), client_id=token.row.client_id)
        except BearerError as error:
            response = challenge(error)
        response.headers["Cache-Control"] = "no-store, private"
        return response

    return view


@allow_only("GET", "HEAD")
@readable_with_token
def me(token: TokenContext) -> Members:
    """Return who the token speaks for, and by which client."""
    row = token.row
    return {
        **({"sub_type": SERVICE} if row.is_service else {}),
        "ID": row.subject,
        "name": row.display_name,
        "emailAddr": row.email,
        "username": row.username,
        "customer_id": row.customer_id,
        "client_id": row.client_id,
        "scope": scopes.render(token.scope),
    }
