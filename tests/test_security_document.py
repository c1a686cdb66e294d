"""docs/security.md has a line for everything the two standards ask, and names tests and behaviors that exist.

Whether a line is true is for whoever reads or writes it: no test can tell.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.test_behaviours import listed

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

# The chapters of OWASP ASVS 5.0.0. For each section in its order: how many requirements it has and, after "/"
# in the chapters that are gone through, how many of these are of levels 1 and 2, which come first.
CHAPTERS = {
    1: "2 10 12 3 3",
    2: "3 3 5 2",
    3: "1 3 5 8 8 1 5",
    4: "5 5 2 4",
    5: "1 6 3 3",
    6: "3/3 12/12 8/4 6/4 8/5 4/3 2/0 4/4",
    7: "3/3 4/4 2/2 5/5 3/2 2/2",
    8: "4/2 4/3 3/1 2/1",
    9: "3/3 4/4",
    10: "2/2 3/2 5/4 16/11 5/5 2/2 3/3",
    11: "4/2 5/3 5/3 4/4 2/1 2/1 2/0",
    12: "5/3 2/2 5/4",
    13: "4/1 6/5 4/2 7/5",
    14: "2/2 8/4 3/3",
    15: "5 5 7 4",
    16: "1/1 5/5 4/4 3/3 4/3",
    17: "2 8 2",
}
RFC_9700 = (
    "2.1 2.1.1 2.1.2 2.2.1 2.2.2 2.3 2.4 2.5 2.6 3 4.1 4.2 4.3.1 4.3.2 4.4 4.5 4.6 4.7 4.8 4.9 "
    "4.10.1 4.10.2 4.10.3 4.11.1 4.11.2 4.12 4.13 4.14 4.15 4.16 4.17"
)

NOTHING = "\u2013"
ANSWERS = ("yes", "partly", "no", "operator", "n/a")
BEHAVIOR = re.compile(r"(?<![\w`/-])([A-Z]-[0-9]{2,3})(?![\w-])")
PLACE = re.compile(r"`((?:[\w.-]+/)+(?:[\w.-]+)?)`")
CITED = re.compile(r"ASVS ((?:\d+\.\d+(?:\.\d+)?(?:[\u2013-]\d+(?:\.\d+)*)?(?:, )?)+)")
NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)?")


class Row(NamedTuple):
    """A line of a table."""

    number: str
    asks: str
    met: str
    here: str
    shown_by: str

    @property
    def behaviors(self) -> list[str]:
        return BEHAVIOR.findall(self.shown_by)

    @property
    def places(self) -> list[str]:
        return PLACE.findall(self.shown_by)


def rows_under(heading: str) -> list[Row]:
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if re.match(r"\| \d", line)]
    return [
        Row(*(cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|"))) for line in lines
    ]


OF_RFC, OF_ASVS = rows_under("RFC 9700"), rows_under("ASVS")
ROWS = [*OF_RFC, *OF_ASVS]


def sections() -> Iterator[tuple[str, int, int]]:
    """Each section's number, how many requirements it has, and how many of them are gone through."""
    for chapter, sizes in CHAPTERS.items():
        for section, size in enumerate(sizes.split(), start=1):
            every, _, first = size.partition("/")
            yield f"{chapter}.{section}", int(every), int(first or 0)


def wanted() -> Iterator[str]:
    """The requirements of levels 1 and 2 in the chapters that are gone through, in their order."""
    for section, _, first in sections():
        yield from (f"{section}.{number}" for number in range(1, first + 1))


def test_every_requirement_of_asvs_has_one_line() -> None:
    assert [row.number for row in OF_ASVS] == list(wanted())
    assert len(OF_ASVS) == 157


def test_every_section_of_rfc_9700_has_one_line() -> None:
    assert [row.number for row in OF_RFC] == RFC_9700.split()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_line_says_whether_it_is_met_and_what_shows_it_or_why_not(row: Row) -> None:
    assert row.asks
    assert row.met in ANSWERS
    if row.met == "yes":
        assert row.behaviors or row.places or "](#" in row.here, row
    else:
        assert row.here, row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_what_a_line_names_exists(row: Row) -> None:
    assert set(row.behaviors) <= set(listed())
    assert [place for place in row.places if not (ROOT / place).exists()] == []
    named = [*row.behaviors, *row.places]
    assert len(named) == len(set(named))
    assert named or row.shown_by == NOTHING
    # Nothing else stands there, such as a behavior that is spelled wrong.
    assert PLACE.sub("", BEHAVIOR.sub("", row.shown_by)).strip(f" ,{NOTHING}") == ""


def test_the_counts_are_right() -> None:
    for name, rows in (("RFC 9700", OF_RFC), ("ASVS 5.0.0", OF_ASVS)):
        counts = Counter(row.met for row in rows)
        cells = " | ".join(str(counts[answer]) for answer in ANSWERS)
        assert re.search(rf"^\| {re.escape(name)}[^|]*\| {re.escape(cells)} \|$", TEXT, re.MULTILINE), (
            name,
            cells,
        )


def test_every_number_of_asvs_that_is_cited_exists() -> None:
    cited = {
        number
        for path in (ROOT / "docs" / "behaviours.md", *sorted((ROOT / "tests").rglob("test_*.py")))
        if "node_modules" not in path.parts
        for numbers in CITED.findall(path.read_text(encoding="utf-8"))
        for number in NUMBER.findall(numbers)
    } - {"5.0", "5.0.0"}  # the edition
    assert len(cited) > 80
    known = {section: every for section, every, _ in sections()}
    exist = {*known, *(f"{section}.{number}" for section in known for number in range(1, known[section] + 1))}
    assert cited - exist == set()
