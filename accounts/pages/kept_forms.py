"""What somebody typed while their sign-in ran out is not lost.

A form that meets an ended session, a sign-in that is no longer recent enough, or a sign-in in another tab,
is sealed: encrypted, good for an hour, and for one browser or person only. It waits in the sign-in page or in
the session; after the sign-in a page offers to send it. Every field is kept, except files and those of
NEVER_KEPT_FIELDS, which hold passwords, codes and keys; the page names what was left out.
"""

import json
import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

from accounts.security.ciphers import cipher

FIELD = "kept_form"
SESSION_KEY = "kept_forms"
SECONDS = 60 * 60
# Characters of a sealed form. A chosen logo travels in a field: it has room.
MOST = 512 * 1024
# So many forms, of several tabs, wait for one person.
MOST_WAITING = 3
# What pages put into their forms, of use to that page alone.
OF_THE_PAGE = {"csrfmiddlewaretoken", FIELD}
PURPOSE = "kept forms"


@dataclass(frozen=True, kw_only=True)
class KeptForm:
    """A form that waits to be sent again.

    Attributes:
        id: names it among those that wait.
        url: where it was going, on this site.
        fields: names and values, in their order.
        files: the names of fields whose file has to be chosen again.
        withheld: the names of fields whose value is never kept.
        is_too_large: no field is kept, because all of them together are too long.
    """

    id: str
    url: str
    fields: list[tuple[str, str]]
    files: list[str]
    withheld: list[str]
    is_too_large: bool

    @property
    def is_whole(self) -> bool:
        """Whether sending it changes what was meant to be changed: what is absent may count as empty."""
        return not (self.withheld or self.is_too_large)


def seal(request: HttpRequest) -> str:
    """Return the form of this request, sealed; nothing where there is none to keep.

    It is for the request's person where that is known, and for the browser it came from in any case. Of one
    that is too large only that is kept, for its sender to be told.
    """
    match = request.resolver_match
    if request.method != "POST" or match is None or match.view_name not in settings.KEPT_FORMS:
        return ""
    sent = [
        (name, str(value))
        for name, values in request.POST.lists()
        for value in values
        if name not in OF_THE_PAGE
    ]
    kept = {
        "address": request.get_full_path(),  # as forms that an earlier version sealed have it
        "fields": [pair for pair in sent if pair[0] not in settings.NEVER_KEPT_FIELDS],
        "files": list(request.FILES),
        "withheld": [name for name, value in sent if value and name in settings.NEVER_KEPT_FIELDS],
        "is_too_large": False,
        "person": request.user.pk or getattr(request, "ended_session_of", None),
        "browser": _browser(request),
    }
    sealed = _sealed(kept)
    return sealed if len(sealed) <= MOST else _sealed(kept | {"fields": [], "is_too_large": True})


def store(request: HttpRequest, sealed: str) -> str:
    """Let a sealed form wait in the session; return the URL of the page that offers to send it.

    Those whose hour is over leave the session.
    """
    forms = [*request.session.get(SESSION_KEY, {}).items(), (_id(sealed), sealed)]
    in_time = [each for each in forms if _open(each[1])]
    request.session[SESSION_KEY] = dict(in_time[-MOST_WAITING:])
    return f"{reverse('kept-form')}?{urlencode({'form': _id(sealed)})}"


def store_submitted(request: HttpRequest) -> str:
    """Move the sealed form that came with a sign-in form into the session.

    Returns:
        The URL of the page that offers to send it; empty where none came along.
    """
    sealed = request.POST.get(FIELD, "")
    kept = _open(sealed)
    if kept is None or kept["browser"] != _browser(request):
        return ""
    return store(request, sealed)


def reseal_submitted(request: HttpRequest) -> None:
    """Let the form that came along with a sign-in form of an older tab be for this browser still.

    Signing in gives a browser another CSRF cookie. To be called only where the browser itself said that the
    sign-in form is of a page of ours.
    """
    sealed = request.POST.get(FIELD, "")
    kept = _open(sealed)
    if kept is not None:
        at = cipher(PURPOSE).extract_timestamp(sealed)
        fields = request.POST.copy()
        fields[FIELD] = _sealed(kept | {"browser": _browser(request)}, at=at)
        request.POST = fields  # type: ignore[assignment]


def find_waiting(request: HttpRequest) -> KeptForm | None:
    """Return the form that the query names, or the latest, if it waits for the person who is signed in."""
    forms = request.session.get(SESSION_KEY, {})
    sealed = forms.get(request.GET.get("form") or next(reversed(forms), ""), "")
    kept = _open(sealed)
    if kept is None or kept["person"] not in {None, request.user.pk}:
        return None
    return _read(sealed, kept)


def unseal(sealed: str) -> KeptForm | None:
    """Return what is in a sealed form; None where it was not sealed here within the hour."""
    kept = _open(sealed)
    return None if kept is None else _read(sealed, kept)


def discard_submitted(request: HttpRequest) -> None:
    """Forget the form that is being sent at last. Where the answer is an error of ours, it stays."""
    forms = request.session.get(SESSION_KEY, {})
    if forms and forms.pop(request.POST.get(FIELD, ""), None):
        request.session[SESSION_KEY] = forms


def _read(sealed: str, kept: dict[str, Any]) -> KeptForm:
    return KeptForm(
        id=_id(sealed),
        url=kept["address"],
        fields=[(name, value) for name, value in kept["fields"]],
        files=kept["files"],
        withheld=kept["withheld"],
        is_too_large=kept["is_too_large"],
    )


def _sealed(kept: dict[str, Any], *, at: int | None = None) -> str:
    text = zlib.compress(json.dumps(kept).encode())
    ours = cipher(PURPOSE)
    return (ours.encrypt(text) if at is None else ours.encrypt_at_time(text, at)).decode()


def _open(sealed: str) -> dict[str, Any] | None:
    try:
        kept: dict[str, Any] = json.loads(
            zlib.decompress(cipher(PURPOSE).decrypt(sealed.encode(), ttl=SECONDS))
        )
    except InvalidToken:
        return None
    return kept


def _id(sealed: str) -> str:
    return sha256(sealed.encode()).hexdigest()[:16]


def _browser(request: HttpRequest) -> str:
    """Return what tells this browser from others: its CSRF cookie, which no page can read."""
    get_token(request)
    return sha256(str(request.META["CSRF_COOKIE"]).encode()).hexdigest()
