"""Pages of second factors that differ from django-allauth's."""

from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, ListWebAuthnView, edit_webauthn, remove_webauthn
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe
from django.views.generic.edit import FormView

from accounts.access import P, View, recent_sign_in_required, signed_in_user
from accounts.forms.passkeys import host_is_ip
from accounts.security.ciphers import UnreadableError
from accounts.services.recovery_codes import show_once
from accounts.services.second_factors import second_factors_of
from accounts.services.sessions import sessions_of
from accounts.sessions.current import factor_changed_recently

LAST_OF_EMERGENCY_ACCOUNT = (
    "This is the last second factor of the emergency account. Add another one first, or choose another "
    "emergency account under System › Sign-in."
)
LOST_CODES = (
    "Your recovery codes can't be shown, because this server's SECRET_KEY has changed since they were "
    "generated. Generate new ones."
)


def last_kept_for_emergencies(view: View[P]) -> View[P]:
    """Refuse to remove the last second factor of the emergency account, which has to have one."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = signed_in_user(request)
        is_needed = request.method == "POST" and getattr(user, "is_emergency_account", False)
        if is_needed and second_factors_of(user).is_last:
            messages.error(request, LAST_OF_EMERGENCY_ACCOUNT)
            return redirect("security")
        return view(request, *args, **kwargs)

    return guarded


class PasskeysView(ListWebAuthnView):
    """One's passkeys."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        offers = factor_changed_recently(self.request) and len(sessions_of(signed_in_user(self.request))) > 1
        context: dict[str, Any] = super().get_context_data(offers_to_end_sessions=offers, **kwargs)
        return context


class AddPasskeyView(AddWebAuthnView):
    """Adding a passkey, which can sign in by itself: django-allauth would ask whether it should."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows, with a challenge for the browser."""
        context = FormView.get_context_data(self, **kwargs)
        context["host_is_ip"] = host_is_ip()
        context["refused"] = context["form"].refused_passkey
        context["options"] = auth.begin_registration(signed_in_user(self.request), passwordless=True)
        return context


class MakeRecoveryCodesView(GenerateRecoveryCodesView):
    """Making new recovery codes in the place of those there are."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows; django-allauth would read the codes to count them."""
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        context["unused_code_count"] = second_factors_of(signed_in_user(self.request)).codes_left or 0
        return context


passkeys = PasskeysView.as_view()
# django-allauth asks nobody for a recent sign-in who has neither password nor second factor here.
add_passkey = recent_sign_in_required(AddPasskeyView.as_view())
edit_passkey = recent_sign_in_required(edit_webauthn)
remove_passkey = recent_sign_in_required(last_kept_for_emergencies(remove_webauthn))
add_app = recent_sign_in_required(activate_totp)
remove_app = recent_sign_in_required(last_kept_for_emergencies(deactivate_totp))
make_recovery_codes = recent_sign_in_required(MakeRecoveryCodesView.as_view())


@require_safe
@recent_sign_in_required
@sensitive_variables("codes", "context")
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Show one's recovery codes, for the only time, or how many are left.

    Unseen ones that were made under another SECRET_KEY are lost: the page for new ones is next.
    """
    user = signed_in_user(request)
    try:
        codes = show_once(user) if request.method == "GET" else None
    except Authenticator.DoesNotExist as error:
        raise Http404 from error
    except UnreadableError:
        messages.warning(request, LOST_CODES)
        return redirect("mfa_generate_recovery_codes")
    context = {
        "codes": codes,
        "codes_left": second_factors_of(user).codes_left,
        "total_count": settings.MFA_RECOVERY_CODE_COUNT,
    }
    return render(request, "mfa/recovery_codes/index.html", context)
