"""What administrators write about an identity provider."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.http import QueryDict

from accounts.forms.lines import LinesField
from accounts.models import IdentityProvider
from accounts.services.provider_values import CLIENT_SECRET, LABELS
from common.edits import BaseVersion

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[IdentityProvider]
else:
    ModelForm = forms.ModelForm

HELP_TEXTS = {
    "name": "Shown on the sign-in page: “Sign in with …”.",
    "issuer": "The provider's URL, exactly as its discovery document has it. It can't be changed later, "
    "because people's identities are kept under it. "
    "Entra ID: https://login.microsoftonline.com/TENANT-ID/v2.0. Okta: https://YOUR-ORG.okta.com.",
    "client_id": "From the provider, where the Redirect URL is registered.",
    "client_secret": "From the provider. It's encrypted and never shown again.",
    "scopes": "Separated by spaces. “openid” is required; “email” and “profile” bring the email address and "
    "name.",
    "is_enabled": "Turn it on when Test sign-in shows what you expect.",
    "allowed_domains": "One per line, such as example.com. Only people with a verified email address in one "
    "of them can be linked or created.",
    "provisions": "Without it, people have to be invited first.",
    "groups_claim": "The claim in the ID token that lists groups. Entra ID and Okta: groups. If it's empty, "
    "roles are assigned here.",
    "administrator_groups": "One per line. Who is in one of them is an administrator from their next sign-in "
    "on. Entra ID sends object IDs, Okta names.",
    "auditor_groups": "One per line. Who is in one of them, and in none of the above, is an auditor.",
    "second_factor_values": "Values of “amr” or “acr”, one per line, that the provider sends after a second "
    "factor. Entra ID and Okta: mfa.",
    "logout_ends_tokens": "Signing out at the provider ends sessions here. With this, tokens of applications "
    "end too.",
}
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class SecretInput(forms.PasswordInput):
    """A field for a secret of an installation's, which no password manager should fill in."""

    def __init__(self) -> None:
        super().__init__(attrs={**PLAIN, "autocomplete": "new-password"})


class ProviderForm(ModelForm):
    """All that can be changed of a provider; a new client secret among it, never the present one."""

    client_secret = forms.CharField(
        label=CLIENT_SECRET,
        required=False,
        max_length=1000,
        widget=SecretInput,
        help_text="Leave it empty to keep the present one, which is never shown.",
    )
    allowed_domains = LinesField(label=LABELS["allowed_domains"], help_text=HELP_TEXTS["allowed_domains"])
    administrator_groups = LinesField(
        label=LABELS["administrator_groups"], help_text=HELP_TEXTS["administrator_groups"]
    )
    auditor_groups = LinesField(label=LABELS["auditor_groups"], help_text=HELP_TEXTS["auditor_groups"])
    second_factor_values = LinesField(
        label=LABELS["second_factor_values"], help_text=HELP_TEXTS["second_factor_values"]
    )

    class Meta:
        model = IdentityProvider
        fields: ClassVar[tuple[str, ...]] = tuple(LABELS)
        labels = LABELS
        help_texts = HELP_TEXTS
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            **{name: forms.TextInput(attrs=PLAIN) for name in ("client_id", "scopes", "groups_claim")},
            "issuer": forms.TextInput(attrs={**PLAIN, "inputmode": "url", "placeholder": "https://"}),
        }

    # The page's sections, each with its fields.
    sections: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = (
        ("Connection", ("name", "is_enabled", "client_id", "client_secret", "scopes")),
        ("Who can sign in", ("allowed_domains", "provisions")),
        ("Roles", ("groups_claim", "administrator_groups", "auditor_groups")),
        ("Second factors and signing out", ("second_factor_values", "logout_ends_tokens")),
    )

    def __init__(self, data: QueryDict | None = None, *, provider: IdentityProvider | None = None) -> None:
        # A copy, because a refused value must not reach the rest of the page.
        super().__init__(data, instance=copy(provider) if provider else None)

    def values(self, base_version: BaseVersion | None = None) -> dict[str, Any]:
        """Return the values as they are to be stored, without those that are left to somebody else."""
        names = [name for name in self._meta.fields or () if name in LABELS]
        return {
            name: self.cleaned_data[name]
            for name in names
            if not (base_version and base_version.takes_theirs(name))
        }

    def fieldsets(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the sections with their fields, as the page shows them."""
        return [(title, [self[name] for name in names]) for title, names in self.sections]


class NewProviderForm(ProviderForm):
    """What it takes to reach a provider; the rest is on its page."""

    allowed_domains = administrator_groups = auditor_groups = second_factor_values = None  # type: ignore[assignment]
    client_secret = forms.CharField(
        label=CLIENT_SECRET,
        max_length=1000,
        widget=SecretInput,
        help_text=HELP_TEXTS["client_secret"],
        error_messages={
            "required": "Enter the client secret. It isn't kept when a form has to be sent again."
        },
    )

    class Meta(ProviderForm.Meta):
        fields = ("name", "issuer", "client_id", "scopes")

    field_order = ("name", "issuer", "client_id", "client_secret", "scopes")

    def validate_unique(self) -> None:
        """Leave it to the service whether the issuer is taken: so it is once this form was sent before."""
