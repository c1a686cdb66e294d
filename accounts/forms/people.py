"""What administrators write about people."""

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.fields import LONGEST_EMAIL
from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, Role, Status, User
from common.filters import FilterForm
from common.validators import validate_name

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[User]
else:
    ModelForm = forms.ModelForm


class PersonForm(ModelForm):
    """Name, username, email address and role."""

    class Meta:
        model = User
        fields = ["name", "username", "email", "role"]
        labels = {"name": "Name", "username": "Username", "email": "Email address", "role": "Role"}
        help_texts = {
            "name": "Display name. Defaults to the username.",
            "username": "For signing in. The email address works too.",
            "role": "Members manage their own connected apps. Auditors also view System, without making "
            "changes. Administrators also manage System.",
        }
        widgets = {"role": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].validators.append(validate_name)
        self.fields["role"].choices = Role.choices  # type: ignore[attr-defined]  # without "-----"
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}

    def clean_username(self) -> str:
        """Refuse a username that somebody else has, at its field."""
        return self._require_free("username", USERNAME_TAKEN)

    def clean_email(self) -> str:
        """Refuse an email address that somebody else has, at its field."""
        return self._require_free("email", EMAIL_TAKEN)

    def _require_free(self, field: str, message: str) -> str:
        value: str = self.cleaned_data[field]
        if User.objects.whose(field, value).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(message)
        return value

    @property
    def values(self) -> dict[str, str]:
        """The values that were entered, by field."""
        return {field: self.cleaned_data[field] for field in self._meta.fields or ()}


class PeopleFilters(FilterForm):
    """Which people a list shows."""

    # SQLite takes no pattern of more than 50,000 bytes.
    q = forms.CharField(required=False, label="Name, email, or User ID", max_length=LONGEST_EMAIL)
    role = forms.ChoiceField(required=False, label="Role", choices=[("", "Any role"), *Role.choices])
    status = forms.ChoiceField(required=False, label="Status", choices=[("", "Any status"), *Status.choices])
