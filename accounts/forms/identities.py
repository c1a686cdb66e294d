"""The form that confirms with a password whose identity it is."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.security import throttling
from accounts.security.passwords import LONGEST_PASSWORD
from accounts.services.passwords import record_wrong_password
from audit.actors import Actor

WRONG = "This isn't the password of this account."


class ConfirmIdentityForm(forms.Form):
    """Asks for the password of one person, as slowly as the sign-in page after wrong ones.

    Args:
        request: whose network attempts are counted by.
        person: whose password it has to be.
    """

    password = forms.CharField(
        label="Password",
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.person = request, person

    @sensitive_variables()
    def clean_password(self) -> str:
        """Compare the password.

        Raises:
            TooManyAttemptsError: after too many wrong ones.
            ValidationError: when it is wrong.
        """
        password: str = self.cleaned_data["password"]
        throttling.throttle_sign_in(self.request, self.person.username)
        if not self.person.check_password(password):
            throttling.count_failure(self.request, self.person.username)
            record_wrong_password(self.person, actor=Actor.anonymous(self.request))
            raise forms.ValidationError(WRONG)
        return password
