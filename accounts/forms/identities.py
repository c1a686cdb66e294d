"""The form that confirms with a password that a linked account belongs to a person."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.security import throttling
from accounts.security.passwords import LONGEST_PASSWORD
from accounts.services.passwords import record_wrong_password
from audit.actors import Actor

WRONG = "Incorrect password. Try again."


class ConfirmIdentityForm(forms.Form):
    """Asks for one person's password; wrong ones slow it down as on the sign-in page.

    Args:
        request: attempts are counted by its network.
        person: the one whose password is asked for.
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
        """Check the password.

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
