"""The change of one's password, with what may go with it."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as PasswordForm
from allauth.core import context
from django import forms

from accounts.forms.passwords import label_passwords
from audit.actors import Actor
from oauthapps.services.credentials import names_of_applications_with_keys_of
from oauthapps.services.passwords import change_password


class ChangePasswordForm(PasswordForm):
    """A new password, which ends the other sessions; on request also consents and one's own machine keys."""

    disconnect = forms.BooleanField(
        label="Also revoke access for all connected apps",
        help_text="Choose this if someone else may have known your password.",
        required=False,
    )
    delete_keys = forms.BooleanField(label="Also delete your public keys", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_passwords(self)
        names = names_of_applications_with_keys_of(self.user)
        if names:
            self.fields["delete_keys"].help_text = (
                "Someone who got into your account may have added a key or copied a private key. These "
                f"applications stop working until they get a new key: {', '.join(names)}."
            )
        else:
            del self.fields["delete_keys"]

    def save(self) -> None:
        """Hand over to the service; django-allauth's view asks its forms to save."""
        change_password(
            self.user,
            self.cleaned_data["password1"],
            actor=Actor.of(context.request),
            withdraws_consents=self.cleaned_data["disconnect"],
            deletes_keys=self.cleaned_data.get("delete_keys", False),
        )
