"""How a line of the log is written: which request it is about, and nothing that could be used."""

import copy
import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus

from django.conf import settings

from oauthapps.rules.credential_values import PREFIXES
from server.faults import is_passing
from server.request_ids import current

# Django's own messages repeat URLs now and then, a foreign Referer for example; so may a traceback. Whether
# it has a "=" is asked afterward: a pattern that looks for one begins anew at each "?" of a stranger's path.
QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s'\"<>]*")
CREDENTIAL = re.compile(rf"({'|'.join(PREFIXES)})[A-Za-z0-9_-]+")
# What is logged here was refused for what a stranger sent: a trace of our code says nothing about it.
REFUSALS = "django.security."
# What a line carries that is about no request: a start, or a command.
NO_REQUEST = "-"
# Django goes on like this to send the operator to ALLOWED_HOSTS, which follows from another setting.
DJANGOS_ADVICE = " You may need to add"


def name_the_setting(record: logging.LogRecord) -> bool:
    """Have a line about a wrong Host header say which setting to look at."""
    refusal = record.getMessage().partition(DJANGOS_ADVICE)[0]
    record.msg, record.args = "%s This server answers for BASE_URL alone: %s", (refusal, settings.BASE_URL)
    return True


class LineFormatter(logging.Formatter):
    """Names the request, and leaves out credentials and traces that say nothing about our code.

    Those are the traces of refusals, of which a stranger could make thousands, and of what the database
    refuses for a while, of which every request has one.
    """

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """Return when it was, as every line says it."""
        return timestamp(record.created)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        record = completed(record)
        record.request_id = id_of(record) or NO_REQUEST
        return without_credentials(super().format(record))


def timestamp(seconds: float) -> str:
    """Return a time in UTC, to the millisecond (RFC 3339).

    Args:
        seconds: since the epoch.
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def completed(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of a record that knows its request, says whom it is about, and has no idle trace."""
    record = copy.copy(record)
    record.request_id = id_of(record)
    error = record.exc_info[1] if record.exc_info else None
    notes = []
    if is_refusal(record) or is_passing(error):
        record.exc_info = record.exc_text = None
        if error is not None and is_passing(error):
            notes.append(f"({type(error).__name__}: {first_line(error)})")
        elif error is not None:
            notes.append(f"({type(error).__name__})")
    if getattr(record, "status_code", None) == HTTPStatus.FORBIDDEN:
        notes.append(f"by {person_of(record)}")
    if notes:
        record.msg, record.args = " ".join([record.getMessage(), *notes]), ()
    return record


def id_of(record: logging.LogRecord) -> str:
    """Return the id of the request that a record is about; empty where it is about none."""
    return getattr(record, "request_id", "") or current.get()


def is_refusal(record: logging.LogRecord) -> bool:
    """Return whether a record is about a request that was refused for what it was."""
    status = getattr(record, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    return record.name.startswith(REFUSALS) or status < HTTPStatus.INTERNAL_SERVER_ERROR


def person_of(record: logging.LogRecord) -> str:
    """Return who sent the request that a record is about."""
    try:
        user = getattr(getattr(record, "request", None), "user", None)
        return printable(user.get_username()) if user is not None and user.is_authenticated else "anonymous"
    except Exception:  # noqa: BLE001  # looking the session up may fail, and the line matters more
        return "unknown"


def first_line(error: BaseException) -> str:
    """Return what an error says, as far as it goes without a new line."""
    return next(iter(str(error).splitlines()), "")


def harmless(text: str) -> str:
    """Return what a stranger chose on one line and without credentials."""
    return printable(without_credentials(text))


def without_credentials(text: str) -> str:
    """Return the text without query strings of URLs and with no more than the prefix of our credentials."""
    return CREDENTIAL.sub(r"\1…", QUERY.sub(without_values, text))


def without_values(query: re.Match[str]) -> str:
    """Return what is written of a query string: nothing, where it has values."""
    return "?…" if "=" in query[0] else query[0]


def printable(text: str) -> str:
    """Return the text with everything that does not print written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
