"""Asking for a sign-in: where there is none, and where it is too long ago for what is asked."""

import logging
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode

from accounts.access import SignInRequiredError
from accounts.pages import kept_forms
from accounts.security.ciphers import UnreadableError
from accounts.security.hashers import TooBusyError
from accounts.security.throttling import TooManyAttemptsError, wait_in_words
from accounts.views.sign_in import sign_in_page

# Seconds after which a form may be sent again that met a worker busy with another password.
BUSY_SECONDS = 1
log = logging.getLogger("gatehouse.sign_in")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
NO_WAY = "There's no way for you to confirm here that it's you. Sign out, sign in again, and retry."
NOT_DONE = "You had been signed out, so nothing was changed or kept. Sign in and try again."


def busy(request: HttpRequest) -> HttpResponse:
    """Say that somebody else's password is being checked right now."""
    response = render(request, "429_busy.html", status=429)
    response["Retry-After"] = str(BUSY_SECONDS)
    return response


def too_many_attempts(request: HttpRequest, seconds: int = 60) -> HttpResponse:
    """Say that there were too many attempts, and for how many seconds to wait.

    django-allauth, which does not say, has no rates for more than a minute where it answers with this itself.
    """
    response = render(request, "429.html", {"wait": wait_in_words(seconds)}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def unreadable(request: HttpRequest) -> HttpResponse:
    """Say what to do where a second factor was stored under another SECRET_KEY."""
    log.error(
        "A second factor cannot be read: SECRET_KEY has changed since it was stored. Restore the old key, "
        "or use manage.py reset_user for a person who can't sign in."
    )
    person = request.user if request.user.is_authenticated else None
    context = {"back_url": request.get_full_path(), "username": person.get_username() if person else "LOGIN"}
    return render(request, "mfa/unreadable.html", context, status=403)


def error_response(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return what a person is told who has to sign in, wait or be helped; None for any other error."""
    if isinstance(error, TooBusyError):
        return busy(request)
    if isinstance(error, TooManyAttemptsError):
        return too_many_attempts(request, error.seconds)
    if isinstance(error, SignInRequiredError):
        return sign_in_page(request, next_url=error.next_url)
    return unreadable(request) if isinstance(error, UnreadableError) else None


def ask_for_sign_in(request: HttpRequest) -> HttpResponseBase:
    """Lead to the sign-in page and, from there, to where the person was.

    A form is taken along where it can be kept; else the sign-in page says that nothing was done.
    """
    if request.method in SAFE_METHODS:
        return redirect_to_login(request.get_full_path())
    sealed = kept_forms.seal(request)
    if sealed:
        return sign_in_page(request, sealed)
    messages.warning(request, NOT_DONE)
    return redirect_to_login(page_of_form(request))


def page_of_form(request: HttpRequest) -> str:
    """Return the URL of the page that a form belongs to.

    It is where the form leads back to, if it says so, or the form's own: a URL that is no page leads to one
    when asked with GET (accounts.access.posted_from).
    """
    return get_next_redirect_url(request) or request.get_full_path()


class SignInMiddleware(LoginRequiredMiddleware):
    """Django's, except that it reads no session for a view that is open to everybody, and loses no form.

    It is the last one, so that it hears of ReauthenticationRequired before django-allauth does: that would
    put the whole request into the session in clear, and send it whenever somebody next confirms who they are.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Ask for a sign-in where the view wants one."""
        if not getattr(view_func, "login_required", True):
            return None
        refused = super().process_view(request, view_func, view_args, view_kwargs)
        if refused is None and request.method == "POST":
            kept_forms.discard_submitted(request)
        return refused

    def handle_no_permission(  # type: ignore[override]  # Django always redirects
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],  # noqa: ARG002
    ) -> HttpResponseBase:
        """Ask for a sign-in."""
        return ask_for_sign_in(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask for a password, passkey or code again, and come back to the page or the form that was sent."""
        if answer := error_response(request, exception):
            return answer
        if not isinstance(exception, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        if not methods:
            messages.warning(request, NO_WAY)
            return redirect("account_logout")
        target = request.get_full_path()
        sealed = kept_forms.seal(request)
        if sealed:
            target = kept_forms.store(request, sealed)
        return redirect(f"{methods[0]['url']}?{urlencode({'next': target})}")
