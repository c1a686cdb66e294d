"""Notes about refused sign-ins with identity providers, for the request inspector."""

import time

from django.http import HttpRequest

from accounts.oidc.failures import SignInRefusedError
from oauthapps.http.messages import Explanation, Refusal
from oauthapps.http.notes import MOST_WHOLE, Note, cut, notes
from oauthapps.rules.recorded_endpoints import RecordedEndpoint


def note_refusal(request: HttpRequest, error: SignInRefusedError, provider: str) -> None:
    """Note a refused sign-in (SIGN_IN_REFUSALS), without anything that the provider sent.

    Args:
        request: the browser's request.
        error: why.
        provider: the provider's name.
    """
    if not notes.are_read:
        return
    environ = cut(request.META) if len(notes) < MOST_WHOLE else None
    known = Explanation(f"{provider}: {error.cause}", error.fix)
    reason = f"Sign-in with {provider} was refused."
    refusal = Refusal(error.code, reason, is_authenticated=False, explain=lambda: known)
    noted = Note(time.time(), RecordedEndpoint.SIGN_IN, environ, REFUSED, refusal, parameters={})
    notes.append(noted)


REFUSED = 403
