"""The rules of the leaf modules in the form Django's fields ask for."""

from django.core.exceptions import ValidationError

from oauthapps.errors import InvalidLinkError, InvalidNameError
from oauthapps.links import check_link
from oauthapps.names import check_name, check_text


def validate_link(value: str) -> None:
    """Refuse what may not stand behind a link we show.

    Raises:
        ValidationError: with the sentence that says why.
    """
    try:
        check_link(value)
    except InvalidLinkError as error:
        raise ValidationError(error.message) from error


def validate_name(value: str) -> None:
    """Refuse a name in which there is nothing to be seen, or something that cannot be.

    Raises:
        ValidationError: with the sentence that says why.
    """
    try:
        check_name(value)
    except InvalidNameError as error:
        raise ValidationError(error.message) from error


def validate_text(value: str) -> None:
    """Refuse a text with invisible characters in it.

    Raises:
        ValidationError: with the sentence that says why.
    """
    try:
        check_text(value)
    except InvalidNameError as error:
        raise ValidationError(error.message) from error
