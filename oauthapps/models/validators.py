"""The rules of the leaf modules in the form Django's fields ask for."""

from django.core.exceptions import ValidationError

from oauthapps.errors import InvalidLinkError
from oauthapps.links import check_link


def validate_link(value: str) -> None:
    """Refuse what may not stand behind a link we show.

    Raises:
        ValidationError: with the sentence that says why.
    """
    try:
        check_link(value)
    except InvalidLinkError as error:
        raise ValidationError(error.message) from error
