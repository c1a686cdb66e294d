"""The page after the password of somebody who has a second factor."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest
from django.utils.decorators import method_decorator

from accounts.services.second_factors import second_factors_of
from accounts.views.unfinished import continues_to_next_page, is_out_of_date


@method_decorator(login_stage_required(AuthenticateStage.key, "account_login"), name="dispatch")
class SecondFactorView(AuthenticateView):
    """django-allauth's page, which knows what this person can show."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer somebody whose sign-in goes on; whose second factors were reset meanwhile begins anew.

        django-allauth would lead whoever has none left back and forth between this page and the sign-in page.
        """
        stage = request._login_stage  # type: ignore[attr-defined]
        return (
            stage.abort()
            if is_out_of_date(request, stage.login.user)
            else super().dispatch(request, *args, **kwargs)
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        begun = self.stage.login
        return context | {"factors": second_factors_of(begun.user), "next_page": begun.redirect_url}


second_factor = continues_to_next_page(SecondFactorView.as_view())
