"""Forms that bring another CSRF token than their browser's: pages of ours from before the latest sign-in.

Signing in gives a browser a new token, so that forms of other tabs and of earlier sessions are refused. Where
the browser says that such a form is of a page of ours (its Origin header, which no page can forge: RFC 6454
section 7.3), the person loses nothing. What needs a sign-in is never done for whoever is signed in now: it
waits for one more press.
"""

from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_NO_CSRF_COOKIE
from django.shortcuts import redirect, render
from django.urls import ResolverMatch

from accounts.middleware.session_age import end_session_if_too_old
from accounts.middleware.sign_in import ask_for_sign_in, error_response, page_of_form
from accounts.pages import kept_forms
from accounts.views.sign_in import sign_in_page

FOREIGN_ORIGIN = REASON_BAD_ORIGIN.partition("%")[0]
NOT_DONE = "You signed in or out after that page was opened, so nothing was changed or kept. Try again."


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form whose CSRF token is missing or is not its browser's.

    Args:
        request: which brought the form.
        reason: Django's word for what is wrong.
    """
    is_ours = is_of_our_page(request, reason)
    if is_ours:
        end_session_if_too_old(request)
        kept_forms.reseal_submitted(request)
    if reason == REASON_NO_CSRF_COOKIE:
        return answer_without_cookies(request, is_ours=is_ours)
    match = request.resolver_match
    if not is_ours or match is None:
        return render(request, "403_csrf.html", status=403)
    if not getattr(match.func, "login_required", True):
        return act(request, match)
    return lead_back(request) if request.user.is_authenticated else ask_for_sign_in(request)


def is_of_our_page(request: HttpRequest, reason: str) -> bool:
    """Return whether a form is of a page of ours: it has a token, and the browser says so.

    Django has checked the Origin header by then.
    """
    has_origin = "Origin" in request.headers and not reason.startswith(FOREIGN_ORIGIN)
    return has_origin and bool(request.POST.get("csrfmiddlewaretoken"))


def answer_without_cookies(request: HttpRequest, *, is_ours: bool) -> HttpResponse:
    """Say that no cookies arrive, and keep the form that was sent or came along."""
    if is_ours and (sealed := sealed_form(request)):
        return sign_in_page(request, sealed, without_cookies=True)
    context = {"page": page_of_form(request)}
    return render(request, "403_cookies.html", context, status=403)


def sealed_form(request: HttpRequest) -> str:
    """Return the form that came along, or the one that was sent, sealed; empty where neither can be kept.

    A form that was kept before and is sent at last brings its own id in the place of a sealed form.
    """
    sealed = request.POST.get(kept_forms.FIELD, "")
    return sealed if kept_forms.unseal(sealed) else kept_forms.seal(request)


def act(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """Do what needs no sign-in: sign in or out, choose a color scheme, ask for a link."""
    request.from_old_tab = True  # type: ignore[attr-defined]
    try:
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    except ImmediateHttpResponse as answer:
        return answer.response  # type: ignore[no-any-return]
    except Exception as error:
        if refusal := error_response(request, error):
            return refusal
        raise
    return response


def lead_back(request: HttpRequest) -> HttpResponse:
    """Offer to send the form, or lead to its page and say that nothing was done."""
    if sealed := kept_forms.seal(request):
        return redirect(kept_forms.store(request, sealed))
    messages.warning(request, NOT_DONE)
    return redirect(page_of_form(request))
