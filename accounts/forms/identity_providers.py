"""The forms in which administrators add and change an identity provider."""

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
    "because linked accounts belong to it. "
    "Entra ID: https://login.microsoftonline.com/TENANT-ID/v2.0. Okta: https://YOUR-ORG.okta.com.",
    "client_id": "From the application that you registered with the provider.",
    "client_secret": "From the provider. It's encrypted and never shown again.",
    "scopes": "Separated by spaces. “openid” is required; “email” and “profile” add the email address and "
    "name.",
    "is_enabled": "Shows it on the sign-in page. Turn it on when Test sign-in shows what you expect.",
    "allowed_domains": "One per line, such as example.com. The first time they sign in, people need a "
    "verified email address in one of these domains. If this is empty, nobody new can sign in.",
    "provisions": "If this is off, people need an invitation or an account first.",
    "groups_claim": "The claim that lists a person's groups. Entra ID and Okta: groups. If this is empty, "
    "assign roles under People.",
    "administrator_groups": "One per line. People in one of these groups become administrators the next time "
    "they sign in. Entra ID sends object IDs; Okta sends names.",
    "auditor_groups": "One per line. People in one of these groups, and in no administrator group, become "
    "auditors the next time they sign in.",
    "second_factor_values": "Values of “amr” or “acr”, one per line, that the provider sends after checking "
    "a second factor. Okta: mfa. Entra ID sends neither claim.",
    "logout_ends_tokens": "A back-channel logout from the provider always ends sessions here. If this is on, "
    "it ends tokens of applications too.",
}
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class SecretInput(forms.PasswordInput):
    """A field for a secret that no password manager should fill in."""

    def __init__(self) -> None:
        super().__init__(attrs={**PLAIN, "autocomplete": "new-password"})


class ProviderForm(ModelForm):
    """All of a provider's settings, and a new client secret; never the current one."""

    client_secret = forms.CharField(
        label=CLIENT_SECRET,
        required=False,
        max_length=1000,
        widget=SecretInput,
        help_text="Leave this empty to keep the current one, which is never shown.",
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
        ("Second factor and sign-out", ("second_factor_values", "logout_ends_tokens")),
    )

    def __init__(self, data: QueryDict | None = None, *, provider: IdentityProvider | None = None) -> None:
        # A copy, because a refused value must not reach the rest of the page.
        super().__init__(data, instance=copy(provider) if provider else None)

    def values(self, base_version: BaseVersion | None = None) -> dict[str, Any]:
        """Return the values to store, without those where somebody else's edit is kept."""
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
    """What it takes to reach a provider; everything else is on its page."""

    allowed_domains = administrator_groups = auditor_groups = second_factor_values = None  # type: ignore[assignment]
    client_secret = forms.CharField(
        label=CLIENT_SECRET,
        max_length=1000,
        widget=SecretInput,
        help_text=HELP_TEXTS["client_secret"],
        error_messages={
            "required": "Enter the client secret. For security, it isn't kept when a form has errors."
        },
    )

    class Meta(ProviderForm.Meta):
        fields = ("name", "issuer", "client_id", "scopes")

    field_order = ("name", "issuer", "client_id", "client_secret", "scopes")

    def validate_unique(self) -> None:
        """Leave it to the service whether the issuer is taken: it also is if this form was sent twice."""
