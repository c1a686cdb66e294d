"""The challenge that a passkey answers to sign in: the browser itself keeps it, sealed, until then.

In a session it would be a row for everybody who opens the sign-in page.
"""

import json
from hashlib import sha256
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from accounts.security.ciphers import cipher

# The page asks for it when it is opened, so that a browser can list passkeys below the field.
SECONDS = 60 * 60
PURPOSE = "passkey challenges"

State = dict[str, Any]


def set_cookie(answer: HttpResponse, state: State) -> None:
    """Let the browser keep what an answer to its challenge will be checked against."""
    answer.set_cookie(
        settings.PASSKEY_COOKIE_NAME,
        cipher(PURPOSE).encrypt(json.dumps(state).encode()).decode(),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def read_cookie(request: HttpRequest) -> State | None:
    """Return what the browser was given within the last hour; None where it keeps nothing of ours."""
    sealed = request.COOKIES.get(settings.PASSKEY_COOKIE_NAME, "")
    try:
        state: State = json.loads(cipher(PURPOSE).decrypt(sealed.encode(), ttl=SECONDS))
    except InvalidToken:
        return None
    return state


def consume(state: State) -> bool:
    """Record that a challenge was answered rightly; return whether this was the first time."""
    challenge = sha256(str(state["challenge"]).encode()).hexdigest()
    return bool(cache.add(f"passkey-challenge:{challenge}", True, SECONDS))


def delete_cookie(answer: HttpResponse) -> None:
    """Let the browser forget its challenge."""
    answer.delete_cookie(settings.PASSKEY_COOKIE_NAME, samesite="Strict")
