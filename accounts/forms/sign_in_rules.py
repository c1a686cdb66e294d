"""What administrators choose about signing in with a password."""

from typing import TYPE_CHECKING

from django import forms
from django.http import QueryDict

from accounts.models import Organization, PasswordRule, Role, User
from accounts.services.emergency_account import emergency_candidates, missing_of
from accounts.services.sign_in_rules import (
    EMERGENCY_ACCOUNT,
    LABELS,
    NOBODY,
    PASSWORD_RULE,
    state_of,
)

if TYPE_CHECKING:
    PeopleField = forms.ModelChoiceField[User]
else:
    PeopleField = forms.ModelChoiceField


class AccountField(PeopleField):
    """One of the administrators, each with what they lack to be the emergency account."""

    def label_from_instance(self, obj: User) -> str:
        """Return who it is, and what they lack."""
        return ", ".join([f"{obj.display_name} ({obj.username})", *missing_of(obj)])


class SignInRulesForm(forms.Form):
    """The password rule and the emergency account."""

    password_rule = forms.ChoiceField(
        label="Who can use a password or passkey",
        choices=PasswordRule.choices,
        widget=forms.RadioSelect,
        help_text="Everybody else has to use an identity provider. Applies only while one is enabled.",
    )
    emergency_account = AccountField(
        label=LABELS[EMERGENCY_ACCOUNT],
        queryset=User.objects.none(),
        to_field_name="user_id",
        required=False,
        empty_label="None",
        help_text="An administrator with a password and a second factor who can always sign in with them, "
        "even if the provider is down. Each use is recorded, and all administrators get an email.",
    )

    def __init__(self, data: QueryDict | None = None, *, organization: Organization) -> None:
        super().__init__(data, initial=state_of(organization))
        account: AccountField = self.fields[EMERGENCY_ACCOUNT]  # type: ignore[assignment]
        administrators = emergency_candidates().filter(role=Role.ADMINISTRATOR, is_active=True)
        account.queryset = administrators.order_by("name", "username", "pk")

    def values(self) -> dict[str, str]:
        """Return what was chosen, as the service takes it."""
        account: User | None = self.cleaned_data[EMERGENCY_ACCOUNT]
        return {
            PASSWORD_RULE: self.cleaned_data[PASSWORD_RULE],
            EMERGENCY_ACCOUNT: account.user_id if account else NOBODY,
        }
