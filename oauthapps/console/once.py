"""A form that made something secret is obeyed once: reloading its answer must not make another one.

The answer to such a form is the only page that shows the secret, so a reload sends the form again. The form
carries a random id; the session remembers the ids of those that were obeyed.
"""

import secrets

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

FIELD = "form_id"
SESSION_KEY = "obeyed_forms"
REMEMBERED = 20


def new_form_id() -> str:
    """Make an id for a form that is about to be shown."""
    return secrets.token_hex(8)


def was_obeyed(request: HttpRequest) -> bool:
    """Return whether this very form was obeyed before."""
    return _name(request) in request.session.get(SESSION_KEY, [])


def remember(request: HttpRequest) -> None:
    """Note that this form has been obeyed."""
    if FIELD in request.POST:
        obeyed = [*request.session.get(SESSION_KEY, []), _name(request)]
        request.session[SESSION_KEY] = obeyed[-REMEMBERED:]


def explain(request: HttpRequest, address: str) -> HttpResponse:
    """Answer a form that comes back with a redirect, and say why nothing was shown again."""
    messages.warning(
        request,
        "That form was sent a second time, so nothing new was made. What the page showed is shown only once: "
        "if you did not store it, delete it and make a new one.",
    )
    return redirect(address)


def _name(request: HttpRequest) -> str:
    return f"{request.path} {request.POST.get(FIELD, '')[:32]}"
