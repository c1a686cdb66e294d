"""Tables in CSV for spreadsheets: nothing in them passes for a formula.

Whoever opens such a file did not write what is in it: a stranger may have, who sent a request.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import TypeVar

Row = TypeVar("Row")
# What a cell is made of; None leaves it empty.
Value = str | int | bool | datetime | Sequence[str] | None
# How to get the value of each column from a row, by the column's heading.
Columns = Mapping[str, Callable[[Row], Value]]

# A file is made in a fraction of the seconds that a request may take, and nobody else waits for it.
MOST_ROWS = 10_000
CUT_OFF = f"Only the first {MOST_ROWS:,} rows are in this file. Narrow the filters to export the rest."
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel takes UTF-8 for the encoding of its country
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"  # what one begins with, also in full width
SKIPPED = "\t\r\n"  # what may be skipped before one
# In many countries Excel takes a semicolon for the separator, and then a line break inside quotation marks
# ends the row: a cell may begin behind either.
IN_ANOTHER_CELL = re.compile(rf"([;{SKIPPED}] *)(?=[{re.escape(FORMULA)}])")


def csv_of(columns: Columns[Row], rows: Iterable[Row]) -> bytes:
    """Return a table in CSV (RFC 4180), in UTF-8 with a byte order mark.

    Args:
        columns: how to get each cell from a row, by the heading of its column.
        rows: of more than `MOST_ROWS` only these are taken, and the last line says so.
    """
    file = StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(columns)
    left = iter(rows)
    for row in islice(left, MOST_ROWS):
        writer.writerow(cell(value_of(row)) for value_of in columns.values())
    if next(left, None) is not None:
        writer.writerow([CUT_OFF])
    return file.getvalue().encode("utf-8", "replace")


def cell(value: Value) -> str:
    """Return a value as the text of a cell; times are in UTC, to the second."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return harmless(value if isinstance(value, str) else "\n".join(value))


def harmless(text: str) -> str:
    """Return a text with an apostrophe before everything that a spreadsheet would take for a formula."""
    if text.lstrip(" ").startswith(tuple(FORMULA + SKIPPED)):
        text = f"'{text}"
    return IN_ANOTHER_CELL.sub(r"\1'", text)
