"""The rules of names and texts in the form Django's fields ask for."""

from collections.abc import Callable

from django.core.exceptions import ValidationError

from common.errors import GatehouseError
from common.names import check_name, check_text


def validate_name(value: str) -> None:
    """Refuse a name in which there is nothing to be seen, or something that cannot be.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_name, value)


def validate_text(value: str) -> None:
    """Refuse a text with invisible characters in it.

    Raises:
        ValidationError: with the sentence that says why.
    """
    judge(check_text, value)


def judge(check: Callable[[str], object], value: str) -> None:
    """Refuse what a rule refuses, as fields do.

    Args:
        check: the rule; raises GatehouseError.
        value: what is judged.

    Raises:
        ValidationError: with the sentence that says why.
    """
    try:
        check(value)
    except GatehouseError as error:
        raise ValidationError(error.message) from error
