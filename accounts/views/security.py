"""Security, for everybody: how one signs in, and where one is signed in."""

from dataclasses import dataclass

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import posted_from, recent_sign_in_required, signed_in_user
from accounts.pages.user_agents import device
from accounts.services import sessions as services
from accounts.services.identity_providers import offered
from accounts.services.linked_identities import listed_identities
from accounts.services.mail import can_send
from accounts.services.people import choose_access_mail
from accounts.services.sign_in_summary import SignInSummary
from accounts.sessions.current import factor_changed_recently, session_digest
from audit.actors import Actor
from common.words import counted


@dataclass(frozen=True)
class Session:
    """A session as its owner sees it."""

    row: UserSession
    is_current: bool

    @property
    def device(self) -> str:
        """The browser in words."""
        return device(self.row.user_agent)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show all ways in at a glance, each with the page where it is changed."""
    user = signed_in_user(request)
    summary = SignInSummary(user)
    linked = listed_identities(user)
    offers = factor_changed_recently(request) and summary.sessions > 1
    context = {
        "summary": summary,
        "person": user,
        "offers_to_end_sessions": offers,
        "can_send": can_send(),
        "linked": linked and counted(len(linked), "account"),
        "provider_is_offered": bool(offered().providers),
    }
    return render(request, "security/overview.html", context)


@posted_from("security")
def access_mail(request: HttpRequest) -> HttpResponse:
    """Turn a person's emails about access that an administrator revoked on or off."""
    is_on = request.POST.get("emails") == "on"
    choose_access_mail(signed_in_user(request), is_on, actor=Actor.of(request))
    messages.success(request, f"Emails about revoked access are {'on' if is_on else 'off'}.")
    return redirect("security")


@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """List where one is signed in, this session first."""
    return render(request, "security/sessions.html", {"sessions": sessions_of(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether to end another of one's sessions, and do it."""
    others = UserSession.objects.filter(user=signed_in_user(request))
    row = get_object_or_404(others.exclude(session_key=session_digest(request)), pk=pk)
    if request.method != "POST":
        return render(request, "security/end_session.html", {"session": Session(row, is_current=False)})
    services.end_session(row, actor=Actor.of(request))
    messages.success(request, f"Session ended: {device(row.user_agent)}")
    return redirect("sessions")


@require_http_methods(["GET", "HEAD", "POST"])
@recent_sign_in_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Ask whether to end all of one's other sessions, and do it."""
    user = signed_in_user(request)
    if request.method != "POST":
        return render(request, "security/end_session.html", {"sessions": sessions_of(request)[1:]})
    count = services.end_other_sessions(user, kept=session_digest(request), actor=Actor.of(request))
    messages.success(
        request, f"{counted(count, 'session')} ended." if count else "You had no other sessions."
    )
    return redirect("sessions")


def sessions_of(request: HttpRequest) -> list[Session]:
    """Return one's sessions, this one first, then by when they were last seen."""
    here = session_digest(request)
    rows = services.sessions_of(signed_in_user(request))
    rows.sort(key=lambda row: (row.session_key == here, row.last_seen_at), reverse=True)
    return [Session(row, is_current=row.session_key == here) for row in rows]
