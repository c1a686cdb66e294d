"""Sign-ins on their way through a provider: what this browser's session keeps of each until the answer.

The state names one of them. It is good once, for 10 minutes, in the session that began it, and for the
provider that was asked: nobody can have somebody else's browser finish a sign-in (RFC 6749 section 10.12).
"""

import secrets
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.internal import statekit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc.authorization import AuthorizationRequest

# What a sign-in at a provider is for.
SIGN_IN, TEST, CONFIRM = "sign-in", "test", "confirm"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A sign-in that a provider was asked for.

    Attributes:
        provider: the provider.
        asked: what it was asked with.
        purpose: what it is for.
        next_url: where it leads, on this site; empty for the usual page.
        user_pk: whoever was signed in when it began; None for nobody.
    """

    provider: IdentityProvider
    asked: AuthorizationRequest
    purpose: str
    next_url: str = ""
    user_pk: int | None = None


@sensitive_variables()
def begin(
    request: HttpRequest,
    provider: IdentityProvider,
    *,
    purpose: str,
    next_url: str = "",
    prompt: str = "",
    max_age: int | None = None,
) -> HttpResponse:
    """Send the browser to a provider.

    Args:
        request: whose session keeps what the answer is checked against.
        provider: where to.
        purpose: what the answer is for.
        next_url: where it leads afterward, on this site; empty for the usual page.
        prompt: what the provider does besides, such as `login`.
        max_age: seconds since the person last proved who they are there, at most, which the answer must show.
    """
    asked = AuthorizationRequest.new(max_age=max_age)
    state = secrets.token_urlsafe(32)
    kept = {
        "asked": asked.as_dict(),
        "purpose": purpose,
        "next_url": next_url,
        "user_pk": request.user.pk,
    }
    statekit.stash_state(request, provider_id=provider.provider_id, state=kept, state_id=state)
    response = HttpResponseRedirect(asked.url(provider, state=state, prompt=prompt))
    response["Cache-Control"] = "no-store"
    return response


@sensitive_variables()
def take(request: HttpRequest, state: str) -> Pending | None:
    """Return what a state stands for in this browser's session, where it is used up; None for nothing.

    So it is if the provider was deleted or is no longer offered, except where an administrator tests it.
    """
    _, _, provider_id = statekit.get_states(request).get(state, (None, None, ""))
    kept: dict[str, Any] | None = statekit.unstash_state(request, state_id=state, provider_id=provider_id)
    provider = IdentityProvider.objects.filter(provider_id=provider_id).first() if kept else None
    if kept is None or provider is None or not (provider.is_enabled or kept["purpose"] == TEST):
        return None
    return Pending(
        provider=provider,
        asked=AuthorizationRequest(**kept["asked"]),
        purpose=kept["purpose"],
        next_url=kept["next_url"],
        user_pk=kept["user_pk"],
    )
