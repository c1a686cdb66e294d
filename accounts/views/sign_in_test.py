"""*Test sign-in*: the claims that a provider sends, and what a real sign-in would do."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.debug import sensitive_variables

from accounts.access import administrator_required, posted_from, signed_in_user
from accounts.models import IdentityProvider, Role
from accounts.oidc.claims import ProviderClaims, provider_proved_second_factor
from accounts.oidc.failures import SignInRefusedError
from accounts.oidc.groups import group_role
from accounts.oidc.pending import TEST, Pending, begin
from accounts.services.group_roles import reason_to_stay
from accounts.services.identities import decide


@administrator_required
@posted_from("identity-provider", "provider_id")
def test_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the administrator to a provider, enabled or not, to see what comes back."""
    provider = get_object_or_404(IdentityProvider, provider_id=provider_id)
    return begin(request, provider, purpose=TEST, prompt="login")


@sensitive_variables()
def show_test(request: HttpRequest, pending: Pending, claims: ProviderClaims) -> HttpResponse:
    """Show the claims to the administrator who began the test, and sign nobody in.

    Raises:
        PermissionDenied: when somebody else has signed in since.
    """
    administrator = signed_in_user(request)
    if not administrator.is_administrator or administrator.pk != pending.user_pk:
        raise PermissionDenied
    context = {
        "provider": pending.provider,
        "claims": [(in_words(name), in_words(value)) for name, value in sorted(claims.values.items())],
        **verdict(claims, pending.provider),
    }
    response = render(request, "people/sign_in/test.html", context)
    response["Referrer-Policy"] = "strict-origin"  # the page's URL has a code in it
    return response


@sensitive_variables()
def verdict(claims: ProviderClaims, provider: IdentityProvider) -> dict[str, Any]:
    """Return what a sign-in with these claims would do."""
    try:
        decision = decide(claims, provider)
    except SignInRefusedError as error:
        return {"refusal": error}
    groups = group_role(claims, provider)
    before = Role(decision.person.role) if decision.person else Role.MEMBER
    after = groups.after(before)
    stays = reason_to_stay(decision.person, after, provider) if decision.person else ""
    return {
        "outcome": decision.outcome.value,
        "person": decision.person,
        "role": before.label if stays else after.label,
        "role_note": stays or groups.note,
        "role_changes": after != before and not stays,
        "has_second_factor": provider_proved_second_factor(claims, provider),
    }


def in_words(value: object) -> str:
    """Return a claim as it was in the token: strings as they are, everything else as JSON.

    Unpaired surrogates, which JSON can have but pages can't, become question marks.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()
