"""A document in JSON."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from oauthapps.transfer.checking import unknown_names
from oauthapps.transfer.entries import Entry
from oauthapps.transfer.kinds import APIS, APPLICATIONS, FORMAT, KEYS, ORGANIZATION, PEOPLE, SCOPES, Kind
from oauthapps.transfer.places import Place, RefusedError

LISTS = (PEOPLE, APIS, APPLICATIONS)
WITHIN = {APIS.name: SCOPES, APPLICATIONS.name: KEYS}


class JsonObject(dict[str, Any]):
    """An object, which also knows the names that stand in it more than once."""

    repeated: tuple[str, ...] = ()

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> "JsonObject":
        """Return the object of these members."""
        made = cls(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            made.repeated = tuple(name for name in made if names.count(name) > 1)
        return made


def parse(text: str, place: Place) -> JsonObject:
    """Return the document in a text.

    Raises:
        RefusedError: when it is no JSON, no object, or has a member twice.
    """
    try:
        document = json.loads(text, object_pairs_hook=JsonObject.of, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RefusedError(place, f"This isn't JSON ({error.msg}, {where}).") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists
        raise RefusedError(place, "This isn't JSON that can be read.") from error
    if not isinstance(document, JsonObject):
        raise RefusedError(place, "A document is one JSON object, in curly brackets.")
    refuse_repeated(document, place)
    return document


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python would take and JSON does not have, such as NaN."""
    raise ValueError(name)


def refuse_repeated(value: Any, place: Place) -> None:
    """Refuse an object that has a name twice: one of them would be lost.

    Raises:
        RefusedError: at the first such name.
    """
    if isinstance(value, JsonObject):
        if value.repeated:
            raise RefusedError(place.at(value.repeated[0]), "This name stands here more than once.")
        members: Any = value.items()
    else:
        members = enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        refuse_repeated(member, place.at(name))


def entries_of(text: str, place: Place) -> Iterator[Entry]:
    """Go through the things of a document.

    Raises:
        RefusedError: when it is none, or of another format.
    """
    document = parse(text, place)
    known = ["format", ORGANIZATION.name, *(kind.name for kind in LISTS)]
    for refusal in unknown_names(document, known, place):
        raise refusal
    if document.get("format", FORMAT) != FORMAT:
        raise RefusedError(place.at("format"), f"This version reads documents of the format {FORMAT}.")
    if ORGANIZATION.name in document:
        yield entry_of(ORGANIZATION, document[ORGANIZATION.name], place.at(ORGANIZATION.name))
    for kind in LISTS:
        yield from entries_in(kind, document, place)


def entries_in(kind: Kind, parent: JsonObject, place: Place, within: Entry | None = None) -> Iterator[Entry]:
    """Go through the things of a list, each followed by those within it.

    Raises:
        RefusedError: when it is no list, or has something else in it.
    """
    values = parent.get(kind.name, [])
    if not isinstance(values, list):
        raise RefusedError(place.at(kind.name), "Write a list, in square brackets.")
    inner = WITHIN.get(kind.name)
    for number, value in enumerate(values):
        entry = entry_of(kind, value, place.at(kind.name).at(number), within)
        yield entry
        if inner is not None:
            yield from entries_in(inner, value, entry.place, entry)


def entry_of(kind: Kind, value: Any, place: Place, within: Entry | None = None) -> Entry:
    """Return a thing without those within it.

    Raises:
        RefusedError: when it is no object.
    """
    if not isinstance(value, JsonObject):
        raise RefusedError(place, "Write an object, in curly brackets.")
    inner = WITHIN.get(kind.name)
    own = {name: each for name, each in value.items() if inner is None or name != inner.name}
    return Entry(kind=kind, place=place, values=own, parent=within)
