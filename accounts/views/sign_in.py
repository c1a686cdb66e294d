"""Signing in with a password or a passkey, and sending what was typed before the sign-in had ended."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import clear_authentication_records
from allauth.account.internal.stagekit import stash_login
from allauth.account.stages import LoginStage
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms.passkeys import CLOSED, NOT_ACCEPTED, host_is_ip
from accounts.pages import kept_forms, passkey_challenges
from accounts.pages.next_pages import redirect_to_page
from accounts.views.ways_in import go_to_only_provider, password_page, shows_password, ways_in

log = logging.getLogger("gatehouse.sign_in")


def get_and_post_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a page of django-allauth's be looked at and its form be sent, and nothing else.

    It takes every request but a GET for an attempt to sign in.
    """

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "HEAD":
            request.method = "GET"  # the server leaves the body out
        return view(request, *args, **kwargs)

    return answer


class NextPageMixin:
    """A way to sign in that leads on to the page the person was going to, or to the form that came along."""

    request: HttpRequest

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead on at once where another tab has signed in meanwhile."""
        if request.user.is_authenticated:
            return redirect_to_page(self.get_authenticated_redirect_url())
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return answer

    def _redirect_to_pending_stage(
        self, request: HttpRequest, stage: LoginStage
    ) -> HttpResponseRedirect | None:
        """Lead to the second factor that another tab is asked for, and from there to this tab's page."""
        if target := get_next_redirect_url(request):
            stage.login.redirect_url = target
            stash_login(request, stage.login)
        answer: HttpResponseRedirect | None = super()._redirect_to_pending_stage(request, stage)  # type: ignore[misc]
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign the person in; nothing proven in an abandoned sign-in counts."""
        self.store_submitted_form()
        clear_authentication_records(self.request)
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return answer

    def get_authenticated_redirect_url(self) -> str:
        """Return where to go on to when the person has signed in already, in another tab."""
        self.store_submitted_form()
        url: str = super().get_authenticated_redirect_url()  # type: ignore[misc]
        return url

    def store_submitted_form(self) -> None:
        """Let the form that came along decide where to go on to."""
        if page := kept_forms.store_submitted(self.request):
            fields = self.request.POST.copy()
            fields["next"] = page
            self.request.POST = fields  # type: ignore[assignment]


class SignInView(NextPageMixin, LoginView):
    """The sign-in page, which leads straight to the provider if that is the only way to sign in."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or redirect to the provider."""
        answer: HttpResponse = go_to_only_provider(request) or super().get(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        sealed: str = kwargs.pop("kept_form", "") or self.request.POST.get(kept_forms.FIELD, "")
        kept = kept_forms.unseal(sealed)
        ways = ways_in()
        self.request.leads_to_provider = bool(ways.providers)  # type: ignore[attr-defined]
        context = {
            "kept_form": sealed if kept else "",
            "kept": kept,
            "passkeys_work": not host_is_ip(),
            "providers": ways.providers,
            "shows_password": shows_password(self.request, ways),
            "password_page": password_page(self.request),
        } | kwargs
        found: dict[str, Any] = super().get_context_data(**context)
        return found


class PasskeySignInView(NextPageMixin, LoginWebAuthnView):
    """Signing in with a passkey: gives the browser its challenge, and takes the answer.

    django-allauth looks for the challenge in the session, where it stands no longer than a request takes.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a script with a new challenge."""
        answer: HttpResponse = super().get(request, *args, **kwargs)
        state = request.session.pop(auth.STATE_SESSION_KEY, None)
        if state is not None:
            passkey_challenges.set_cookie(answer, state)
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check what a passkey signed; its challenge is over in any case."""
        self.state = passkey_challenges.read_cookie(request)
        request.session[auth.STATE_SESSION_KEY] = self.state
        answer: HttpResponse = super().post(request, *args, **kwargs)
        request.session.pop(auth.STATE_SESSION_KEY, None)
        passkey_challenges.delete_cookie(answer)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign the person in, unless the same challenge was answered before."""
        if self.state is None or not passkey_challenges.consume(self.state):
            log.warning("A passkey was refused: its challenge was answered before.")
            return self.form_invalid(form)
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Lead back to the sign-in page, on the way to the same place."""
        reason = " ".join(form.errors.get("credential", [NOT_ACCEPTED]))
        other = "" if reason == CLOSED else " You can also sign in with your password."
        messages.error(self.request, f"{reason}{other}")
        return redirect_to_page(password_page(self.request))


sign_in = get_and_post_only(SignInView.as_view())
sign_in_with_passkey = get_and_post_only(PasskeySignInView.as_view())


def sign_in_page(
    request: HttpRequest, sealed: str = "", *, next_url: str = "", without_cookies: bool = False
) -> HttpResponse:
    """Answer a form that met an ended session with the sign-in page.

    Args:
        request: which brought the form.
        sealed: the form, if it is taken along (accounts.pages.kept_forms).
        next_url: where signing in leads, on this site.
        without_cookies: the browser sent no cookies, without which nobody can sign in.
    """
    view = SignInView()
    view.setup(request)
    form = view.get_form_class()(request=request)
    context = view.get_context_data(form=form, kept_form=sealed, without_cookies=without_cookies)
    if next_url:
        context["redirect_field"] = format_html('<input type="hidden" name="next" value="{}">', next_url)
    return render(request, "account/login.html", context, status=403)


@require_safe
def kept_form(request: HttpRequest) -> HttpResponse:
    """Offer to send what was typed before the sign-in had ended."""
    kept = kept_forms.find_waiting(request)
    if kept is None:
        return redirect("home")
    return render(request, "account/kept_form.html", {"kept": kept})
