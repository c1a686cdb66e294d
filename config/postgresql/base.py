"""Django's PostgreSQL backend, with cheaper ways for what every request does."""

import select

from django.db.backends.postgresql import base

from config.postgresql.prepared import PreparedStatements


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that keeps the statements it has prepared.

    Attributes:
        prepared: those that do not go Django's way; None where nothing may be prepared.
    """

    prepared: PreparedStatements | None = None

    def init_connection_state(self) -> None:
        """Get a new connection ready."""
        super().init_connection_state()
        may_prepare = self.connection.prepare_threshold is not None
        self.prepared = PreparedStatements(self.connection) if may_prepare else None

    def is_usable(self) -> bool:
        """Return whether the connection can be used.

        The server is asked only where it has said something unasked. An idle connection has nothing to read,
        unless its end has been announced: then the socket is readable. Asking by a statement every time, as
        Django does, costs a request as much as looking a token up.
        """
        if self.connection is None or self.connection.closed:
            return False
        return not has_something_to_read(self.connection.fileno()) or super().is_usable()


def has_something_to_read(file_number: int) -> bool:
    """Return whether a socket has received anything, its end included."""
    waiting = select.poll()
    waiting.register(file_number, select.POLLIN)
    return bool(waiting.poll(0))
