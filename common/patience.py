"""How long the thread that asks may wait for the database."""

import threading
from math import inf


class Patience(threading.local):
    """What the request that a thread works on has left.

    Attributes:
        until: until when it may be tried again, by the clock of `time.monotonic`; later attempts would keep
            its client waiting for too long.
        seconds: how long a statement may wait at most for others to have written, on SQLite.
    """

    until = inf
    seconds = inf


patience = Patience()
