"""What housekeeping consists of: jobs, each with a name and how often it is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from audit.housekeeping import JobName
from common.work import Work

# How often what has expired is deleted.
USUALLY = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something that is due again and again.

    Attributes:
        name: what it is.
        every: how long after it was done it is due again.
        do: does it, in turns of the work that it is given, as long as that may go on, and counts what it did.
            It may be interrupted at any time, and be done again.
    """

    name: JobName
    every: timedelta
    do: Callable[[Work], None]
