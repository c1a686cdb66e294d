"""The settings of applications that people sign in to: logo, consent page, refresh tokens."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from oauthapps.console.forms import wording
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.errors import InvalidLogoError
from oauthapps.models import Application
from oauthapps.rules import lifetimes
from oauthapps.rules.keys.private_keys import decode_base64
from oauthapps.rules.logos.encoding import MAX_UPLOAD_BYTES, normalize_logo

LIFETIME_FIELDS = ("rotate_refresh_tokens", "absolute_expiration", "inactivity_expiration")
LOGO_FIELDS = ("logo", "remove_logo")
KEPT_LOGO = "logo_kept"
REFUSED_LOGO = "logo_refused"


class PeopleForm(ApplicationForm):
    """What the two types that people sign in to have in common."""

    logo = forms.FileField(
        label="Logo",
        required=False,
        allow_empty_file=True,
        help_text=wording.LOGO,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )
    remove_logo = forms.BooleanField(label="Remove the logo", required=False)

    class Meta(ApplicationForm.Meta):
        fields = (
            *LIFETIME_FIELDS,
            *ApplicationForm.Meta.fields,
            "description_url",
            "developer_name",
            "developer_email",
            "privacy_policy_url",
            "terms_of_service_url",
        )

    def __init__(self, *sent: Any, application: Application) -> None:
        super().__init__(*sent, application=application)
        spec = application.type
        names = (spec.rotation_label, spec.absolute_label, spec.inactivity_label)
        for name, label in zip(LIFETIME_FIELDS, names, strict=True):
            self.fields[name].label = label
        if not hasattr(application, "logo") and not self.data.get(KEPT_LOGO):
            del self.fields["remove_logo"]

    def clean_logo(self) -> bytes:
        """Make a logo of the uploaded file, or of one uploaded before; no file makes no bytes.

        Raises:
            ValidationError: when it is no image that can become one.
        """
        file = self.cleaned_data["logo"]
        if isinstance(file, UploadedFile):
            data = file.read(MAX_UPLOAD_BYTES + 1)
        elif self.data.get("remove_logo") or not (data := decode_base64(self.data.get(KEPT_LOGO, "")) or b""):
            return b""
        try:
            return normalize_logo(data)
        except InvalidLogoError as error:
            raise ValidationError(error.message) from error

    @property
    def kept_logo(self) -> str:
        """The uploaded picture in base64: a browser does not fill a file field in again."""
        return b64encode(self.uploaded).decode("ascii")

    @property
    def uploaded(self) -> bytes:
        """The new logo, whatever is wrong with the other fields; empty where there is none."""
        if self.errors is None or not self.is_bound:  # asking for the errors looks at the fields
            return b""
        picture: bytes = self.cleaned_data.get("logo", b"")
        return picture

    @property
    def has_refused_logo(self) -> bool:
        """Whether a file was chosen that can't become a logo, here or before another page was opened."""
        return REFUSED_LOGO in self.data or "logo" in self.errors

    @property
    def picture(self) -> str:
        """The URL of the logo as it will be after saving; empty where there will be none."""
        if self.kept_logo:
            return f"data:image/png;base64,{self.kept_logo}"
        removed = "remove_logo" in self.fields and self["remove_logo"].value()
        if removed or not hasattr(self.instance, "logo"):
            return ""
        return str(self.instance.logo.get_absolute_url())

    def keep_unchecked(self) -> None:
        """Show what was typed and chosen as it is."""
        picture, refused = self.uploaded, self.has_refused_logo
        super().keep_unchecked()
        self.cleaned_data = {"logo": picture}
        if refused:
            self.add_error("logo", wording.LOGO_REFUSED)

    @property
    def effect(self) -> str:
        """What the chosen lifetimes mean, in a sentence; empty while one of them is none of the offered."""
        rotation, absolute, inactivity = (self[name].value() for name in LIFETIME_FIELDS)
        if absolute not in lifetimes.Lifetime or inactivity not in lifetimes.Lifetime:
            return ""
        return lifetimes.effect_sentence(absolute, inactivity, rotation=bool(rotation))

    @property
    def warns_about_rotation(self) -> bool:
        """Whether rotation is off where it should not be: for public clients (RFC 9700 section 2.2.2)."""
        return not self.instance.type.is_confidential and not self["rotate_refresh_tokens"].value()
