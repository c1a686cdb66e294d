"""What is wrong with a document in itself: fields, types, and what stands in it twice."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from oauthapps.transfer.entries import Entry, Item
from oauthapps.transfer.kinds import Field
from oauthapps.transfer.places import Place, RefusedError, WrongValueError

# What people look for in vain: no document has it.
_CONFIDENTIAL = frozenset({"secret", "secrets", "client_secret", "client_secrets", "password", "private_key"})
IN_DOCUMENT = (
    "Secrets and passwords are no part of a document: take this out, and give client secrets with --secrets."
)


def unknown_names(names: Iterable[str], known: Collection[str], place: Place) -> Iterator[RefusedError]:
    """Yield a refusal for each name that nothing has, with the one that was probably meant.

    Args:
        names: the names of an object's members, or of columns.
        known: those that there are.
        place: where they stand.
    """
    for name in names:
        if name in known:
            continue
        if name.lower() in _CONFIDENTIAL:
            yield RefusedError(place.at(name), IN_DOCUMENT)
            continue
        close = get_close_matches(name.lower(), known, n=1)
        advice = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."
        thing = "column" if place.is_table else "field"
        yield RefusedError(place.at(name), f"There is no such {thing}. {advice}")


class Checker:
    """Makes items of entries.

    Attributes:
        refusals: what is wrong with the others.
        seen: where each thing stands, by its kind and what tells it from others.
    """

    def __init__(self) -> None:
        self.refusals: list[RefusedError] = []
        self.seen: dict[tuple[str, ...], Place] = {}

    def items(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Go through those entries that nothing is wrong with."""
        for entry in entries:
            item = Item(kind=entry.kind, place=entry.place, values={})
            faults = [*unknown_names(entry.values, own_names(entry), entry.place)]
            for field in entry.kind.fields:
                try:
                    item.values.update(read(entry, field))
                except RefusedError as refusal:
                    faults.append(refusal)
            self.refusals += faults or self._repetitions(item)
            if not faults:
                yield item

    def _repetitions(self, item: Item) -> Iterator[RefusedError]:
        """Yield a refusal if the same thing was there before."""
        key = (item.kind.name, *(item.values[name] for name in item.kind.key))
        first = self.seen.setdefault(key, item.place)
        if first is not item.place:
            yield RefusedError(item.place, f"This {item.kind.noun} is already at {first}.")


def own_names(entry: Entry) -> list[str]:
    """Return the names of the fields that an entry has itself: not of the one that says what it is within."""
    if entry.parent is None or entry.kind.within is None:
        return entry.kind.names
    return [name for name in entry.kind.names if name != entry.kind.within[1]]


def read(entry: Entry, field: Field) -> dict[str, Any]:
    """Return the typed value of a field by its name; nothing where it was left out.

    Raises:
        RefusedError: when it is of another type, or can't be left out.
    """
    name, source = field.name, entry
    if entry.parent is not None and name not in own_names(entry):
        source = entry.parent
    if name not in source.values:
        if field.is_required and source is entry:  # what its parent lacks is the parent's fault
            raise RefusedError(entry.place, f"{name} is missing.")
        return {}
    value = source.values[name]
    try:
        return {name: field.type.of_text(value) if entry.place.is_table else field.type.of_json(value)}
    except WrongValueError as error:
        raise RefusedError(source.place.at(name), error.message) from error
