"""Statements that every request runs: prepared once on a connection, then sent in one call of libpq.

psycopg's cursors do this for any statement, interruptible and beside other work, and take as long for it as
the server for a look-up. Values are written and read by psycopg here too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

Parameters = Mapping[str, Any]
Row = tuple[Any, ...]

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TYPES = psycopg.adapters.types
# A place is declared for every number that may come, not for the first that does.
WIDEST = {TYPES[name].oid: TYPES["int8"].oid for name in ("int2", "int4")}
TIMESTAMPS: Any = psycopg.adapters.get_loader(TYPES["timestamptz"].oid, Format.TEXT)
# What the server says of a statement whose table has changed since, or that it does not know any more.
OUTDATED = (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that the server knows.

    Attributes:
        name: what it knows it by.
        places: the names of its parameters, in order.
        formats: how each is written.
    """

    name: bytes
    places: Sequence[str]
    formats: Sequence[PyFormat]


class PreparedStatements:
    """The statements of one connection, each a transaction of its own.

    Args:
        connection: an open connection.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.libpq = connection.pgconn
        self.known: dict[str, Prepared] = {}
        self.made = 0
        # psycopg's reading of datetimes: Django's is written in Python, and takes as long as a whole row.
        plain = psycopg.Cursor(connection)
        plain.adapters.register_loader("timestamptz", TIMESTAMPS)
        self.transformer = Transformer(plain)

    def run(self, statement: str, parameters: Parameters) -> list[Row]:
        """Run a statement and return its rows.

        Args:
            statement: one that returns rows, with psycopg's places for values, by name.
            parameters: the values.

        Raises:
            psycopg.Error: when the server refuses it or is gone.
        """
        try:
            return self.run_prepared(statement, parameters)
        except OUTDATED:  # said before anything has been executed
            self.forget()
            return self.run_prepared(statement, parameters)

    def run_prepared(self, statement: str, parameters: Parameters) -> list[Row]:
        """Run a statement, prepared now if it has not been, and return its rows."""
        known = self.known.get(statement) or self.prepare(statement, parameters)
        values = [parameters[place] for place in known.places]
        sent = self.transformer.dump_sequence(values, known.formats)
        result = self.checked(self.libpq.exec_prepared, known.name, sent)
        self.transformer.set_pgresult(result)
        return self.transformer.load_rows(0, result.ntuples, tuple)

    def prepare(self, statement: str, parameters: Parameters) -> Prepared:
        """Let the server parse a statement, for values of the kinds that these are."""
        places = list(dict.fromkeys(PLACEHOLDER.findall(statement)))
        formats = [PyFormat.TEXT] * len(places)
        self.transformer.dump_sequence([parameters[place] for place in places], formats)
        types = [WIDEST.get(oid, oid) for oid in self.transformer.types or ()]
        text = PLACEHOLDER.sub(lambda match: f"${places.index(match[1]) + 1}", statement)
        self.made += 1
        known = Prepared(name=b"hot_%d" % self.made, places=places, formats=formats)
        self.checked(self.libpq.prepare, known.name, text.encode(), types)
        self.known[statement] = known
        return known

    def checked(self, call: Callable[..., PGresult], *arguments: Any) -> PGresult:
        """Return what the server answers to a call of libpq; raise the error that it answers with."""
        try:
            result = call(*arguments)
        except MemoryError as error:  # psycopg's name for what libpq could not even send
            raise self.connection_lost_error() from error
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self.libpq.status == ConnStatus.BAD:
            raise self.connection_lost_error()
        raise psycopg.errors.error_from_result(result)

    def forget(self) -> None:
        """Let all statements be prepared anew."""
        for known in self.known.values():
            self.libpq.exec_(b"DEALLOCATE " + known.name)
        self.known.clear()

    def connection_lost_error(self) -> psycopg.OperationalError:
        """Return the error that says that the connection is gone, and why."""
        return psycopg.OperationalError(self.libpq.get_error_message())
