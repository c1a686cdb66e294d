"""What somebody typed while their sign-in ran out is not lost.

A form that meets an ended session, or a sign-in that is no longer recent enough, is sealed: encrypted, good
for an hour, and for one browser or person only. It waits in the sign-in page or in the session; after the
sign-in a page offers to send it. Passwords, secrets, keys and files are never kept.
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token

from accounts.ciphers import cipher

FIELD = "kept_form"
SESSION_KEY = "kept_form"
SECONDS = 60 * 60
MOST = 64 * 1024  # characters
NEVER = re.compile(r"password|secret|token$|key|credential|code", re.IGNORECASE)
PURPOSE = "kept forms"


@dataclass(frozen=True, kw_only=True)
class KeptForm:
    """A form that waits to be sent again.

    Attributes:
        address: where it was going, below this site.
        fields: names and values, in their order.
        had_files: whether files were chosen, which have to be chosen again.
    """

    address: str
    fields: list[tuple[str, str]]
    had_files: bool


def seal(request: HttpRequest) -> str:
    """Return the form of this request, sealed; nothing where there is none to keep.

    It is for the request's person where that is known, and for the browser it came from in any case.
    """
    match = request.resolver_match
    if request.method != "POST" or match is None or match.view_name not in settings.KEPT_FORMS:
        return ""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if not NEVER.search(name) and isinstance(value, str)
    ]
    person = request.user.pk or getattr(request, "ended_session_of", None)
    kept = {
        "address": request.get_full_path(),
        "fields": fields,
        "had_files": bool(request.FILES),
        "person": person,
        "browser": _browser(request),
    }
    text = json.dumps(kept)
    return cipher(PURPOSE).encrypt(text.encode()).decode() if len(text) <= MOST else ""


def take_along(request: HttpRequest) -> bool:
    """Move the sealed form that came with a sign-in form into the session; return whether there was one."""
    sealed = request.POST.get(FIELD, "")
    kept = _open(sealed)
    if kept is None or kept["browser"] != _browser(request):
        return False
    request.session[SESSION_KEY] = sealed
    return True


def waiting(request: HttpRequest) -> KeptForm | None:
    """Return the form that waits for the person who is signed in."""
    kept = _open(request.session.get(SESSION_KEY, ""))
    if kept is None or kept["person"] not in {None, request.user.pk}:
        return None
    fields = [(name, value) for name, value in kept["fields"]]
    return KeptForm(address=kept["address"], fields=fields, had_files=kept["had_files"])


def _open(sealed: str) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = json.loads(cipher(PURPOSE).decrypt(sealed.encode(), ttl=SECONDS))
    except InvalidToken:
        return None
    return kept


def _browser(request: HttpRequest) -> str:
    """Return what tells this browser from others: its CSRF cookie, which no page can read."""
    get_token(request)
    return sha256(str(request.META["CSRF_COOKIE"]).encode()).hexdigest()
