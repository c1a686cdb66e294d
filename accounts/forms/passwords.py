"""Forms that set a password, under our labels."""

from typing import Any

from allauth.account.forms import ResetPasswordKeyForm
from django import forms

from accounts.security.passwords import RULES

PASSWORD_LABELS = {
    "oldpassword": "Current password",
    "password1": "New password",
    "password2": "Confirm new password",
}


def label_passwords(form: forms.Form) -> None:
    """Give the fields of a form that sets a password our labels and rules, and no placeholders."""
    for name, field in form.fields.items():
        field.label = PASSWORD_LABELS.get(name, field.label)
        field.widget.attrs.pop("placeholder", None)
    form.fields["password1"].help_text = RULES


class NewPasswordForm(ResetPasswordKeyForm):
    """A password for somebody who has shown who they are by other means: a link, or the one they have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_passwords(self)


class FirstPasswordForm(NewPasswordForm):
    """A password in the place of one that somebody else knows."""

    def clean_password1(self) -> str:
        """Refuse the password that is to be replaced."""
        password: str = self.cleaned_data["password1"]
        if self.user.check_password(password):
            raise forms.ValidationError("Choose a password other than the one you signed in with.")
        return password
