"""What administrators write about an API."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.edits import BaseVersion
from common.words import span_in_words
from oauthapps.errors import ApiTakenError
from oauthapps.models import Api, Application
from oauthapps.rules.apis.identifiers import canonical
from oauthapps.rules.apis.token_lifetimes import DEFAULT_SECONDS, OFFERED_SECONDS
from oauthapps.rules.app_types import AppType
from oauthapps.services.api_edits import LABELS, VERIFIERS
from oauthapps.sql.catalog import built_in_identifier

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Api]
    ApplicationsField = forms.ModelMultipleChoiceField[Application]
else:
    ModelForm = forms.ModelForm
    ApplicationsField = forms.ModelMultipleChoiceField

HELP_TEXTS = {
    "name": "What administrators and users see, such as “Invoices”.",
    "identifier": "An absolute URI without a fragment, usually the URL of the API. Clients send it as "
    "“resource”, and tokens carry it as their audience. It can't be changed later, because clients and the "
    "API rely on it.",
    "token_seconds": "How long an access token for this API works at most. A change applies to new tokens "
    "only.",
    VERIFIERS: "Machine to Machine applications that can check whether a token for this API is valid, "
    "usually one for the API itself. They see this API's scopes only.",
}


class VerifiersField(ApplicationsField):
    """The machine applications that may ask about an API's tokens."""

    def label_from_instance(self, obj: Application) -> SafeString:
        """Keep the direction of a name to itself."""
        return format_html("<bdi>{}</bdi>", obj.name)


class ApiForm(ModelForm):
    """Fields of an API that exists; its scopes are rows of their own (`ScopeRows`)."""

    token_seconds = forms.TypedChoiceField(
        label=LABELS["token_seconds"],
        coerce=int,
        initial=DEFAULT_SECONDS,
        help_text=HELP_TEXTS["token_seconds"],
    )
    verifiers = VerifiersField(
        label=LABELS[VERIFIERS],
        queryset=Application.objects.none(),
        to_field_name="client_id",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=HELP_TEXTS[VERIFIERS],
    )

    class Meta:
        model = Api
        fields: ClassVar[tuple[str, ...]] = ("name", "description", "token_seconds")
        help_texts = HELP_TEXTS
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3}),
            "identifier": forms.TextInput(
                attrs={
                    "inputmode": "url",
                    "autocomplete": "off",
                    "spellcheck": "false",
                    "autocapitalize": "none",
                    "placeholder": "https://invoices.example.com",
                }
            ),
        }
        error_messages = {
            "name": {"required": "Give the API a name: it cannot be empty."},
            "identifier": {"required": "Enter the identifier, such as https://invoices.example.com."},
        }

    def __init__(self, data: QueryDict | None = None, *, api: Api | None = None) -> None:
        # A copy, because a refused value must not reach the rest of the page.
        super().__init__(data, instance=copy(api) if api else None)
        seconds = {*OFFERED_SECONDS, api.token_seconds if api else DEFAULT_SECONDS}
        choices: Any = self.fields["token_seconds"]
        choices.choices = [(each, span_in_words(each)) for each in sorted(seconds)]
        verifiers: Any = self.fields[VERIFIERS]
        machines = Application.objects.live().of_type(AppType.MACHINE_TO_MACHINE)
        verifiers.queryset = machines.only("name", "client_id").order_by("name", "pk")
        if api:
            self.initial[VERIFIERS] = list(api.verifiers.values_list("client_id", flat=True))

    def clean_description(self) -> str:
        """Write the ends of lines as one character, however the browser sends them."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def values(self, base_version: BaseVersion | None = None) -> dict[str, Any]:
        """Return the fields as they are to be stored, without those that are left to somebody else."""
        names = self._meta.fields or ()
        return {
            name: self.cleaned_data[name]
            for name in names
            if name != "identifier" and not (base_version and base_version.takes_theirs(name))
        }

    def keep_unchecked(self) -> None:
        """Show what was typed as it is: this was no attempt to save."""
        self._errors = ErrorDict()
        self.cleaned_data = {}


class NewApiForm(ApiForm):
    """Fields of a new API: its identifier among them."""

    class Meta(ApiForm.Meta):
        fields = ("name", "identifier", "description", "token_seconds")

    def clean_identifier(self) -> str:
        """Refuse an identifier that another API has.

        Raises:
            ValidationError: when it is taken, the built-in API's included.
        """
        identifier = canonical(self.cleaned_data["identifier"])
        if identifier == built_in_identifier() or Api.objects.live().filter(identifier=identifier).exists():
            raise ValidationError(ApiTakenError().message)
        return identifier
