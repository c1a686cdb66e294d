"""Refused requests on their way into rows: the first few of a kind in an hour one each, later ones share one.

So whoever floods the server costs it a row, and a statement every few seconds, whatever else comes.
"""

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from audit.ip_addresses import network_of
from oauthapps.http.messages import Explanation, Refusal
from oauthapps.http.notes import Note
from server.journal.clients import Known
from server.journal.entries import Entry, is_authenticated, time_of
from server.journal.sent import address_of
from server.request_ids import REQUEST_ID

HOUR = 3600
# So many of a kind have a row of their own, by whether it is proven whose they are.
OWN_ROWS = {True: 20, False: 5}
# Kinds that are told apart in an hour: of one application, and of all strangers.
MOST_KINDS = {True: 100, False: 300}
# Rows of their own that strangers get in an hour, and that an application gets which has all recorded.
STRANGERS_ROWS, ALL_ROWS = 200, 10_000
# Rows that wait at most to be written; after that requests share one.
MOST_WAITING = 2_000
# What differs from one reason to the next that is the same otherwise.
PARTICULAR = re.compile(r"\d+|\"[^\"]*\"|“[^”]*”")


class Kind(NamedTuple):
    """What refused requests have in common that may share a row.

    Attributes:
        hour: in which they came, since the epoch.
        sender: the application that is proven to have sent them, or the network that they came from.
        endpoint: which endpoint refused them.
        error: the error code.
        reason: why, without what is particular to one of them.
        client_id: the application that they claim to come from.
    """

    hour: int
    sender: str
    endpoint: str
    error: str
    reason: str
    client_id: str

    @property
    def fingerprint(self) -> str:
        """What stands in the row that they share: the same in every worker."""
        return hashlib.sha256("\n".join(map(str, self)).encode("utf-8", "replace")).hexdigest()


class Group:
    """The requests of a kind.

    Attributes:
        seen: how many there were in the hour.
        shared: the row that they share as far as it is not written.
        explanation: why they were refused, once that is known.
    """

    def __init__(self) -> None:
        self.seen = 0
        self.shared: Entry | None = None
        self.explanation: Explanation | None = None

    def explain(self) -> None:
        """Let the row that they share say why they were refused, which is found out once an hour."""
        if self.shared:
            self.explanation = self.shared.explain(self.explanation)

    def share(self, note: Note, application: Known | None, kind: Kind) -> None:
        """Let a request have part in the row that they share."""
        if self.shared is None:
            self.shared = Entry(note, application if kind.client_id else None, kind.fingerprint)
            self.shared.row.times = 0
            if not kind.sender:
                self.shared.row.address = None  # they come from anywhere
        row = self.shared.row
        row.times += 1
        row.at = time_of(note)
        row.last_request_id = (note.environ or {}).get(REQUEST_ID, "")


class Refusals:
    """The refused requests that a worker has yet to write down.

    Attributes:
        own: those that get a row each.
        groups: the kinds that came in the present hour.
    """

    def __init__(self) -> None:
        self.own: list[Entry] = []
        self.groups: dict[Kind, Group] = {}
        self.begin_hour(0)

    def begin_hour(self, hour: int) -> None:
        """Count anew; what is not written yet stays."""
        self.hour = hour
        self.groups = {kind: group for kind, group in self.groups.items() if group.shared}
        self.kinds: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def add(self, note: Note, application: Known | None) -> None:
        """Take in a request that was refused."""
        hour = int(note.at // HOUR)
        if hour != self.hour:
            self.begin_hour(hour)
        kind = self.kind_of(note, application)
        group = self.groups.setdefault(kind, Group())
        group.seen += 1
        if self.gets_own_row(note, application, group):
            self.own.append(Entry(note, application))
        else:
            group.share(note, application, kind)

    def gets_own_row(self, note: Note, application: Known | None, group: Group) -> bool:
        """Return whether a request does not share a row, and count that."""
        if note.environ is None or len(self.own) >= MOST_WAITING:
            return False
        if application and application.recorded_until > note.at and self.has_room_for_all_of(application):
            return True
        is_proven = is_authenticated(note)
        return group.seen <= OWN_ROWS[is_proven] and (is_proven or self.has_room("strangers", STRANGERS_ROWS))

    def has_room_for_all_of(self, application: Known) -> bool:
        """Return whether a row of its own can be had by one more request of those that have all recorded."""
        return len(self.own) < MOST_WAITING and self.has_room(str(application.id), ALL_ROWS)

    def has_room(self, counted: str, most: int) -> bool:
        """Return whether one more row fits into what there is for an hour, and count it."""
        self.rows[counted] = self.rows.get(counted, 0) + 1
        return self.rows[counted] <= most

    def kind_of(self, note: Note, application: Known | None) -> Kind:
        """Return a request's kind; where there are too many, the one that all others have in common."""
        refusal: Refusal = note.refusal  # type: ignore[assignment]
        is_proven = is_authenticated(note)
        client_id = refusal.client if application else ""
        sender = refusal.client if is_proven else network_of(address_of(note.environ or {}))
        error, reason = refusal.error, in_general(refusal.reason)
        kind = Kind(self.hour, sender, note.endpoint.value, error, reason, client_id)
        counted = sender if is_proven else "strangers"
        if kind not in self.groups:
            if self.kinds.get(counted, 0) >= MOST_KINDS[is_proven]:
                sender, client_id = (sender, client_id) if is_proven else ("", "")
                return Kind(self.hour, sender, note.endpoint.value, error, "", client_id)
            self.kinds[counted] = self.kinds.get(counted, 0) + 1
        return kind

    def shared(self) -> list[Group]:
        """Return the kinds that share a row which is not written yet, in the order of those rows."""
        waiting = [kind for kind, group in self.groups.items() if group.shared]
        return [self.groups[kind] for kind in sorted(waiting, key=lambda kind: kind.fingerprint)]


@lru_cache(maxsize=1024)
def in_general(reason: str) -> str:
    """Return a reason without what is particular to one request."""
    return PARTICULAR.sub("#", reason)
