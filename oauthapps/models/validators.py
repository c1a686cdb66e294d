"""The rules of the leaf modules in the form Django's fields ask for."""

from collections.abc import Callable

from django.core.exceptions import ValidationError

from oauthapps.errors import GatehouseError
from oauthapps.links import check_link
from oauthapps.names import check_name, check_text


def validate_link(value: str) -> None:
    """Refuse what may not stand behind a link we show.

    Raises:
        ValidationError: with the sentence that says why.
    """
    _judge(check_link, value)


def validate_name(value: str) -> None:
    """Refuse a name in which there is nothing to be seen, or something that cannot be.

    Raises:
        ValidationError: with the sentence that says why.
    """
    _judge(check_name, value)


def validate_text(value: str) -> None:
    """Refuse a text with invisible characters in it.

    Raises:
        ValidationError: with the sentence that says why.
    """
    _judge(check_text, value)


def _judge(check: Callable[[str], object], value: str) -> None:
    try:
        check(value)
    except GatehouseError as error:
        raise ValidationError(error.message) from error
