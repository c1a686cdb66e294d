"""The page after the password of somebody who has a second factor."""

from typing import Any

from allauth.mfa.base.views import AuthenticateView

from accounts.services.second_factors import second_factors_of


class SecondFactorView(AuthenticateView):
    """django-allauth's page, which knows what this person can show."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"factors": second_factors_of(self.stage.login.user)}


second_factor = SecondFactorView.as_view()
