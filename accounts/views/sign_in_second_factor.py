"""The page after the password of somebody who has a second factor."""

from typing import Any

from allauth.mfa.base.views import AuthenticateView

from accounts.services.second_factors import second_factors_of
from accounts.views.unfinished import continues_to_next_page


class SecondFactorView(AuthenticateView):
    """django-allauth's page, which knows what this person can show."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        begun = self.stage.login
        return context | {"factors": second_factors_of(begun.user), "next_page": begun.redirect_url}


second_factor = continues_to_next_page(SecondFactorView.as_view())
