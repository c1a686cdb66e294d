"""A resource: who the token speaks for, in our own form and in the one existing integrations ask for."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from oauthapps import scopes
from oauthapps.api.bearer import BearerError, TokenContext, challenge, check
from oauthapps.doors.methods import View, allow_only

Resource = Callable[[TokenContext], JsonResponse]


def readable_with_token(resource: Resource) -> View:
    """Answer with the resource where the request carries a token with the scope `read`."""

    @csrf_exempt
    @login_not_required
    @allow_only("GET", "HEAD")
    @wraps(resource)
    def view(request: HttpRequest, **kwargs: str) -> HttpResponse:  # noqa: ARG001  # the version is not used
        try:
            response = resource(check(request, scopes.READ))
        except BearerError as error:
            response = challenge(error)
        response["Cache-Control"] = "no-store, private"
        return response

    return view


@readable_with_token
def me(token: TokenContext) -> JsonResponse:
    """Return who the token speaks for, and by which client."""
    user = token.user
    return JsonResponse(
        {
            "ID": user.user_id,
            "name": user.display_name,
            "emailAddr": user.email,
            "username": user.username,
            "customer_id": token.application.organization.customer_id,
            "client_id": token.application.client_id,
            "scope": scopes.render(token.scope),
        }
    )


@readable_with_token
def user_me(token: TokenContext) -> JsonResponse:
    """Return the person in the shape of the documented calls."""
    return JsonResponse({"data": documented(token.user)})


@readable_with_token
def user_search(token: TokenContext) -> JsonResponse:
    """Return the people the token can see, of whom there is one."""
    return JsonResponse({"data": [documented(token.user)]})


def documented(user: User) -> dict[str, str]:
    """Return a person as the documented calls show one."""
    return {
        "ID": user.user_id,
        "name": user.display_name,
        "objCode": "USER",
        "emailAddr": user.email,
        "username": user.username,
    }
