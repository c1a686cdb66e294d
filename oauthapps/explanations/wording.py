"""Words that explanations share: spans of time, who did something, and what only administrators read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from audit.models import Event, EventKind
from common.words import rough_span
from oauthapps.http.messages import Explanation
from oauthapps.models import RecordedRequest
from oauthapps.rules import credential_values
from oauthapps.rules.echoes import fault_of_form, kind_of

# Under which `details` have what clients read where that is less than administrators do.
TO_CLIENT = "to_client"
# Between a change and the event that records it.
AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A credential that was sent, without being it.

    Attributes:
        digests: those of its readings; none where nothing was sent.
        masked: how it begins, where that says what it is, and how it ends.
        kind: what it is by what it begins with, with its article; empty where that says nothing.
        fault: what copying has added to it; empty for nothing.
        length: how many characters it has.
    """

    digests: tuple[str, ...]
    masked: str = ""
    kind: str = ""
    fault: str = ""
    length: int = 0

    @classmethod
    def of(cls, *readings: str) -> "Shown":
        """Return what may be kept of a credential that can be read in these ways."""
        sent = [reading for reading in readings if reading]
        if not sent:
            return cls(digests=())
        first = sent[0]
        prefix = next((each for each in credential_values.PREFIXES if first.startswith(each)), "")
        return cls(
            digests=tuple(map(credential_values.digest, sent)),
            masked=f"{prefix}…{credential_values.hint(first.strip())}",
            kind=kind_of(first),
            fault=fault_of_form(first),
            length=len(first),
        )


def cause_of(request_id: str, row: RecordedRequest, cause: str) -> str:
    """Return the cause of a request that has part in a row; it says so where it may be another request's.

    Args:
        request_id: which request is asked about.
        row: where it is recorded.
        cause: that of the first request there.
    """
    if request_id == row.request_id:
        return cause
    return f"Requests like this share an entry; of the first of them: {cause}"


def seconds_between(earlier: datetime, later: datetime) -> int:
    """Return how many whole seconds lie between two times."""
    return (later - earlier) // timedelta(seconds=1)


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest unit, such as "3 days ago"."""
    return f"{rough_span(max(seconds_between(then, now), 0))} ago"


def by(person: User | None) -> str:
    """Return who did something, to follow what they did; nothing where that is not known."""
    return f" by {person.display_name}" if person else ""


def done_by(kinds: Iterable[EventKind], *, when: datetime | None = None, **to: Any) -> str:
    """Return who did something last, likewise, as events have it.

    Args:
        kinds: the kinds of event that it may be.
        when: at about which time; None for any.
        to: the primary keys of what it was done to: `application_id`, `person_id`.
    """
    events = Event.objects.filter(kind__in=list(kinds), **to)
    if when is not None:
        events = events.filter(at__range=(when - AT_ONCE, when + AT_ONCE))
    event = events.order_by("-at", "-id").first()
    return f" by {event.actor_name}" if event and event.actor_name else ""


def withheld(cause: str, fix: str, *, to_client: Explanation) -> Explanation:
    """Return an explanation that clients must not read, with the one that they get.

    Args:
        cause: what was wrong.
        fix: what to do about it.
        to_client: what the client reads, whose words must not tell whether there is more to say.
    """
    less = {"cause": to_client.cause, "fix": to_client.fix}
    return Explanation(cause, fix, {**to_client.details, TO_CLIENT: less})
