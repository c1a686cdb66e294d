"""Sign-ins under way at a provider: what this browser's session keeps of each until the response.

The state names one of them. It works once, for 10 minutes, in the session that began it, and for the provider
that the browser was sent to: nobody can make another person's browser finish a sign-in (RFC 6749 section
10.12).
"""

import secrets
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.internal import statekit
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc.authorization import AuthorizationRequest

# What a sign-in with a provider is for.
SIGN_IN, TEST, CONFIRM = "sign-in", "test", "confirm"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A sign-in that waits for a provider's response.

    Attributes:
        provider: the provider.
        asked: the authorization request.
        purpose: what it is for.
        next_url: where to continue, on this site; empty for the usual page.
        user_pk: who was signed in when it began; None for nobody.
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
        request: its session keeps what the response is checked against.
        provider: the provider.
        purpose: what the sign-in is for.
        next_url: where to continue afterward, on this site; empty for the usual page.
        prompt: what the provider has to do, such as `login`; empty for its default.
        max_age: how many seconds ago the person may have signed in there at most; the response must show it.
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
    """Return the sign-in that a state names in this browser's session, and use it up; None if there is none.

    There is none either if the provider was deleted or disabled, unless an administrator is testing it.
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
