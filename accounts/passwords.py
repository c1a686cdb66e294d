"""How long a password may be, where it is set and where it is typed."""

from django.core.exceptions import ValidationError

from accounts.models import User

# Longer than any that a person or a password manager makes up.
LONGEST_PASSWORD = 4096


class MaximumLengthValidator:
    """Refuses a password that could not be typed to sign in."""

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        """Judge a password.

        Raises:
            ValidationError: when it has more than LONGEST_PASSWORD characters.
        """
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(f"Use a password of at most {LONGEST_PASSWORD} characters.")

    def get_help_text(self) -> str:
        """Return what people are told before they choose."""
        return f"Your password can have up to {LONGEST_PASSWORD} characters."
