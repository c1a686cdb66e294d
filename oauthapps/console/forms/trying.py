"""What is pasted to be tried. Nothing of it is kept, nor shown again in its field."""

from typing import Any

from django import forms

UNKEPT = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


class Unshown(forms.Textarea):
    """A field that is empty again on the page that says what is wrong."""

    def format_value(self, value: Any) -> str:  # noqa: ARG002  # Django hands it over
        """Return what the page repeats: nothing."""
        return ""


class JwtForm(forms.Form):
    """A JWT as the integration sends it."""

    jwt = forms.CharField(
        label="JSON Web Token",
        strip=False,
        max_length=64 * 1024,
        help_text="Exactly as the integration sends it, spaces and quotation marks included.",
        widget=Unshown(attrs={**UNKEPT, "rows": 6}),
        error_messages={"required": "Paste a JWT."},
    )


class PairForm(forms.Form):
    """A PKCE pair: what the authorization request and the token request send."""

    code_challenge = forms.CharField(
        label="code_challenge",
        strip=False,
        max_length=1024,
        widget=forms.TextInput(attrs=UNKEPT),
        error_messages={"required": "Paste the code_challenge of the authorization request."},
    )
    code_challenge_method = forms.CharField(
        label="code_challenge_method",
        initial="S256",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs=UNKEPT),
    )
    code_verifier = forms.CharField(
        label="code_verifier",
        strip=False,
        max_length=1024,
        help_text="From the token request that belongs to it.",
        widget=Unshown(attrs={**UNKEPT, "rows": 3}),
        error_messages={"required": "Paste the code_verifier of the token request."},
    )


class LeakForm(forms.Form):
    """Something that may have leaked, with or without what stands around it."""

    pasted = forms.CharField(
        label="What was found",
        strip=False,
        max_length=64 * 1024,
        help_text="A client secret, token, code, or key, or a few lines of a file or log with one in it.",
        widget=Unshown(attrs={**UNKEPT, "rows": 6}),
        error_messages={"required": "Paste what was found."},
    )
