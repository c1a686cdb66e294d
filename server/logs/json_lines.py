"""The log as JSON, an object a line, for programs that collect logs (LOG_FORMAT=json)."""

import json
import logging
from typing import Any

from server.logs.lines import LineFormatter, completed, id_of, timestamp, without_credentials
from server.outcomes import outcome_of


class JSONFormatter(LineFormatter):
    """Writes what `LineFormatter` writes, in members: what is not known is null."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        record = completed(record)
        status = getattr(record, "status", getattr(record, "status_code", None))
        members = members_of(
            record.created,
            record.levelname,
            record.name,
            request_id=id_of(record),
            client_id=getattr(record, "client_id", ""),
            status=status,
            message=record.getMessage(),
        )
        if error := getattr(record, "error", ""):
            members["error"] = error
        if record.exc_info:
            members["traceback"] = self.formatException(record.exc_info)
        return in_one_line(members)


def members_of(
    seconds: float,
    level: str,
    logger: str,
    *,
    request_id: str,
    client_id: str,
    status: int | None,
    message: str,
) -> dict[str, Any]:
    """Return the members that every line has.

    Args:
        seconds: when it was, since the epoch.
        level: as `logging` names it.
        logger: who writes it.
        request_id: of the request that it is about; empty where it is about none.
        client_id: of the client that authenticated; empty where none has, or it is not known.
        status: the HTTP status of the answer, in numbers; None where there is none yet.
        message: what the line says.
    """
    return {
        "time": timestamp(seconds),
        "level": level,
        "logger": logger,
        "request_id": request_id or None,
        "client_id": client_id or None,
        "outcome": None if status is None else outcome_of(status),
        "message": message,
    }


def in_one_line(members: dict[str, Any]) -> str:
    """Return the line, in ASCII; every text in it is left without credentials."""
    return json.dumps(
        {
            name: without_credentials(value) if isinstance(value, str) else value
            for name, value in members.items()
        }
    )
