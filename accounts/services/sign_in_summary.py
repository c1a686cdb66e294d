"""How a person signs in, at a glance."""

from dataclasses import dataclass
from functools import cached_property

from accounts.models import User
from accounts.services.second_factors import SecondFactors, second_factors_of
from accounts.services.sessions import sessions_of
from common.words import counted


@dataclass(frozen=True)
class SignInSummary:
    """Questions about how a person signs in, each asked when a page needs the answer."""

    person: User

    @cached_property
    def second_factors(self) -> SecondFactors:
        """How they sign in beside their password."""
        return second_factors_of(self.person)

    @cached_property
    def sessions(self) -> int:
        """How many browsers are signed in as them."""
        return len(sessions_of(self.person))

    @property
    def sessions_in_words(self) -> str:
        """How many sessions there are, such as "1 session"."""
        return counted(self.sessions, "session")
