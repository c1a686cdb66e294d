"""A sign-in that was begun and asks for more: each tab goes on with where that tab was going."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.stagekit import stash_login, unstash_login
from allauth.account.utils import get_next_redirect_url, passthrough_next_redirect_url
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.adapters.account import AUTH_HASH_AT_START
from accounts.models import User
from accounts.pages.next_pages import redirect_to_page

View = Callable[..., HttpResponseBase]


def is_out_of_date(request: HttpRequest, person: User) -> bool:
    """Return whether a sign-in began before its person's password changed or all their sessions ended."""
    auth_hash_at_start = request.session.get(AUTH_HASH_AT_START, "")
    return not person.is_session_auth_hash(auth_hash_at_start)


def continues_to_next_page(view: View) -> View:
    """Have a page of an unfinished sign-in lead on to the `next` of its form.

    All tabs of a browser share one sign-in. Another tab may have finished it meanwhile, or be on its way to
    another page, or it may have taken too long.
    """

    @login_not_required
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        target = get_next_redirect_url(request)
        if not target:
            return view(request, *args, **kwargs)
        if request.user.is_authenticated:
            return redirect_to_page(target)
        begun = unstash_login(request, peek=True)
        if begun is None:
            return redirect_to_page(passthrough_next_redirect_url(request, reverse("account_login"), "next"))
        begun.redirect_url = target
        stash_login(request, begun)
        return view(request, *args, **kwargs)

    return answer
