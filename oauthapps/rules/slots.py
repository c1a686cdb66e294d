"""How many applications there may be at one time, and what is said where there are as many."""

from dataclasses import dataclass

from common.words import counted

DEFAULT_LIMIT = 10
LARGEST_LIMIT = 1000


@dataclass(frozen=True, kw_only=True)
class Slots:
    """The slots that applications occupy.

    Attributes:
        used: how many are taken; more than the limit where that was lowered.
        limit: how many there are.
    """

    used: int
    limit: int

    @property
    def is_full(self) -> bool:
        """Whether no application can be created."""
        return self.used >= self.limit

    @property
    def to_delete(self) -> int:
        """How many applications have to be deleted before one can be created."""
        return max(0, self.used - self.limit + 1)

    @property
    def is_over(self) -> bool:
        """Whether there are more applications than the limit, so that deleting one makes no room."""
        return self.used > self.limit

    @property
    def title(self) -> str:
        """That no application can be created, in few words."""
        what = "You're over" if self.is_over else "You've reached"
        return f"{what} the limit of {self.limit}"

    @property
    def explanation(self) -> str:
        """Why no application can be created, and what to do."""
        return self._explained("create the new one")

    @property
    def why_not_restored(self) -> str:
        """Why no deleted application can be restored, and what to do."""
        return self._explained("restore this one")

    def _explained(self, then: str) -> str:
        present = f"There are {self.used}. " if self.is_over else ""
        which = self.to_delete if self.is_over else "one"
        things = counted(self.limit, "OAuth2 application")
        return (
            f"You can have up to a total of {things} at one time, disabled ones included. "
            f"{present}Delete {which} that you no longer use, then {then}."
        )
