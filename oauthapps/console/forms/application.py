"""The settings of an application: a form per type, built from one base, in the order of the seed's tables."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from oauthapps import lifetimes
from oauthapps.app_types import AppType
from oauthapps.console.forms import wording
from oauthapps.errors import InvalidLogoError
from oauthapps.logos import MAX_UPLOAD_BYTES, normalise_logo
from oauthapps.models import Application

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Application]
else:
    ModelForm = forms.ModelForm

LIFETIME_FIELDS = ("rotate_refresh_tokens", "absolute_expiration", "inactivity_expiration")
LOGO_FIELDS = ("logo", "remove_logo")
URL_INPUT = forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "placeholder": "https://"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that stand together under one heading."""

    key: str
    title: str
    fields: tuple[str, ...]
    text: str = ""


class ApplicationForm(ModelForm):
    """What every application has. Subclasses add their type's fields and put all of them in groups."""

    groups: ClassVar[tuple[Group, ...]] = ()

    class Meta:
        model = Application
        fields: ClassVar[tuple[str, ...]] = ("name", "description", "response_profile")
        help_texts = wording.HELP_TEXTS
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "description_url": URL_INPUT,
            "privacy_policy_url": URL_INPUT,
            "terms_of_service_url": URL_INPUT,
        }
        error_messages = {"name": {"required": "Give the application a name: it cannot be empty."}}

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        application: Application,
    ) -> None:
        # A copy, because a refused value must not reach the rest of the page.
        super().__init__(data, files, instance=copy(application))

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the application as they are to be stored."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    @property
    def labels(self) -> dict[str, str]:
        """How the page calls each field."""
        return {name: str(field.label) for name, field in self.fields.items()}

    @property
    def new_logo(self) -> bytes | None:
        """The picture to store; empty to remove it, None to leave it."""
        if self.cleaned_data.get("logo"):
            picture: bytes = self.cleaned_data["logo"]
            return picture
        return b"" if self.cleaned_data.get("remove_logo") else None

    @property
    def sections(self) -> Iterator[tuple[Group, list[BoundField]]]:
        """The groups, each with its fields."""
        for group in self.groups:
            yield group, [self[name] for name in group.fields if name in self.fields]

    def keep_unchecked(self) -> None:
        """Show what was typed as it is: this was no attempt to save."""
        self._errors = ErrorDict()
        self.cleaned_data = {}


class MachineForm(ApplicationForm):
    """Settings of a Machine to Machine Application."""

    groups = (
        Group(key="identity", title="Name and description", fields=("name", "description")),
        Group(key="protocol", title="Protocol", fields=("response_profile", "may_verify_tokens")),
    )

    class Meta(ApplicationForm.Meta):
        fields = ("name", "description", "response_profile", "may_verify_tokens")


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

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        application: Application,
    ) -> None:
        super().__init__(data, files, application=application)
        spec = application.type
        names = (spec.rotation_label, spec.absolute_label, spec.inactivity_label)
        for name, label in zip(LIFETIME_FIELDS, names, strict=True):
            self.fields[name].label = label
        if not hasattr(application, "logo"):
            del self.fields["remove_logo"]

    def clean_logo(self) -> bytes:
        """Make a logo of the uploaded file; no file makes no bytes.

        Raises:
            ValidationError: when it is no image that can become one.
        """
        file = self.cleaned_data["logo"]
        if not isinstance(file, UploadedFile):
            return b""
        try:
            return normalise_logo(file.read(MAX_UPLOAD_BYTES + 1))
        except InvalidLogoError as error:
            raise ValidationError(error.message) from error

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


REFRESH_TOKENS = Group(
    key="refresh-tokens",
    title="Refresh tokens",
    fields=LIFETIME_FIELDS,
    text="Changes apply at once, also to refresh tokens that have been issued already.",
)
ALSO_SHOWN = "Also shown on the consent page"
PROTOCOL = Group(key="protocol", title="Protocol", fields=("response_profile",))


class WebForm(PeopleForm):
    """Settings of a Web Application."""

    groups = (
        REFRESH_TOKENS,
        Group(
            key="identity",
            title="What people see",
            fields=(*LOGO_FIELDS, "name", "description", "description_url"),
        ),
        Group(
            key="also-shown",
            title=ALSO_SHOWN,
            fields=("developer_name", "developer_email", "privacy_policy_url", "terms_of_service_url"),
        ),
        PROTOCOL,
    )


class SinglePageForm(PeopleForm):
    """Settings of a Single Page Web Application."""

    groups = (
        REFRESH_TOKENS,
        Group(
            key="identity",
            title="What people see",
            fields=(
                *LOGO_FIELDS,
                "name",
                "description",
                "developer_name",
                "developer_email",
                "privacy_policy_url",
            ),
        ),
        Group(key="also-shown", title=ALSO_SHOWN, fields=("description_url", "terms_of_service_url")),
        PROTOCOL,
    )


FORMS: dict[str, type[ApplicationForm]] = {
    AppType.MACHINE_TO_MACHINE: MachineForm,
    AppType.SINGLE_PAGE: SinglePageForm,
    AppType.WEB: WebForm,
}


def form_class(app_type: str) -> type[ApplicationForm]:
    """Return the form that has the fields of a type."""
    return FORMS[app_type]
