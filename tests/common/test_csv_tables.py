"""Tables in CSV: read back as they were, and without formulas."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from io import StringIO

import pytest

from common.csv_tables import CUT_OFF, MOST_ROWS, Columns, csv_of

LINES: Columns[str] = {"Text": lambda text: text}


def read(file: bytes) -> list[list[str]]:
    """What a reader of CSV finds, as spreadsheets open it."""
    return list(csv.reader(StringIO(file.decode("utf-8-sig"), newline=""), strict=True))


@pytest.mark.spec("U-56", "OWASP CSV injection")
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("\uff1d1+1", "'\uff1d1+1"),
        # Where Excel takes the semicolon for a separator, a cell begins behind it or in a line of its own.
        ("x;=1+1;y", "x;'=1+1;y"),
        ('x"\r\n=1+1;"', 'x"\r\n\'=1+1;"'),
        ("plain", "plain"),
        ("1 - 1 = 0", "1 - 1 = 0"),
        ("2026-12-01", "2026-12-01"),
        ("", ""),
    ],
)
def test_nothing_passes_for_a_formula(text: str, written: str) -> None:
    assert read(csv_of(LINES, [text])) == [["Text"], [written]]


@pytest.mark.spec("U-56", "OWASP CSV injection")
@pytest.mark.parametrize("text", ['a "quoted" word', "a,b", "two\nlines", "two\r\nlines", "Zoë 日本", "x;y"])
def test_every_text_is_one_cell_and_comes_back_whole(text: str) -> None:
    columns: Columns[str] = {"Before": lambda _: "a", "Text": lambda text: text, "After": lambda _: "b"}
    assert read(csv_of(columns, [text])) == [["Before", "Text", "After"], ["a", text, "b"]]


def test_values_are_written_so_that_spreadsheets_know_them() -> None:
    at = datetime(2026, 12, 1, 16, 4, 5, 999, tzinfo=timezone(timedelta(hours=2)))
    columns: Columns[None] = {
        "Number": lambda _: -5,
        "Yes": lambda _: True,
        "No": lambda _: False,
        "Time": lambda _: at,
        "Nothing": lambda _: None,
        "Several": lambda _: ["a", "=b"],
    }
    assert read(csv_of(columns, [None]))[1] == ["-5", "yes", "no", "2026-12-01 14:04:05", "", "a\n'=b"]
    assert at.astimezone(UTC).hour == 14


def test_it_is_utf_8_with_a_byte_order_mark_and_ends_its_lines_as_the_rfc_says() -> None:
    assert csv_of(LINES, ["é"]) == b"\xef\xbb\xbfText\r\n\xc3\xa9\r\n"
    assert csv_of(LINES, ["\ud800"]).endswith(b"?\r\n")


@pytest.mark.spec("U-57", "the product's exports")
@pytest.mark.parametrize(("number", "is_cut"), [(MOST_ROWS, False), (MOST_ROWS + 1, True), (10**9, True)])
def test_a_file_has_a_limit_and_says_where_it_was_reached(number: int, *, is_cut: bool) -> None:
    rows = read(csv_of(LINES, map(str, range(number))))
    assert len(rows) == 1 + MOST_ROWS + is_cut
    assert (rows[-1] == [CUT_OFF]) is is_cut
