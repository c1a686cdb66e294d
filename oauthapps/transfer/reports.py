"""What an import comes to, line by line."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from oauthapps.transfer.places import Place, RefusedError


class Outcome(StrEnum):
    """What happens to something in a document."""

    MADE = "new"
    CHANGED = "changed"
    KEPT = "kept"  # it differs here, and that stays
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that a report says.

    Attributes:
        outcome: what happens.
        place: where it stands.
        text: to what, or why not.
    """

    outcome: Outcome
    place: Place
    text: str

    def __str__(self) -> str:
        is_refused = self.outcome is Outcome.REFUSED
        said = f"{self.place}: {self.text}" if is_refused else f"{self.text} ({self.place})"
        return f"{self.outcome:<8} {printable(said)}"

    def as_json(self) -> dict[str, str]:
        """Return the line for scripts."""
        return {"outcome": self.outcome, "place": str(self.place), "text": self.text}


def printable(text: str) -> str:
    """Return a text on one line, without what would steer a terminal: a document may hold anything."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


@dataclass(kw_only=True)
class Report:
    """All lines of an import; what is unchanged is only counted.

    Attributes:
        lines: in the order in which things are applied.
        counts: how many things came to each outcome.
    """

    lines: list[Line] = field(default_factory=list)
    counts: Counter[Outcome] = field(default_factory=Counter)

    def made(self, place: Place, text: str) -> None:
        """Say that something new is made."""
        self._say(Outcome.MADE, place, text)

    def changed(self, place: Place, text: str) -> None:
        """Say that something gets another value."""
        self._say(Outcome.CHANGED, place, text)

    def kept(self, place: Place, text: str) -> None:
        """Say that something stays as it is here, although the document says otherwise."""
        self._say(Outcome.KEPT, place, text)

    def refused(self, refusal: RefusedError) -> None:
        """Say what can't be imported."""
        self._say(Outcome.REFUSED, refusal.place, refusal.message)

    def unchanged(self) -> None:
        """Count something that is here already."""
        self.counts[Outcome.UNCHANGED] += 1

    @property
    def is_refused(self) -> bool:
        """Whether anything is."""
        return self.counts[Outcome.REFUSED] > 0

    @property
    def writes(self) -> int:
        """How many things are made or changed."""
        return self.counts[Outcome.MADE] + self.counts[Outcome.CHANGED]

    def _say(self, outcome: Outcome, place: Place, text: str) -> None:
        self.lines.append(Line(outcome=outcome, place=place, text=text))
        self.counts[outcome] += 1
