"""What the settings of every application have, whatever its type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from oauthapps.console.forms import wording
from oauthapps.console.forms.policy import (
    CONFIRMATIONS,
    OwnerField,
    ScopeBox,
    ScopesField,
    TokenLifetimeField,
    find_owner,
)
from oauthapps.models import Application
from oauthapps.models.applications import NAME_REQUIRED
from oauthapps.rules import scopes
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, LOGO, OWNER, REDIRECT_URLS, TOKEN_LIFETIME
from oauthapps.sql.catalog import ApiEntry, current_catalog

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Application]
else:
    ModelForm = forms.ModelForm

URL_INPUT = forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "placeholder": "https://"})


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that stand together under one heading."""

    key: str
    title: str
    fields: tuple[str, ...]
    text: str = ""

    @property
    def has_logo(self) -> bool:
        """Whether the logo stands there."""
        return LOGO in self.fields


class ApplicationForm(ModelForm):
    """What every application has. Subclasses add their type's fields and put all of them in groups."""

    groups: ClassVar[tuple[Group, ...]] = ()

    allowed_scope = ScopesField()
    access_token_seconds = TokenLifetimeField()
    owner = OwnerField()

    class Meta:
        model = Application
        fields: ClassVar[tuple[str, ...]] = (
            "name",
            "description",
            ALLOWED_SCOPE,
            TOKEN_LIFETIME,
            "response_profile",
            OWNER,
            "first_contact",
            "second_contact",
        )
        help_texts = wording.HELP_TEXTS
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "description_url": URL_INPUT,
            "privacy_policy_url": URL_INPUT,
            "terms_of_service_url": URL_INPUT,
        }
        error_messages = {"name": {"required": NAME_REQUIRED}}

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        application: Application,
    ) -> None:
        # A copy, because a refused value must not reach the rest of the page.
        super().__init__(data, files, instance=copy(application))
        catalog = current_catalog()
        self.scopes_field.offer(catalog.apis, application)
        self.fields[TOKEN_LIFETIME].offer(catalog, application)  # type: ignore[attr-defined]
        self.initial[ALLOWED_SCOPE] = self._offered(scopes.parse(application.allowed_scope))
        self.initial[TOKEN_LIFETIME] = str(application.access_token_seconds or "")
        self.initial[OWNER] = application.user.username if application.user else ""

    @property
    def scopes_field(self) -> ScopesField:
        """The field for what the application may ask for."""
        field = self.fields[ALLOWED_SCOPE]
        assert isinstance(field, ScopesField)  # noqa: S101  # declared above
        return field

    @property
    def api_access(self) -> Iterator[tuple[ApiEntry, list[ScopeBox]]]:
        """The APIs, each with the checkboxes of its scopes."""
        field = self[ALLOWED_SCOPE]
        return self.scopes_field.boxes(field.auto_id, field.value() or ())

    def clean_allowed_scope(self) -> str:
        """Write the ticked scopes as they are stored; what the type is not offered stays as it is."""
        stored = scopes.parse(self.instance.allowed_scope)
        offered = self._offered(stored)
        kept = [name for name in stored if name not in offered]
        return scopes.render(scopes.in_order([*self.cleaned_data[ALLOWED_SCOPE], *kept]))

    def clean_owner(self) -> int | None:
        """Find the person who is named.

        Raises:
            ValidationError: when nobody is, or somebody who is not active.
        """
        return find_owner(self.cleaned_data[OWNER], present=self.instance.user_id)

    def confirmed(self, name: str) -> list[str]:
        """Return what was confirmed of one kind of question, such as sets of scopes."""
        return self.data.getlist(name) if isinstance(self.data, QueryDict) else []

    @property
    def confirmations(self) -> list[tuple[str, str]]:
        """All that was confirmed, by what was asked: the page sends it again."""
        return [(name, value) for name in CONFIRMATIONS for value in self.confirmed(name)]

    def clean_description(self) -> str:
        """Write the ends of lines as one character, however the browser sends them."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    @property
    def values(self) -> dict[str, Any]:
        """The fields of the application as they are to be stored."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}

    @property
    def names(self) -> list[str]:
        """The names of all that the page can change of the application."""
        beside = (REDIRECT_URLS, LOGO) if self.instance.type.has_redirect_urls else ()
        return [*(self._meta.fields or ()), *beside]

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

    @property
    def stored_sections(self) -> Iterator[tuple[Group, list[BoundField]]]:
        """The same without fields that only do something, such as removing the logo."""
        stored = self._meta.fields or ()
        for group, fields in self.sections:
            yield group, [field for field in fields if field.name in stored]

    def _offered(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.scopes_field.names]

    def keep_unchecked(self) -> None:
        """Show what was typed as it is: this was no attempt to save."""
        self._errors = ErrorDict()
        self.cleaned_data = {}
