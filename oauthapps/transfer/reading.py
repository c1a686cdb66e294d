"""From what was named on the command line to the things that stand in it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from oauthapps.transfer import csv_tables, json_documents
from oauthapps.transfer.entries import Entry
from oauthapps.transfer.files import read_text
from oauthapps.transfer.kinds import KEYS, SECRETS
from oauthapps.transfer.places import Place, RefusedError

STANDARD_INPUT = "-"
_ENDINGS = (".json", ".csv")


def read_documents(names: Sequence[str]) -> Iterator[Entry]:
    """Go through what stands in documents.

    Args:
        names: files that end in .json or .csv, folders of such, or `-` for JSON on standard input.

    Raises:
        RefusedError: when one of them can't be read, or is nothing of the kind.
    """
    for name in names:
        place = Place(file=name)
        if name == STANDARD_INPUT:
            yield from json_documents.entries_of(text_of(name, place), Place(file="standard input"))
            continue
        for path in files_of(Path(name)):
            yield from entries_in(path)


def read_secrets(name: str) -> Iterator[Entry]:
    """Go through the client secrets of a table.

    Args:
        name: its file, whatever it is called, or `-` for standard input.

    Raises:
        RefusedError: when it can't be read, or is no such table.
    """
    place = Place(file="standard input" if name == STANDARD_INPUT else name)
    yield from csv_tables.entries_of(text_of(name, place), SECRETS, place)


def files_of(path: Path) -> list[Path]:
    """Return a file, or the documents in a folder.

    Raises:
        RefusedError: when a folder has none.
    """
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in _ENDINGS)
    if not files:
        raise RefusedError(Place(file=str(path)), "This folder has no file that ends in .csv or .json.")
    return files


def entries_in(path: Path) -> Iterator[Entry]:
    """Go through what stands in a file.

    Raises:
        RefusedError: when it is no document.
    """
    place = Place(file=str(path))
    if path.suffix.lower() == ".json":
        yield from json_documents.entries_of(text_of(str(path), place), place)
    elif path.suffix.lower() == ".csv":
        kind = csv_tables.kind_of(path)
        entries = csv_tables.entries_of(text_of(str(path), place), kind, place)
        yield from (with_key(entry, path.parent) if kind is KEYS else entry for entry in entries)
    else:
        raise RefusedError(place, "A document's name ends in .json or .csv.")


def with_key(entry: Entry, folder: Path) -> Entry:
    """Return a public key with what is in the file that its row names, which lies beside the table.

    Raises:
        RefusedError: when it lies elsewhere, or can't be read.
    """
    values = dict(entry.values)
    name = values.pop(csv_tables.KEY_FILE, None)
    if name is None:
        return entry
    place = entry.place.at(csv_tables.KEY_FILE)
    if "key" in values:
        raise RefusedError(place, "Give the key or a file with it, not both.")
    if Path(name).name != name:
        raise RefusedError(place, "Name a file that lies beside this one, without a folder.")
    values["key"] = text_of(str(folder / name), place)
    return Entry(kind=entry.kind, place=entry.place, values=values)


def text_of(name: str, place: Place) -> str:
    """Return the text of a file, or of standard input.

    Raises:
        RefusedError: when it can't be read.
    """
    try:
        if name == STANDARD_INPUT:
            return read_text(sys.stdin.buffer, place)
        with Path(name).open("rb") as opened:
            return read_text(opened, place)
    except OSError as error:
        raise RefusedError(place, f"This file can't be read: {error.strerror}.") from error
