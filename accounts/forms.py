"""The forms of django-allauth's pages, under our labels."""

from allauth.account.forms import ChangePasswordForm as PasswordForm
from allauth.account.forms import LoginForm
from allauth.core import context
from django import forms

from accounts.actors import Actor
from oauthapps.services.consents import withdraw_all


class SignInForm(LoginForm):
    """User name or email address, and password, under our labels and for password managers."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = "User name or email address"
        login.widget.attrs = {
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        self.fields["password"].help_text = ""


class ChangePasswordForm(PasswordForm):
    """A new password, which ends the other sessions, and on request what applications were allowed."""

    disconnect = forms.BooleanField(
        label="Also disconnect all connected apps",
        help_text="Applications lose the access you gave them. Choose this if somebody knew your password.",
        required=False,
    )

    def save(self) -> None:
        """Change the password and withdraw consents where that was asked for."""
        super().save()
        if self.cleaned_data["disconnect"]:
            withdraw_all(self.user, actor=Actor.of(context.request))
