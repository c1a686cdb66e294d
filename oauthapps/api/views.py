"""A resource: who the token speaks for."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from oauthapps import scopes
from oauthapps.api.bearer import BearerError, TokenContext, challenge, check
from oauthapps.doors.methods import allow_only
from oauthapps.doors.programs import Answer, Answering, ProgramRequest, json_answer

Members = dict[str, Any]
Resource = Callable[[TokenContext], Members]


def readable_with_token(resource: Resource) -> Answering:
    """Answer with the resource where the request carries a token with the scope `read`."""

    @wraps(resource)
    def answered(request: ProgramRequest) -> Answer:
        try:
            answer = json_answer(resource(check(request, scopes.READ)))
        except BearerError as error:
            answer = challenge(error)
        answer.headers["Cache-Control"] = "no-store, private"
        return answer

    return answered


@allow_only("GET", "HEAD")
@readable_with_token
def me(token: TokenContext) -> Members:
    """Return who the token speaks for, and by which client."""
    row = token.row
    return {
        "ID": row.user_id,
        "name": row.display_name,
        "emailAddr": row.email,
        "username": row.username,
        "customer_id": row.customer_id,
        "client_id": row.client_id,
        "scope": scopes.render(token.scope),
    }
