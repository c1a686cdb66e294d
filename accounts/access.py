"""Who may do what. LoginRequiredMiddleware closes every view; this opens "System" to administrators only."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in_user(request: HttpRequest) -> User:
    """Return the person this request speaks for.

    Raises:
        PermissionDenied: when nobody is signed in.
    """
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied


def administrator_required(view: View[P]) -> View[P]:
    """Let administrators through and answer everybody else with 403."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not signed_in_user(request).is_administrator:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
