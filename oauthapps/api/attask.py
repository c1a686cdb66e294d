"""The calls that integrations written for Workfront make, with the answers they read.

Errors are `{"error": {"class": …, "message": …}}`, and what does not exist is told only to who is signed in.
"""

from functools import wraps
from typing import Protocol

from oauthapps.api.bearer import (
    BearerError,
    TokenContext,
    challenge,
    living_token,
    refusal,
)
from oauthapps.api.views import Members, readable_with_token
from oauthapps.explanations import access_tokens as explanations
from oauthapps.http.decorators import allow_only
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView, json_response
from oauthapps.services import tokens
from oauthapps.sql.access_tokens import BearerRow


class AuthenticatedView(Protocol):
    """Answers a request whose living token has been looked up."""

    def __call__(self, request: ApiRequest, token: TokenContext, /) -> ApiResponse:
        """Answer it."""
        ...


def signed_in(view: AuthenticatedView) -> ApiView:
    """Refuse who has no living token; its scopes do not matter."""

    @wraps(view)
    def authenticated(request: ApiRequest) -> ApiResponse:
        try:
            token = living_token(request)
        except BearerError as error:
            return challenge(error)
        return view(request, token)

    return authenticated


def method_refused(message: str, headers: dict[str, str]) -> ApiResponse:
    """Return the refusal of a method."""
    return refusal(405, "MethodNotAllowedException", message, headers)


@allow_only("GET", "HEAD", refuse=method_refused)
@readable_with_token
def user_me(token: TokenContext) -> Members:
    """Return the person in the shape of the documented calls."""
    return {"data": documented(token.row)}


@allow_only("GET", "HEAD", refuse=method_refused)
@readable_with_token
def user_search(token: TokenContext) -> Members:
    """Return the people the token can see, of whom there is one."""
    return {"data": [documented(token.row)]}


@allow_only("GET", "POST", refuse=method_refused)
@signed_in
def logout(request: ApiRequest, token: TokenContext) -> ApiResponse:
    """End the token that the request carries, and no other; clients log out by GET as well as by POST."""
    actor = request.sender().as_client(token.row.client_id)
    tokens.revoke(token.digest, token.row.application_id, actor=actor)
    return json_response({"data": {"success": True}}, headers={"Cache-Control": "no-store"})


@signed_in
def not_found(request: ApiRequest, token: TokenContext) -> ApiResponse:  # noqa: ARG001
    """Say that there is no such call."""
    message = "There is no endpoint at this URL."
    return refusal(404, "NotFoundException", message, explain=explanations.no_such_url)


def documented(row: BearerRow) -> Members:
    """Return a person as the documented calls show one."""
    return {
        "ID": row.subject,
        "name": row.display_name,
        "objCode": "USER",
        "emailAddr": row.email,
        "username": row.username,
    }
