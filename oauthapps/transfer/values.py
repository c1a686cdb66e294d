"""The types of values that a document has, each as JSON and as the text of a table's cell."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from accounts.models import validate_identifier
from common.validators import validate_name
from oauthapps.transfer.places import WrongValueError

# What a spreadsheet makes of 32 digits, such as 1.23457E+31.
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class ValueType(Protocol):
    """Reads values of one type."""

    def of_json(self, value: Any) -> Any:
        """Return the value of a JSON value.

        Raises:
            WrongValueError: with what it should be.
        """

    def of_text(self, text: str) -> Any:
        """Return the value of the text of a cell, which is not empty.

        Raises:
            WrongValueError: likewise.
        """


def checked_text(value: Any) -> str:
    """Return a text that every database can keep.

    Raises:
        WrongValueError: when it is no text, or has a character that is none.
    """
    if not isinstance(value, str):
        raise WrongValueError("Write text, in quotation marks.")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise WrongValueError("Remove the NUL or half character from this text.")
    return value


@dataclass(frozen=True)
class Text:
    """A text, judged by the rules of whatever it becomes."""

    def of_json(self, value: Any) -> str:
        """Return the text."""
        return checked_text(value)

    def of_text(self, text: str) -> str:
        """Return the text of a cell."""
        return checked_text(text)


@dataclass(frozen=True)
class Name(Text):
    """What people or pages call somebody or something; may be empty."""

    def of_json(self, value: Any) -> str:
        """Return the name."""
        name = checked_text(value).strip()
        if name:
            as_fields_do(validate_name, name)
        return name

    def of_text(self, text: str) -> str:
        """Return the name in a cell."""
        return self.of_json(text)


@dataclass(frozen=True)
class Identifier(Text):
    """A Customer ID, User ID, Client ID or Service ID."""

    def of_json(self, value: Any) -> str:
        """Return the identifier, in lower case."""
        identifier = checked_text(value).strip().lower()
        if _ROUNDED.fullmatch(identifier):
            raise WrongValueError("A spreadsheet rounded this ID: make the column text, and enter it again.")
        as_fields_do(validate_identifier, identifier)
        return identifier

    def of_text(self, text: str) -> str:
        """Return the identifier in a cell."""
        return self.of_json(text)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def of_json(self, value: Any) -> bool:
        """Return the flag."""
        if not isinstance(value, bool):
            raise WrongValueError("Write true or false, without quotation marks.")
        return value

    def of_text(self, text: str) -> bool:
        """Return the flag in a cell, as spreadsheets and people write it."""
        if text.lower() not in _YES + _NO:
            raise WrongValueError("Write yes or no.")
        return text.lower() in _YES


@dataclass(frozen=True)
class Number:
    """A whole number that isn't negative."""

    def of_json(self, value: Any) -> int:
        """Return the number."""
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise WrongValueError("Write a whole number, without quotation marks.")
        return value

    def of_text(self, text: str) -> int:
        """Return the number in a cell."""
        if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004  # digits of any such
            raise WrongValueError("Write a whole number.")
        return int(text)


@dataclass(frozen=True)
class Choice:
    """One of several values; a label that pages show is taken as well."""

    choices: type[TextChoices]

    def of_json(self, value: Any) -> str:
        """Return the value."""
        text = checked_text(value).strip().lower()
        for choice in self.choices:
            if text in (choice.value, choice.label.lower()):
                return str(choice.value)
        raise WrongValueError(f"Write one of these: {', '.join(self.choices.values)}.")

    def of_text(self, text: str) -> str:
        """Return the value in a cell."""
        return self.of_json(text)


@dataclass(frozen=True)
class Texts:
    """Several texts without spaces; in a cell, with spaces or line breaks between them."""

    def of_json(self, value: Any) -> list[str]:
        """Return the texts."""
        if not isinstance(value, list):
            raise WrongValueError("Write a list, in square brackets.")
        return [checked_text(each) for each in value]

    def of_text(self, text: str) -> list[str]:
        """Return the texts in a cell."""
        return checked_text(text).split()


@dataclass(frozen=True)
class Day:
    """A day, such as 2027-02-01."""

    def of_json(self, value: Any) -> date:
        """Return the day."""
        return day(value)

    def of_text(self, text: str) -> date:
        """Return the day in a cell."""
        return day(text)


@dataclass(frozen=True)
class Dates:
    """Days by name; in a cell, `name=2027-02-01` with spaces between them."""

    def of_json(self, value: Any) -> dict[str, date]:
        """Return the days, each by its name."""
        if not isinstance(value, dict):
            raise WrongValueError('Write an object, such as {"long_assertions": "2027-02-01"}.')
        return {name: day(text) for name, text in value.items()}

    def of_text(self, text: str) -> dict[str, date]:
        """Return the days in a cell."""
        pairs = (each.partition("=") for each in checked_text(text).split())
        return {name: day(written) for name, _, written in pairs}


def day(value: Any) -> date:
    """Return a day that is written as 2027-02-01.

    Raises:
        WrongValueError: when it is none, or written otherwise.
    """
    text = checked_text(value)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise WrongValueError("Write the day as year-month-day, such as 2027-02-01.")


def as_fields_do(validate: Callable[[str], object], value: str) -> None:
    """Judge a value by the rule of a field.

    Raises:
        WrongValueError: with the rule's sentence.
    """
    try:
        validate(value)
    except ValidationError as error:
        raise WrongValueError(" ".join(error.messages)) from error
