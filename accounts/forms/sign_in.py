"""Signing in with a password, and asking for a mail when it is forgotten, under our labels."""

import logging
from functools import partial
from smtplib import SMTPException
from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.core import context
from django.core.validators import MaxLengthValidator
from django.db import DatabaseError
from django.http import HttpRequest

from accounts.fields import LONGEST_EMAIL
from accounts.models import User
from accounts.security.passwords import LONGEST_PASSWORD
from accounts.services.password_rule import must_use_provider

log = logging.getLogger("gatehouse.mail")


class SignInForm(LoginForm):
    """Username or email address, and password, under our labels and for password managers."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = "Username or email address"
        login.widget.attrs = {
            "autocomplete": "username webauthn",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        # Without `maxlength`, with which a browser would cut what is pasted and say nothing.
        login.validators.append(MaxLengthValidator(LONGEST_EMAIL))
        password = self.fields["password"]
        password.widget.attrs = {"autocomplete": "current-password"}
        password.help_text = ""
        password.validators.append(MaxLengthValidator(LONGEST_PASSWORD))


class PasswordMailForm(ResetPasswordForm):
    """Asks for a mail with a link to set a new password.

    Making and mailing the link waits until the request has been answered (`request.once_answered`): how long
    it takes, or that it fails, would tell a stranger which email addresses belong to somebody.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Email address"
        self.fields["email"].widget.attrs = {"autocomplete": "email"}

    def clean_email(self) -> str:
        """Find the person who is to get the mail, by the index: somebody who may use a password."""
        email: str = self.cleaned_data["email"]
        self.users = list(User.objects.whose("email", email).filter(~must_use_provider(), is_active=True))
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Leave it to be done and return the email address that was asked about."""
        request.once_answered = partial(self.send, request, **kwargs)  # type: ignore[attr-defined]
        return str(self.cleaned_data["email"])

    def send(self, request: HttpRequest, **kwargs: Any) -> None:
        """Mail the link, if the email address is somebody's; a failure is logged, as nobody waits for it."""
        try:
            with context.request_context(request):
                super().save(request, **kwargs)
        except (SMTPException, OSError, DatabaseError) as error:
            log.warning("A password link could not be mailed: %s", type(error).__name__)
