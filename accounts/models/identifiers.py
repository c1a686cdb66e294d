"""Public identifiers and names: how they are made, and which are accepted."""

import secrets

from django.core.validators import RegexValidator


def new_identifier() -> str:
    """Return a new public identifier: 32 lower-case hexadecimal digits (128 random bits)."""
    return secrets.token_hex(16)


validate_identifier = RegexValidator(r"\A[0-9a-f]{32}\Z", "Use 32 lowercase hexadecimal digits.")
validate_username = RegexValidator(
    r"\A[A-Za-z0-9._+-]{1,64}\Z",
    "Use 1 to 64 letters, digits, and any of . _ + - (no @, so that it can't look like an email address).",
)
validate_short_name = RegexValidator(
    r"\A[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\Z",
    "Use 1 to 63 lowercase letters, digits, dots, and hyphens. Begin and end with a letter or digit.",
)
