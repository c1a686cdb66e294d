"""The rules of the leaf modules in the form Django's fields ask for."""

from common.validators import judge, validate_name, validate_text
from oauthapps.rules.urls.links import check_link

# Migrations find all three here.
__all__ = ["validate_link", "validate_name", "validate_text"]


def validate_link(value: str) -> None:
    """Refuse what may not stand behind a link we show.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_link, value)
