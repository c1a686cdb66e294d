"""Who may do what. LoginRequiredMiddleware closes every view; this opens "System", to view or change it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# The methods that auditors may use in System.
LOOKING = ("GET", "HEAD")
AUDITORS_LOOK = "Auditors can view System, but only administrators can make changes there."


class SignInRequiredError(Exception):
    """A form needs a sign-in: it is answered with the sign-in page.

    Attributes:
        next_url: where signing in leads, on this site.
    """

    def __init__(self, next_url: str) -> None:
        super().__init__(next_url)
        self.next_url = next_url


def signed_in_user(request: HttpRequest) -> User:
    """Return the person this request speaks for.

    Raises:
        PermissionDenied: when nobody is signed in.
    """
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied


def signed_in_within(request: HttpRequest, seconds: int) -> bool:
    """Return whether the person proved who they are within the last so many seconds."""
    earliest = time.time() - seconds
    return any(record["at"] > earliest for record in get_authentication_records(request, request.user))


def signed_in_recently(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds."""
    return signed_in_within(request, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def recent_sign_in_required(view: View[P]) -> View[P]:
    """Ask the person to confirm who they are when they last did too long ago, then go on with what was asked.

    For acts that cannot be undone or change how people sign in, so that a browser somebody left open is not
    enough.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not signed_in_recently(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded


def require_step_up(request: HttpRequest) -> None:
    """Ask for a sign-in within STEP_UP_SECONDS, for acts that hand out access or widen it.

    Raises:
        ReauthenticationRequired: when it was longer ago; the middleware keeps the form and asks.
    """
    if not signed_in_within(request, settings.STEP_UP_SECONDS):
        raise ReauthenticationRequired


def step_up_required(view: View[P]) -> View[P]:
    """Ask for a sign-in within STEP_UP_SECONDS before a form is obeyed; looking at it needs none."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method == "POST":
            require_step_up(request)
        return view(request, *args, **kwargs)

    return guarded


def administrator_required(view: View[P]) -> View[P]:
    """Let administrators through and answer everybody else with 403."""
    return restricted(view, auditors_may_look=False)


def auditor_required(view: View[P]) -> View[P]:
    """Let administrators through, and auditors with GET and HEAD; answer everybody else with 403.

    For pages whose GET neither changes nor hands out anything. Whatever else such a view does, auditors
    can't do, because their other requests don't get here.
    """
    return restricted(view, auditors_may_look=True)


def restricted(view: View[P], *, auditors_may_look: bool) -> View[P]:
    """Return the view as part of System, open to the roles that may use it.

    Everything that depends on roles is decided here; `may_change` tells pages what they can offer.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        person = signed_in_user(request)
        looks = auditors_may_look and request.method in LOOKING
        if not (person.is_administrator or (person.is_auditor and looks)):
            raise PermissionDenied(AUDITORS_LOOK if person.is_auditor else "")
        return view(request, *args, **kwargs)

    return guarded


def may_change(request: HttpRequest) -> bool:
    """Return whether the person viewing a page of System can change something there."""
    return isinstance(request.user, User) and request.user.is_administrator


def posted_from(page: str, *names: str) -> Callable[[View[P]], View[P]]:
    """Let a form be sent to a URL that is no page; GET, as after a sign-in, leads to the page with the form.

    Args:
        page: the name of that page in the URLconf.
        names: which arguments of the URL it takes as well.
    """

    def decorate(view: View[P]) -> View[P]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method != "POST":
                return redirect(reverse(page, kwargs={name: kwargs[name] for name in names}))
            return view(request, *args, **kwargs)

        return answer

    return decorate


def is_from_old_tab(request: HttpRequest) -> bool:
    """Return whether a form is of a page from before the latest sign-in in this browser (`old_tabs`)."""
    return getattr(request, "from_old_tab", False)
