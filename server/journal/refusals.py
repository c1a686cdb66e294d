"""Refused requests on their way into rows: the first few of a kind in an hour one each, later ones share one.

So whoever floods the server costs it a row, and a statement every few seconds, whatever else comes.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from audit.ip_addresses import network_of
from oauthapps.http.messages import REQUEST_ID, Explanation, Refusal
from oauthapps.http.notes import Note
from server.journal.clients import Known
from server.journal.entries import Entry, is_authenticated, time_of
from server.journal.sent import address_of

HOUR = 3600
# So many of a kind have a row of their own, by whether it is proven whose they are.
OWN_ROWS = {True: 20, False: 5}
# Kinds that are told apart in an hour: of one application, and of all strangers; of one network of theirs.
MOST_KINDS, NETWORK_KINDS = {True: 100, False: 300}, 40
# Rows of their own in an hour: of one application, of all strangers, and of one network of theirs.
CLIENT_ROWS, STRANGERS_ROWS, NETWORK_ROWS = 300, 200, 25
# Those of an application that has all recorded, by whether it is proven that they are its own.
ALL_ROWS = {True: 10_000, False: 1_000}
# Rows that wait at most to be written; after that requests share one.
MOST_WAITING = 2_000
# What differs from one reason to the next that is the same otherwise: lists at its end, numbers, and quotes.
PARTICULAR = re.compile(
    r"(?<=needed: ).*|(?<=: )[^\s,]+(?:, [^\s,]+)*$|\d+|\"[^\"]*\"(?:, \"[^\"]*\")*|“[^”]*”(?:, “[^”]*”)*",
    re.DOTALL,
)
MANY_KINDS = "Requests of many kinds were refused."
# What is counted by, and how many of it there may be in an hour.
Limits = Sequence[tuple[str, int]]


class Kind(NamedTuple):
    """What refused requests have in common that may share a row.

    Attributes:
        hour: in which they came, since the epoch.
        sender: the application that is proven to have sent them, or the network that they came from.
        endpoint: which endpoint refused them.
        error: the error code.
        reason: why, without what is particular to one of them; empty where there were too many kinds.
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

    @property
    def is_explained(self) -> bool:
        """Whether the row that they share says why they were refused."""
        return self.shared is not None and self.shared.is_explained

    def explain(self) -> None:
        """Let the row that they share say why they were refused, which is found out once an hour."""
        if self.shared:
            self.explanation = self.shared.explain(self.explanation)

    def say_reason(self) -> None:
        """Let the row say what the log says of the first of them."""
        if self.shared:
            self.shared.say_reason()

    def share(self, note: Note, application: Known | None, kind: Kind) -> None:
        """Let a request have part in the row that they share."""
        if self.shared is None:
            # Once the row is there, nothing is kept of the parameters of those that follow.
            with_parameters = bool(kind.reason) and self.explanation is None
            self.shared = Entry(
                note,
                application if kind.client_id else None,
                kind.fingerprint,
                with_parameters=with_parameters,
            )
            self.shared.row.times = 0
            if not kind.reason:
                tell_of_many(self.shared, kind)
            if self.explanation:
                self.shared.explain(self.explanation)
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
        self.kinds: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()

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
        is_proven = is_authenticated(note)
        all_of = application if application and application.recorded_until > note.at else None
        if all_of and self.take_room_for_all_of(all_of, is_proven=is_proven):
            return True
        if group.seen > OWN_ROWS[is_proven]:
            return False
        if is_proven:
            return take_room(self.rows, [(f"client {sender_of(note)}", CLIENT_ROWS)])
        limits = [(f"net {sender_of(note)}", NETWORK_ROWS), ("strangers", STRANGERS_ROWS)]
        return take_room(self.rows, limits)

    def take_room_for_all_of(self, application: Known, *, is_proven: bool) -> bool:
        """Count one more request of an application that has all recorded, if it can have a row of its own.

        Args:
            application: the application.
            is_proven: whether the request is its own: those that only claim so have room of their own.
        """
        limits = [(f"all of {application.id} {is_proven}", ALL_ROWS[is_proven])]
        return len(self.own) < MOST_WAITING and take_room(self.rows, limits)

    def kind_of(self, note: Note, application: Known | None) -> Kind:
        """Return a request's kind; where there are too many, the one that all others have in common."""
        refusal: Refusal = note.refusal  # type: ignore[assignment]
        client_id, sender = refusal.client if application else "", sender_of(note)
        reason = in_general(refusal.reason)
        kind = Kind(self.hour, sender, note.endpoint.value, refusal.error, reason, client_id)
        if is_authenticated(note):
            limits, shared_by = [(f"client {sender}", MOST_KINDS[True])], (sender, client_id)
        else:
            limits = [(f"net {sender}", NETWORK_KINDS), ("strangers", MOST_KINDS[False])]
            shared_by = ("", "")
        if kind in self.groups or take_room(self.kinds, limits):
            return kind
        sender, client_id = shared_by
        return Kind(self.hour, sender, note.endpoint.value, refusal.error, "", client_id)

    def unexplained(self) -> Iterator[Group]:
        """Yield the kinds that share a row which does not say yet why they were refused."""
        return (group for group in self.groups.values() if group.shared and not group.is_explained)

    def shared(self) -> list[Group]:
        """Return the kinds that share a row which is not written yet, in the order of those rows."""
        waiting = [kind for kind, group in self.groups.items() if group.shared]
        return [self.groups[kind] for kind in sorted(waiting, key=lambda kind: kind.fingerprint)]


def sender_of(note: Note) -> str:
    """Return the Client ID that is proven to have sent a request, or otherwise the network it came from."""
    if note.refusal and is_authenticated(note):
        return note.refusal.client
    return network_of(address_of(note.environ or {}))


def take_room(taken: Counter[str], limits: Limits) -> bool:
    """Count one more by each of some limits if none is reached, and return whether that is so."""
    if any(taken[counted] >= most for counted, most in limits):
        return False
    taken.update(counted for counted, _ in limits)
    return True


def tell_of_many(entry: Entry, kind: Kind) -> None:
    """Let a row that requests of many kinds share say nothing that is only the first one's."""
    row = entry.row
    row.client_id, row.address = kind.client_id, None
    row.username = row.user_agent = row.grant_type = ""
    entry.refusal = Refusal(kind.error, MANY_KINDS)


@lru_cache(maxsize=1024)
def in_general(reason: str) -> str:
    """Return a reason without what is particular to one request."""
    return PARTICULAR.sub("#", reason)
