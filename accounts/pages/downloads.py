"""Lists as files for spreadsheets."""

from collections.abc import Iterable
from typing import TypeVar

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from common.csv_tables import Columns, csv_of

Row = TypeVar("Row")


def csv_download(name: str, columns: Columns[Row], rows: Iterable[Row]) -> HttpResponse:
    """Return a list as a file in CSV, which browsers store under a name with the day in UTC.

    Our server sends whole responses, so the file is made at once: an error is still answered with its page.

    Args:
        name: what is in it, in letters, digits, hyphens and underscores.
        columns: how to get each cell from a row, by the heading of its column.
        rows: the rows (see `csv_of` for how many).
    """
    file_name = f"{name}_{timezone.now():%Y-%m-%d}.csv"
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=file_name),
        "Cache-Control": "no-store",
    }
    return HttpResponse(csv_of(columns, rows), content_type="text/csv; charset=utf-8", headers=headers)
