"""Choosing a password at the first sign-in with one that somebody else knows."""

from typing import TYPE_CHECKING, Any

from allauth.account.internal.decorators import login_stage_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.generic import FormView

from accounts.adapters.account import AUTH_HASH_AT_START
from accounts.adapters.stages import FirstPasswordStage
from accounts.forms.passwords import FirstPasswordForm
from accounts.services.passwords import replace_first_password
from accounts.views.unfinished import continues_to_next_page, is_out_of_date
from audit.actors import Actor

if TYPE_CHECKING:
    BaseView = FormView[FirstPasswordForm]
else:
    BaseView = FormView


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(login_stage_required(FirstPasswordStage.key, "account_login"), name="dispatch")
class FirstPasswordView(BaseView):
    """Takes the new password and finishes the sign-in that was begun with the first one."""

    http_method_names = ["get", "head", "post"]
    form_class = FirstPasswordForm
    template_name = "account/first_password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer the request of somebody whose password is still the one they began to sign in with."""
        self.stage = request._login_stage  # type: ignore[attr-defined]
        self.person = self.stage.login.user
        if is_out_of_date(request, self.person):
            return self.stage.abort()
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form is made with."""
        return super().get_form_kwargs() | {"user": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what the page shows."""
        about = {"person": self.person, "next_page": self.stage.login.redirect_url}
        return super().get_context_data(**kwargs) | about

    @sensitive_variables()
    def form_valid(self, form: FirstPasswordForm) -> HttpResponse:
        """Set the password and sign the person in; of several at once, one counts."""
        actor = Actor.of(self.request)
        if not replace_first_password(self.person, form.cleaned_data["password1"], actor=actor):
            aborted: HttpResponse = self.stage.abort()
            return aborted
        self.request.session[AUTH_HASH_AT_START] = self.person.get_session_auth_hash()
        signed_in: HttpResponse = self.stage.exit()
        return signed_in


first_password = continues_to_next_page(FirstPasswordView.as_view())
