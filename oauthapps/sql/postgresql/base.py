"""Django's PostgreSQL backend, with cheaper ways for what every request does."""

import contextlib
import os
import select
import socket

from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from oauthapps.errors import InDoubtError, was_lost
from oauthapps.sql.postgresql.prepared import PreparedStatements


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that keeps the statements it has prepared.

    Attributes:
        prepared: those that do not go Django's way; None where nothing may be prepared.
        statement_seconds: how long the server may work on a statement; 0 for as long as it takes.
    """

    prepared: PreparedStatements | None = None
    statement_seconds = 0
    health_check_done: bool

    def init_connection_state(self) -> None:
        """Get a new connection ready."""
        super().init_connection_state()
        is_ours = self.settings_dict["PREPARE_STATEMENTS"]  # the session, from one transaction to the next
        self.prepared = PreparedStatements(self.connection) if is_ours else None
        if is_ours:
            self.keep_limits()
        self.unasked = select.poll()
        self.unasked.register(self.connection.fileno(), select.POLLIN)

    def keep_limits(self) -> None:
        """Say for the session how long statements may take, and that none is compiled first."""
        with self.connection.cursor() as cursor:
            # Compiling takes seconds where it is chosen: for counts whose cost is overestimated.
            cursor.execute("SET jit = off")
            if self.statement_seconds:
                cursor.execute(f"SET statement_timeout = '{self.statement_seconds}s'")
                # What waits at the commit, for rows that foreign keys lead to, heeds this one alone.
                cursor.execute(f"SET lock_timeout = '{self.statement_seconds}s'")

    def get_autocommit(self) -> bool:
        """Return whether each statement is a transaction; Django looks for an event loop first."""
        if self.connection is None:
            self.ensure_connection()
        return bool(self.autocommit)

    def close_if_health_check_failed(self) -> None:
        """Close a kept connection that does not stand any more; Django looks for a pool first."""
        super(base.DatabaseWrapper, self).close_if_health_check_failed()

    def _commit(self) -> None:
        """Commit; where nobody can know whether that was done, say so.

        Raises:
            InDoubtError: when the connection was lost meanwhile.
        """
        try:
            super()._commit()  # type: ignore[misc]  # the stubs do not know it
        except OperationalError as error:
            if was_lost(error):
                raise InDoubtError(*error.args) from error
            raise

    def is_usable(self) -> bool:
        """Return whether the connection can be used.

        The server is asked only where it has said something unasked. An idle connection has nothing to read,
        unless its end has been announced: then the socket is readable. Asking by a statement every time, as
        Django does, costs a request as much as looking a token up.
        """
        if self.connection is None or self.connection.closed:
            return False
        return not self.unasked.poll(0) or super().is_usable()

    def give_up(self) -> None:
        """Break the connection off if a statement is under way; its thread gets an OperationalError.

        Called from another thread, where the server has said nothing for too long. A server that hangs keeps
        no time limit, and neither libpq nor psycopg have one for answers.
        """
        connection = self.connection
        if connection is None or connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
