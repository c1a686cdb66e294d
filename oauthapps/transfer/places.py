"""Where something stands in a file, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.errors import GatehouseError


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place in a file.

    Attributes:
        file: the file, as it was named.
        spot: a JSON pointer (RFC 6901), or a line of a table; empty for the whole file.
        is_table: whether the file is a table, whose cells are columns of a line.
    """

    file: str
    spot: str = ""
    is_table: bool = False

    def __str__(self) -> str:
        return f"{self.file} {self.spot}".rstrip()

    def at(self, name: str | int) -> Place:
        """Return the place of a field, or of an element of a list."""
        if not self.is_table:
            escaped = str(name).replace("~", "~0").replace("/", "~1")
            return replace(self, spot=f"{self.spot}/{escaped}")
        if isinstance(name, int):  # lists stand in one cell
            return self
        return replace(self, spot=f"{self.spot}, column {name}")


class RefusedError(GatehouseError):
    """Something in a file can't be imported.

    Attributes:
        place: where it stands.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class WrongValueError(GatehouseError):
    """A value isn't of the type of its field."""
