"""The small forms around client secrets and public keys."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from oauthapps.console.forms.expiry import ExpiryForm, KeyExpiryForm
from oauthapps.errors import InvalidPublicKeyError, PrivateKeyRefusedError
from oauthapps.models import Application
from oauthapps.models.credentials import NOTES_LENGTH
from oauthapps.rules.keys.key_formats import MAX_BYTES
from oauthapps.rules.keys.private_keys import refuse_in_text


class NotesForm(forms.Form):
    """What a client secret is for."""

    notes = forms.CharField(label="Notes", max_length=NOTES_LENGTH, required=False)


class NewSecretForm(NotesForm, ExpiryForm):
    """What a new client secret is for, and when it expires."""


class PastedKey(forms.Textarea):
    """Shows again what was pasted, unless a private key is in it."""

    def format_value(self, value: object) -> str | None:
        """Return what the page may repeat."""
        try:
            refuse_in_text(str(value or "").replace("\0", "").strip())
        except PrivateKeyRefusedError:
            return ""
        shown: str | None = super().format_value(value)
        return shown


class SubjectForm(forms.Form):
    """Whom the JWTs that a key signs speak for, where its application exchanges JWTs for tokens.

    Args:
        application: the key's application.
        viewer: whoever adds or generates the key.
        sent_with: the id of the form that the choice is sent with, where it stands outside of it.
    """

    ITSELF, VIEWER = "application", "viewer"

    acts_as = forms.ChoiceField(
        label="Acts as",
        required=False,
        initial=ITSELF,
        widget=forms.RadioSelect,
        help_text=(
            "A key that acts as the application itself keeps working when people leave, and can replace a "
            "client secret. A key that acts as you stops working if you are deactivated: the sub of each "
            "JSON Web Token is your User ID."
        ),
    )

    def __init__(self, *sent: Any, application: Application, viewer: User, sent_with: str = "") -> None:
        super().__init__(*sent)
        self.viewer = viewer
        self.fields["acts_as"].choices = [  # type: ignore[attr-defined]
            (self.ITSELF, "The application itself"),
            (self.VIEWER, f"You, {viewer.display_name}"),
        ]
        if sent_with:
            self.fields["acts_as"].label = "A generated key acts as"
            self.fields["acts_as"].widget.attrs["form"] = sent_with
        if not application.type.exchanges_jwts:
            del self.fields["acts_as"]

    @property
    def subject(self) -> User | None:
        """The person that the key acts as; None for the application itself.

        A form that does not ask is from before there was a choice: then every key acted as its person.
        """
        if "acts_as" not in self.fields or self.cleaned_data["acts_as"] == self.ITSELF:
            return None
        return self.viewer


class GeneratedKeyForm(SubjectForm, KeyExpiryForm):
    """Whom a key that is generated acts as, and when it expires."""


class PublicKeyForm(SubjectForm, KeyExpiryForm):
    """A public key, pasted or uploaded; `cleaned_data["key"]` holds its bytes."""

    public_key = forms.CharField(
        label="Public key",
        required=False,
        strip=False,
        help_text=(
            "PEM (BEGIN PUBLIC KEY or BEGIN RSA PUBLIC KEY), an X.509 certificate (BEGIN CERTIFICATE), or a "
            "JSON Web Key. RSA with 2048 bits or more, or P-256."
        ),
        widget=PastedKey(
            attrs={
                "rows": 8,
                "spellcheck": "false",
                "autocomplete": "off",
                "class": "mono",
                "placeholder": "-----BEGIN PUBLIC KEY-----",
            }
        ),
    )
    public_key_file = forms.FileField(
        label="Or upload it as a file",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer,.pub,.key,.json,.jwk,.txt"}),
    )

    def clean(self) -> dict[str, Any]:
        """Put what was pasted or uploaded together.

        Raises:
            ValidationError: when there is neither, or both.
        """
        data: dict[str, Any] = super().clean() or {}
        file = data.get("public_key_file")
        pasted = data.get("public_key", "").encode("utf-8", "surrogatepass")
        if bool(pasted.strip()) == bool(file):
            raise ValidationError(
                {"public_key": "Paste the key or upload it, not both." if file else "Paste a public key."}
            )
        # One byte more than is allowed is enough for the parser to see that it is too much.
        data["key"] = file.read(MAX_BYTES + 1) if file else pasted
        return data

    def refuse(self, error: InvalidPublicKeyError) -> None:
        """Show why the key was refused; a private key is not shown again."""
        if isinstance(error, PrivateKeyRefusedError):
            self.data = {}
        self.add_error("public_key_file" if self.files else "public_key", error.message)
