"""Fields of models that bring what was typed into its one form."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    EmailField = models.EmailField[str, str]
else:
    EmailField = models.EmailField


# Characters: no email address is longer (RFC 5321 section 4.5.3.1.3), nor any username.
LONGEST_EMAIL = 254


class LowerCaseEmailField(EmailField):
    """An email address in lower case: one mailbox is one person, whatever capitals it was typed with.

    Values are lowered where they are cleaned, stored and compared, so that no caller has to think of it.
    """

    def to_python(self, value: Any) -> Any:
        """Return the address as it is kept."""
        return lowered(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        """Return the address as the database keeps and compares it."""
        return lowered(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Return what is saved, which the instance shows from then on."""
        value = lowered(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def lowered(value: Any) -> Any:
    """Return a text in lower case, and anything else (nothing, an expression) as it is."""
    return value.lower() if isinstance(value, str) else value
