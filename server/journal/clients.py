"""Which application a request was sent for, by what it says of its client."""

import time
from datetime import datetime
from typing import NamedTuple

from oauthapps.http.notes import Note
from oauthapps.models import Application

# Seconds for which it is not asked again, and so many before it is asked for one that is not known.
KNOWN_SECONDS, UNKNOWN_SECONDS = 5.0, 1.0


class Known(NamedTuple):
    """What there is to know of an application.

    Attributes:
        id: its primary key.
        recorded_until: until when all of its requests are recorded, in seconds since the epoch; 0 for never.
    """

    id: int
    recorded_until: float


class Clients:
    """The applications there are, as they were some seconds ago."""

    def __init__(self) -> None:
        self.by_client_id: dict[str, Known] = {}
        self.asked_at = float("-inf")

    def application_of(self, note: Note) -> Known | None:
        """Return whom a request was sent for, proven or claimed; None for nobody."""
        refusal = note.refusal
        client_id = note.client_id or (refusal.client if refusal else "")
        return self.find(client_id) if client_id else None

    def find(self, client_id: str) -> Known | None:
        """Return the application with a Client ID."""
        known, age = self.by_client_id.get(client_id), time.monotonic() - self.asked_at
        if age > (UNKNOWN_SECONDS if known is None else KNOWN_SECONDS):
            self.ask()
            known = self.by_client_id.get(client_id)
        return known

    def ask(self) -> None:
        """Read them anew."""
        self.asked_at = time.monotonic()
        rows = Application.objects.values_list("client_id", "pk", "recorded_until")
        self.by_client_id = {client_id: Known(pk, seconds(until)) for client_id, pk, until in rows}


def seconds(at: datetime | None) -> float:
    """Return a time in seconds since the epoch; 0 for none."""
    return at.timestamp() if at else 0.0
