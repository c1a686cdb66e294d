"""Passkeys (WebAuthn): where they work, and the forms that carry what an authenticator answered."""

import binascii
import ipaddress
import json
import logging
import struct
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from allauth.account.utils import url_str_to_user_pk
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.conf import settings
from fido2.webauthn import AuthenticationResponse, AuthenticatorData, RegistrationResponse

from accounts.models import User
from accounts.services.passkeys import NAME_LENGTH, rename_passkey, unique_name
from accounts.services.password_rule import may_use_password, with_password_rule
from audit.actors import Actor
from common.validators import validate_name

NOT_ACCEPTED = "The passkey wasn't accepted. Try again."
CLOSED = "Your organization doesn't allow passkeys here. Sign in with your organization's account instead."
NO_PIN = (
    "This security key couldn't verify that it's you, because it has no PIN or fingerprint. Set one up in "
    "the settings of your device or browser, then try again."
)
log = logging.getLogger("gatehouse.sign_in")
# Bytes; an answer with the attestation of a security key has about three thousand.
ANSWER_LENGTH = 20_000


def host_is_ip() -> bool:
    """Return whether BASE_URL names an IP address, which no passkey can be bound to (WebAuthn 5.1.2)."""
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
        "required": "No passkey was used. Passkeys need JavaScript and a browser that supports them.",
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
        data = json.loads(urlsafe_b64decode(padded(answer["response"]["clientDataJSON"])))
        return str(data["origin"])
    except (TypeError, LookupError, ValueError, binascii.Error, RecursionError):
        return ""


def padded(text: str) -> str:
    """Return base64url with the padding that browsers leave out (RFC 7515 section 2)."""
    return text + "=" * (-len(text) % 4)


@contextmanager
def refuse_malformed() -> Iterator[None]:
    """Take an answer that the library cannot even read for one that is wrong.

    Raises:
        ValidationError: in the place of what the library raises.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, struct.error) as error:
        raise forms.ValidationError(NOT_ACCEPTED) from error


def require_owner(data: AuthenticatorData) -> None:
    """Refuse an answer for which the authenticator asked for no PIN, finger or face (WebAuthn 6.1).

    Raises:
        ValidationError: which says what to do: the library would only say that something was wrong.
    """
    if not data.is_user_verified():
        raise forms.ValidationError(NO_PIN)


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey and its name. It can sign in by itself, so it must know its owner: PIN, finger, face."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=NAME_LENGTH,
        validators=[validate_name],
        help_text="Optional. Helps you recognize the passkey later, such as “Work laptop”.",
    )
    credential = AnswerField()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        """Check what the authenticator signed."""
        with refuse_malformed():
            if answer := self.cleaned_data.get("credential"):
                require_owner(RegistrationResponse.from_dict(answer).response.attestation_object.auth_data)
            try:
                cleaned: dict[str, Any] = super().clean()
            except forms.ValidationError as error:  # it speaks of a code
                raise forms.ValidationError(NOT_ACCEPTED) from error
        return cleaned

    def clean_name(self) -> str:
        """Return a name that no other passkey of this person has: refusing one would waste this one."""
        return unique_name(self.user, super().clean_name())

    @property
    def refused_passkey(self) -> str:
        """The id of the passkey that the device has made and that was not added here; nothing without one."""
        answer = self.cleaned_data.get("credential") if self.errors else None
        return str(answer["id"]) if isinstance(answer, dict) and isinstance(answer.get("id"), str) else ""


class NamePasskeyForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = forms.CharField(label="Name", max_length=NAME_LENGTH, validators=[validate_name])

    def clean_name(self) -> str:
        """Return the name, unless another passkey of this person has it."""
        name = str(self.cleaned_data["name"])
        if unique_name(self.instance.user, name, renamed=self.instance) != name:
            raise forms.ValidationError("You already have a passkey with this name. Choose a different one.")
        return name

    def save(self) -> Any:
        """Hand over to the service; django-allauth's view asks its forms to save."""
        rename_passkey(self.instance, self.cleaned_data["name"], actor=Actor.of(context.request))
        return self.instance


class ShownPasskeyForm(AuthenticateWebAuthnForm):
    """An answer that has to come from a passkey known here."""

    credential = AnswerField()

    def full_clean(self) -> None:
        """Check the answer; the log says that one was refused. No event does: strangers can send any."""
        super().full_clean()
        if self.errors:
            log.warning("A passkey was refused.")

    def clean_credential(self) -> Authenticator:
        """Return the passkey that answered."""
        with refuse_malformed():
            answer = AuthenticationResponse.from_dict(self.cleaned_data["credential"])
            require_owner(answer.response.authenticator_data)
            return self.passkey_that_answered()

    def passkey_that_answered(self) -> Authenticator:
        """Return the passkey whose signature the answer has."""
        return super().clean_credential()


class PasskeySignInForm(ShownPasskeyForm, LoginWebAuthnForm):
    """Signing in with a passkey alone, in the place of a password: for those who may use one."""

    def passkey_that_answered(self) -> Authenticator:
        """Return the passkey, whose owner is found with what the password rule says of them."""
        answer = self.cleaned_data["credential"]
        handle = urlsafe_b64decode(padded(answer["response"]["userHandle"])).decode()
        owner = with_password_rule(User.objects.filter(pk=url_str_to_user_pk(handle))).first()
        if owner is None:
            raise forms.ValidationError(NOT_ACCEPTED)
        passkey: Authenticator = auth.complete_authentication(owner, answer)
        if not may_use_password(owner):
            raise forms.ValidationError(CLOSED)
        passkey.user = owner
        return passkey


class PasskeySecondFactorForm(ShownPasskeyForm):
    """A passkey after the password."""


class PasskeyAgainForm(ShownPasskeyForm, ReauthenticateWebAuthnForm):
    """A passkey before something that cannot be undone."""
