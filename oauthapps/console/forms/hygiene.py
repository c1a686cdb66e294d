"""What is typed about a finding that is ignored: why."""

from django import forms

from common.validators import validate_name
from oauthapps.models import HygieneException


class IgnoreForm(forms.Form):
    """Asks for the reason."""

    reason = forms.CharField(
        label="Ignore, because…",
        max_length=HygieneException._meta.get_field("reason").max_length,
        validators=[validate_name],
        help_text="Shown on the hygiene page and in the activity, with your name.",
        error_messages={"required": "Enter a reason. Others need to know why this is fine."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
