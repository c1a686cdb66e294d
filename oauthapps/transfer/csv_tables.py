"""Tables in CSV, one for each kind, as spreadsheets save them."""

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from oauthapps.transfer.checking import unknown_names
from oauthapps.transfer.entries import Entry
from oauthapps.transfer.kinds import KEYS, KINDS, SECRETS, Kind
from oauthapps.transfer.places import Place, RefusedError

SEPARATORS = ",;\t"
KEY_FILE = "file"  # the column of keys that names a file with one
_SAYS_SEPARATOR = re.compile(r"sep=(.)\r?\n")  # Excel's own first line
_FIRST_WORD = re.compile(r"[a-z]+")

Row = tuple[int, list[str]]  # the line that it begins in, and its cells


def kind_of(path: Path) -> Kind:
    """Return what a table has, which the first word of its name says: `people.csv`, `People 2026.csv`.

    Raises:
        RefusedError: when it names no kind.
    """
    word = _FIRST_WORD.match(path.stem.lower())
    place = Place(file=path.name)
    for kind in KINDS:
        if word and word[0] == kind.name:
            return kind
    if word and word[0] == SECRETS.name:
        raise RefusedError(place, "Client secrets are no part of a document: give this file with --secrets.")
    names = ", ".join(kind.name for kind in KINDS)
    raise RefusedError(place, f"Begin its name with what is in it, such as people.csv: one of {names}.")


def entries_of(text: str, kind: Kind, place: Place) -> Iterator[Entry]:
    """Go through the things of a table.

    Raises:
        RefusedError: when it is no table of that kind.
    """
    first, *rows = rows_of(text, kind, place) or [(1, [])]
    header = [cell.strip().lower().replace(" ", "_") for cell in first[1]]
    head = at_line(place, first[0])
    refuse_header(header, kind, head)
    for line, cells in rows:
        spot = at_line(place, line)
        if any(cell.strip() for cell in cells[len(header) :]):
            raise RefusedError(spot, f"There are {len(cells)} cells, but {len(header)} columns.")
        values = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
        if values:
            yield Entry(kind=kind, place=spot, values=values)


def rows_of(text: str, kind: Kind, place: Place) -> list[Row]:
    """Return the rows of a table, however its cells are separated.

    Raises:
        RefusedError: when a cell has no end, or is larger than any can be.
    """
    skipped = 0
    if said := _SAYS_SEPARATOR.match(text):
        text, skipped = text[said.end() :], 1
    separator = said[1] if said else likeliest_separator(text, kind)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[Row] = []
    begins = 1
    try:
        for cells in reader:
            if cells:
                rows.append((begins + skipped, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise RefusedError(at_line(place, begins + skipped), f"This isn't CSV: {error}.") from error
    return rows


def likeliest_separator(text: str, kind: Kind) -> str:
    """Return the separator by which the first line has the most columns of a kind."""
    header = text.partition("\n")[0].lower().replace(" ", "_")

    def known(separator: str) -> int:
        return sum(name.strip('"\r') in kind.names for name in header.split(separator))

    return max(SEPARATORS, key=known)


def refuse_header(header: Sequence[str], kind: Kind, place: Place) -> None:
    """Refuse a first line that doesn't name columns of a kind, each once.

    Raises:
        RefusedError: with what is wrong; of secrets nothing is repeated, for their names may be missing.
    """
    names = [*kind.names, KEY_FILE] if kind is KEYS else kind.names
    if kind is SECRETS and not set(header) <= set(names):
        raise RefusedError(place, f"The first line names the columns: {','.join(names)}.")
    for refusal in unknown_names(header, names, place):
        raise refusal
    if len(header) > len(set(header)):
        raise RefusedError(place, "A column stands here more than once.")


def at_line(place: Place, number: int) -> Place:
    """Return the place of a line."""
    return Place(file=place.file, spot=f"line {number}", is_table=True)
