"""How often tokens were issued, refreshed and refused, for whom, and who called, until it is written.

Adding takes a few steps in memory a request. What is written is one statement for each table, once a minute.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from oauthapps.http.messages import Usage
from oauthapps.http.notes import Note
from oauthapps.models import CredentialCaller, PersonSeen, UsageCount
from oauthapps.models.usage import UsageKind
from oauthapps.rules.app_types import REFRESH_TOKEN
from oauthapps.rules.recorded_endpoints import RecordedEndpoint
from server.journal.clients import Known
from server.journal.sent import address_of, user_agent_of

DAY = 24 * 60 * 60
# Where tokens are asked for. What happens elsewhere is not counted.
COUNTED = (RecordedEndpoint.TOKEN, RecordedEndpoint.EXCHANGE)
# Callers of a secret or key that are told apart between two writings.
MOST_CALLERS = 20
# People who are known to have been seen on the present day: more are written again.
MOST_PEOPLE = 50_000
# What is counted, and by what: columns and values of `UsageCount`. Texts, because members of an enumeration
# take several times as long to be looked up.
ISSUED, REFRESHED, REFUSED = "issued", "refreshed", "refused"
APPLICATION, SECRET, KEY, REDIRECT_URL, API = (
    kind.value
    for kind in (
        UsageKind.APPLICATION,
        UsageKind.SECRET,
        UsageKind.KEY,
        UsageKind.REDIRECT_URL,
        UsageKind.API,
    )
)


class Subject(NamedTuple):
    """What is counted by: on a day since the epoch, in UTC, a thing of an application's."""

    application: int
    day: int
    kind: str
    id: int


class Person(NamedTuple):
    """Somebody whom an application got tokens for on a day."""

    application: int
    day: int
    id: int


class Caller(NamedTuple):
    """Who used a secret or key."""

    application: int
    kind: str
    credential: int
    address: str
    user_agent: str


class Calls:
    """When somebody used a secret or key, and how often."""

    def __init__(self, at: float) -> None:
        self.first_at, self.last_at, self.times = at, at, 0

    def add(self, at: float) -> None:
        """Add one."""
        self.last_at, self.times = at, self.times + 1


class UsageCounters:
    """What has been counted and is not written yet.

    Attributes:
        counts: how often, by what.
        people: those that were not seen before today.
        callers: who used which secret or key.
    """

    def __init__(self) -> None:
        self.counts: Counter[tuple[Subject, str]] = Counter()
        self.people: set[Person] = set()
        self.known: set[Person] = set()
        self.callers: dict[Caller, Calls] = {}
        self.told_apart: Counter[tuple[str, int]] = Counter()

    def add(self, note: Note, application: Known | None) -> None:
        """Count a request."""
        usage = note.usage() if note.usage else None
        if note.endpoint in COUNTED:
            if usage is None and note.refusal and application:
                usage = Usage(application.id)  # its client has not shown who it is
            if usage:
                self.count(usage, note)
        if usage:
            self.add_callers(usage, note)

    def count(self, usage: Usage, note: Note) -> None:
        """Count a request for tokens."""
        what, day = what_of(note), int(note.at // DAY)
        for kind, subject in subjects_of(usage):
            self.counts[Subject(usage.application_id, day, kind, subject), what] += 1
        if usage.person_id is not None:
            person = Person(usage.application_id, day, usage.person_id)
            if person not in self.known:
                self.people.add(person)

    def add_callers(self, usage: Usage, note: Note) -> None:
        """Add who used the secret and keys of a request."""
        credentials = list(credentials_of(usage))
        if not credentials:
            return
        environ = note.environ
        address, agent = (address_of(environ), user_agent_of(environ)) if environ else ("", "")
        for kind, pk in credentials:
            caller = Caller(usage.application_id, kind, pk, address, agent)
            if caller not in self.callers:
                if self.told_apart[kind, pk] >= MOST_CALLERS:
                    caller = Caller(usage.application_id, kind, pk, "", "")
                self.told_apart[kind, pk] += 1
            self.callers.setdefault(caller, Calls(note.at)).add(note.at)

    def count_rows(self) -> list[UsageCount]:
        """Return what is to be added to the counts, in the order of what is unique."""
        rows: dict[Subject, UsageCount] = {}
        for (subject, what), times in self.counts.items():
            row = rows.get(subject) or rows.setdefault(subject, row_of(subject))
            setattr(row, what, times)
        return [rows[subject] for subject in sorted(rows)]

    def person_rows(self) -> list[PersonSeen]:
        """Return who is to be added to those seen."""
        return [
            PersonSeen(application_id=each.application, day=date_of(each.day), person_id=each.id)
            for each in sorted(self.people)
        ]

    def caller_rows(self) -> list[CredentialCaller]:
        """Return what is to be added to the callers."""
        return [
            CredentialCaller(
                application_id=caller.application,
                kind=caller.kind,
                credential=caller.credential,
                address=caller.address,
                user_agent=caller.user_agent,
                first_at=datetime.fromtimestamp(calls.first_at, UTC),
                last_at=datetime.fromtimestamp(calls.last_at, UTC),
                times=calls.times,
            )
            for caller, calls in sorted(self.callers.items(), key=lambda item: item[0][1:])
        ]

    def forget_people(self) -> None:
        """Take in that who was seen is written: it need not be again."""
        today = max((each.day for each in self.people), default=0)
        self.known |= self.people
        if len(self.known) > MOST_PEOPLE or any(each.day < today for each in self.known):
            self.known = {each for each in self.people if each.day == today}
        self.people.clear()

    def forget_callers(self) -> None:
        """Take in that who called is written."""
        self.callers.clear()
        self.told_apart.clear()


def what_of(note: Note) -> str:
    """Return what became of a request for tokens."""
    if note.refusal:
        return REFUSED
    return REFRESHED if note.grant_type == REFRESH_TOKEN else ISSUED


def subjects_of(usage: Usage) -> Iterator[tuple[str, int]]:
    """Yield what a request is counted by."""
    yield APPLICATION, 0
    yield from credentials_of(usage)
    if usage.redirect_url_id is not None:
        yield REDIRECT_URL, usage.redirect_url_id
    for api in usage.apis:
        yield API, api


def credentials_of(usage: Usage) -> Iterator[tuple[str, int]]:
    """Yield the secret and keys that the client showed."""
    if usage.secret_id is not None:
        yield SECRET, usage.secret_id
    for key in usage.key_ids:
        yield KEY, key


def row_of(subject: Subject) -> UsageCount:
    """Return a row in which nothing is counted yet."""
    return UsageCount(
        application_id=subject.application,
        day=date_of(subject.day),
        kind=subject.kind,
        subject=subject.id,
    )


def date_of(day: int) -> date:
    """Return the date of a day since the epoch."""
    return datetime.fromtimestamp(day * DAY, UTC).date()
