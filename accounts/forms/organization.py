"""What administrators write about the organization."""

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.models import Organization
from accounts.models.organization import SECRET_DAYS
from common.validators import validate_name

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Organization]
else:
    ModelForm = forms.ModelForm


class OrganizationForm(ModelForm):
    """Name, domain and lane, and how long client secrets live."""

    secret_days = forms.TypedChoiceField(
        label="Maximum client secret lifetime",
        choices=[("", "Off"), *((days, f"{days} days") for days in SECRET_DAYS)],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="New client secrets expire within this time. Existing ones keep their expiry.",
    )

    class Meta:
        model = Organization
        fields = ["name", "domain", "lane", "secret_days"]
        labels = {"name": "Name", "domain": "Domain", "lane": "Lane"}
        help_texts = {
            "name": "Shown in invitations and on consent pages.",
            "domain": "A short name, sent as “domain” in every authorization response.",
            "lane": "The environment, such as “my” or “preview”, sent as “lane” in every authorization "
            "response.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(validate_name)


class CustomerIdForm(ModelForm):
    """A Customer ID brought along from elsewhere, and that its consequences were read."""

    understood = forms.BooleanField(
        label="I understand that JWTs with the current Customer ID will stop working"
    )

    class Meta:
        model = Organization
        fields = ["customer_id"]
        labels = {"customer_id": "New Customer ID"}
        help_texts = {
            "customer_id": "32 hexadecimal digits. Use the one that your integrations already send as “iss”."
        }

    def clean_customer_id(self) -> str:
        """Take capitals for small letters."""
        return str(self.cleaned_data["customer_id"]).lower()
