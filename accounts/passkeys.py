"""Passkeys (WebAuthn): where they work, and the forms that carry what an authenticator answered."""

import binascii
import ipaddress
import json
import struct
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings

from accounts.actors import Actor
from oauthapps.models import Event
from oauthapps.models.events import EventKind
from oauthapps.models.validators import validate_name

NOT_ACCEPTED = "The passkey was not accepted. Try again."
NAME_LENGTH = 60
# Bytes; an answer with the attestation of a security key has about three thousand.
ANSWER_LENGTH = 20_000


def host_is_address() -> bool:
    """Return whether BASE_URL names a network address, which no passkey can be bound to (WebAuthn 5.1.2)."""
    try:
        ipaddress.ip_address(urlsplit(settings.BASE_URL).hostname or "")
    except ValueError:
        return False
    return True


class AnswerField(forms.JSONField):
    """What an authenticator answered, refused unless it was given to a page of ours (WebAuthn 7.1, 7.2).

    The library behind django-allauth would take the answer to a page on any subdomain.
    """

    widget = forms.HiddenInput
    default_error_messages = {
        "required": "No passkey was used. It takes a browser with JavaScript and passkeys.",
        "invalid": NOT_ACCEPTED,
    }

    def to_python(self, value: Any) -> Any:
        """Return the parsed answer."""
        if isinstance(value, str) and len(value) > ANSWER_LENGTH:
            raise forms.ValidationError(NOT_ACCEPTED)
        try:
            answer = super().to_python(value)
        except RecursionError as error:
            raise forms.ValidationError(NOT_ACCEPTED) from error
        if answer is not None and origin_of(answer) != settings.BASE_URL:
            raise forms.ValidationError(NOT_ACCEPTED)
        return answer


def origin_of(answer: Any) -> str:
    """Return the origin that an authenticator's answer was made for; nothing where it names none."""
    try:
        packed = answer["response"]["clientDataJSON"]
        data = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        return str(data["origin"])
    except (TypeError, LookupError, ValueError, binascii.Error, RecursionError):
        return ""


@contextmanager
def malformed_is_refused() -> Iterator[None]:
    """Take an answer that the library cannot even read for one that is wrong.

    Raises:
        ValidationError: in the place of what the library raises.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, struct.error) as error:
        raise forms.ValidationError(NOT_ACCEPTED) from error


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey and its name. It can sign in by itself, so it must know its owner: PIN, finger, face."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=NAME_LENGTH,
        validators=[validate_name],
        help_text="So that you recognize it later, such as “Work laptop”.",
    )
    credential = AnswerField()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        """Check what the authenticator signed."""
        with malformed_is_refused():
            try:
                cleaned: dict[str, Any] = super().clean()
            except forms.ValidationError as error:  # it speaks of a code
                raise forms.ValidationError(NOT_ACCEPTED) from error
        return cleaned


class NamePasskeyForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(label="Name", max_length=NAME_LENGTH, validators=[validate_name])

    def save(self) -> Any:
        """Change the name and record both."""
        before = self.instance.wrap().name
        renamed = super().save()
        Event.objects.record(
            EventKind.PASSKEY_RENAMED,
            actor=Actor.of(context.request),
            person=self.instance.user,
            before={"Name": before},
            after={"Name": self.cleaned_data["name"]},
        )
        return renamed


class ShownPasskeyForm(AuthenticateWebAuthnForm):
    """An answer that has to come from a passkey known here."""

    credential = AnswerField()

    def clean_credential(self) -> Authenticator:
        """Return the passkey that answered."""
        with malformed_is_refused():
            return super().clean_credential()


class PasskeySignInForm(ShownPasskeyForm, LoginWebAuthnForm):
    """Signing in with a passkey alone."""


class PasskeySecondFactorForm(ShownPasskeyForm):
    """A passkey after the password."""


class PasskeyAgainForm(ShownPasskeyForm, ReauthenticateWebAuthnForm):
    """A passkey before something that cannot be undone."""
