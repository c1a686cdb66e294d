"""Recording of requests in tests: on in a block, and written when a test says so, without a thread."""

from collections.abc import Iterator
from contextlib import contextmanager

from oauthapps.http.notes import notes
from server.journal.journal import Journal


@contextmanager
def recording() -> Iterator[Journal]:
    """Note requests in the block; `finish()` of what it yields writes down everything noted so far."""
    notes.clear()
    notes.are_read = True
    try:
        yield Journal()
    finally:
        notes.are_read = False
        notes.clear()
