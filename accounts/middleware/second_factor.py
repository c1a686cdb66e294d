"""Closing pages to administrators and auditors without the second factor that is required of them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.services.second_factor_rule import Deadline, second_factor_deadline
from accounts.sessions.provider_sessions import proved_second_factor

View = Callable[[HttpRequest], HttpResponse]


class SecondFactorMiddleware:
    """Lets them reach only OPEN_WITHOUT_SECOND_FACTOR once their time is over, and has pages say so before.

    It comes before the sign-in middleware, so that a form that waits for a sign-in is not used up.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse the page, or let the request know until when its person has to set up a second factor."""
        if not speaks_for_somebody(request, view) or not isinstance(request.user, User):
            return None
        deadline = None if proved_second_factor(request) else second_factor_deadline(request.user)
        request.second_factor_deadline = deadline  # type: ignore[attr-defined]
        if deadline is None or not deadline.is_over:
            return None
        if name_of_view(request) in settings.OPEN_WITHOUT_SECOND_FACTOR:
            return None
        return refuse(request, deadline)


def speaks_for_somebody(request: HttpRequest, view: Callable[..., Any]) -> bool:
    """Return whether a view does something in the name of whoever is signed in."""
    return getattr(view, "login_required", True) or name_of_view(request) in settings.NEEDS_SECOND_FACTOR


def name_of_view(request: HttpRequest) -> str:
    """Return the name of the view that a request is for."""
    return request.resolver_match.view_name if request.resolver_match else ""


def refuse(request: HttpRequest, deadline: Deadline) -> HttpResponse:
    """Say that a second factor has to be set up first, and until when it should have been."""
    return render(request, "account/second_factor_required.html", {"deadline": deadline}, status=403)
