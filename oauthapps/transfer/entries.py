"""What stands in files, before anything is known of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oauthapps.transfer.kinds import Kind
from oauthapps.transfer.places import Place


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A thing as it stands in a file.

    Attributes:
        kind: what it is.
        place: where it stands.
        values: its fields by name: JSON values, or the texts of cells that are not empty.
        parent: what it stands within, as a document in JSON has it.
    """

    kind: Kind
    place: Place
    values: Mapping[str, Any]
    parent: Entry | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """A thing whose fields have values of their types.

    Attributes:
        kind: what it is.
        place: where it stands.
        values: its fields by name, those alone that were given.
    """

    kind: Kind
    place: Place
    values: dict[str, Any]
